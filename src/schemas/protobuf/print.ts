/**
 * Printing a .proto file in one form: what a registry stores and hashes. Two blanks per level, no comments, sections (reserved,
 * options, fields, oneofs, groups, extensions, extends, types) set apart by empty lines, messages before enums: the layout
 * that Confluent's registry prints, so that the same schema has the same bytes and the same guid in both.
 */
import type {
  ProtoEnum,
  ProtoExtend,
  ProtoExtensions,
  ProtoField,
  ProtoFile,
  ProtoImport,
  ProtoMessage,
  ProtoOneof,
  ProtoOption,
  ProtoRange,
  ProtoReserved,
  ProtoRpc,
  ProtoService,
  ProtoType,
  ProtoValue,
} from './ast';
import { MAX_INT32, MAX_TAG } from './ast';

export const printProto = (file: ProtoFile): string => new Printer().file(file);

type Section = () => void;

/** Sections that would print nothing are left out before any empty line is. */
const section = <T>(items: readonly T[], print: (item: T) => void): Section[] =>
  items.length === 0
    ? []
    : [
        () => {
          for (const item of items) print(item);
        },
      ];

class Printer {
  readonly #lines: string[] = [];
  #indent = '';

  file({ syntax, package: name, imports, options, types, extends: extensions, services }: ProtoFile): string {
    if (syntax !== null) this.#line(syntaxLine(syntax));
    if (name !== null) this.#line(`package ${name};`);
    const sections = [
      ...section(byKind(imports), ({ path, kind }) =>
        this.#line(`import ${kind === null ? '' : `${kind} `}${quoted(path)};`),
      ),
      ...section(options, (option) => this.#option(option)),
      ...section(messagesFirst(types), (type) => this.#type(type)),
      ...section(extensions, (extend) => this.#extend(extend)),
      ...section(services, (service) => this.#service(service)),
    ];
    for (const print of sections) {
      this.#lines.push('');
      print();
    }
    return this.#lines.map((line) => `${line}\n`).join('');
  }

  #line(text: string): void {
    this.#lines.push(this.#indent + text);
  }

  /** `head {`, the sections with empty lines between them, `}` and what follows it. */
  #block(head: string, sections: readonly Section[], end = ''): void {
    if (sections.length === 0) {
      this.#line(`${head} {}${end}`);
      return;
    }
    this.#line(`${head} {`);
    this.#nested(() =>
      sections.forEach((print, i) => {
        if (i > 0) this.#lines.push('');
        print();
      }),
    );
    this.#line(`}${end}`);
  }

  #nested(print: () => void): void {
    const outer = this.#indent;
    this.#indent += '  ';
    print();
    this.#indent = outer;
  }

  #type(type: ProtoType): void {
    if (type.kind === 'message') this.#block(`message ${type.name}`, this.#messageSections(type));
    else this.#enum(type);
  }

  #messageSections(message: ProtoMessage): Section[] {
    const { single, groups } = splitGroups(message.fields);
    return [
      ...section(message.reserved, (reserved) => this.#reserved(reserved, MAX_TAG)),
      ...section(message.options, (option) => this.#option(option)),
      ...section(single, (field) => this.#field(field)),
      ...section(message.oneofs, (oneof) => this.#oneof(oneof)),
      ...section(groups, (field) => this.#field(field)),
      ...section(message.extensions, (extensions) => this.#extensions(extensions)),
      ...section(message.extends, (extend) => this.#extend(extend)),
      ...section(messagesFirst(message.types), (type) => this.#type(type)),
    ];
  }

  #field({ label, type, name, tag, options }: ProtoField): void {
    const start = label === null ? '' : `${label} `;
    if (type.kind === 'group') {
      this.#withOptions(`${start}group ${type.message.name} = ${tag}`, options, '');
      const head = this.#lines.pop()!.slice(this.#indent.length);
      this.#block(head, this.#messageSections(type.message));
    } else {
      const typeText = type.kind === 'map' ? `map<${type.key}, ${type.value}>` : type.name;
      this.#withOptions(`${start}${typeText} ${name} = ${tag}`, options, ';');
    }
  }

  #oneof({ name, fields, options }: ProtoOneof): void {
    const { single, groups } = splitGroups(fields);
    this.#block(`oneof ${name}`, [
      ...section(options, (option) => this.#option(option)),
      ...section(single, (field) => this.#field(field)),
      ...section(groups, (field) => this.#field(field)),
    ]);
  }

  /** Reserved, options and constants of an enum are one section. */
  #enum({ name, constants, options, reserved }: ProtoEnum): void {
    const members = [
      ...section(reserved, (each) => this.#reserved(each, MAX_INT32)),
      ...section(options, (option) => this.#option(option)),
      ...section(constants, (constant) =>
        this.#withOptions(`${constant.name} = ${constant.tag}`, constant.options, ';'),
      ),
    ];
    this.#block(
      `enum ${name}`,
      section(members, (print) => print()),
    );
  }

  #extend({ name, fields }: ProtoExtend): void {
    this.#block(
      `extend ${name}`,
      section(fields, (field) => this.#field(field)),
    );
  }

  #service({ name, rpcs, options }: ProtoService): void {
    this.#block(`service ${name}`, [
      ...section(options, (option) => this.#option(option)),
      ...section(rpcs, (rpc) => this.#rpc(rpc)),
    ]);
  }

  #rpc(rpc: ProtoRpc): void {
    const request = `${rpc.requestStream ? 'stream ' : ''}${rpc.request}`;
    const response = `${rpc.responseStream ? 'stream ' : ''}${rpc.response}`;
    const head = `rpc ${rpc.name} (${request}) returns (${response})`;
    if (rpc.options.length === 0) this.#line(`${head};`);
    else
      this.#block(
        head,
        section(rpc.options, (option) => this.#option(option)),
        ';',
      );
  }

  #reserved(reserved: ProtoReserved, max: number): void {
    const items = reserved.map((each) => (typeof each === 'string' ? quoted(each) : range(each, max)));
    this.#line(`reserved ${items.join(', ')};`);
  }

  #extensions({ ranges, options }: ProtoExtensions): void {
    this.#withOptions(`extensions ${ranges.map((each) => range(each, MAX_TAG)).join(', ')}`, options, ';');
  }

  #option(option: ProtoOption): void {
    this.#named('option ', option, ';');
  }

  /** One option stays on the line; several have a line each. */
  #withOptions(start: string, options: readonly ProtoOption[], end: string): void {
    if (options.length === 0) this.#line(start + end);
    else if (options.length === 1) this.#named(`${start} [`, options[0]!, `]${end}`);
    else this.#lineEach(`${start} [`, options, `]${end}`, (option, comma) => this.#named('', option, comma));
  }

  #named(start: string, { name, value }: ProtoOption, end: string): void {
    const isSingle = value.kind === 'list' && value.items.length === 1;
    if (isSingle) this.#value(`${start}${name} = [`, value.items[0]!, `]${end}`);
    else this.#value(`${start}${name} = `, value, end);
  }

  #value(start: string, value: ProtoValue, end: string): void {
    if (value.kind === 'string') this.#line(`${start}${quoted(value.text)}${end}`);
    else if (value.kind === 'word') this.#line(`${start}${value.text}${end}`);
    else if (value.kind === 'list')
      this.#lineEach(`${start}[`, value.items, `]${end}`, (item, comma) => this.#value('', item, comma));
    else
      this.#lineEach(`${start}{`, value.fields, `}${end}`, (field, comma) =>
        this.#value(`${field.name}: `, field.value, comma),
      );
  }

  #lineEach<T>(
    start: string,
    items: readonly T[],
    end: string,
    print: (item: T, comma: string) => void,
  ): void {
    this.#line(start);
    this.#nested(() => {
      for (const [i, item] of items.entries()) print(item, i < items.length - 1 ? ',' : '');
    });
    this.#line(end);
  }
}

const syntaxLine = (syntax: string): string =>
  syntax.startsWith('edition ') ? `edition = "${syntax.slice(8)}";` : `syntax = "${syntax}";`;

const KINDS = [null, 'public', 'weak'];

const byKind = (imports: readonly ProtoImport[]): ProtoImport[] =>
  KINDS.flatMap((kind) => imports.filter((each) => each.kind === kind));

const messagesFirst = (types: readonly ProtoType[]): ProtoType[] => [
  ...types.filter(({ kind }) => kind === 'message'),
  ...types.filter(({ kind }) => kind === 'enum'),
];

const splitGroups = (fields: readonly ProtoField[]) => ({
  single: fields.filter(({ type }) => type.kind !== 'group'),
  groups: fields.filter(({ type }) => type.kind === 'group'),
});

function range({ from, to }: ProtoRange, max: number): string {
  if (from === to) return `${from}`;
  return `${from} to ${to === max ? 'max' : to}`;
}

const ESCAPED: Readonly<Record<string, string>> = {
  '\x07': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
  '\\': '\\\\',
  "'": "\\'",
  '"': '\\"',
};

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must be escaped
const UNSAFE = /[\x00-\x1f\x7f"'\\]/g;

const quoted = (text: string): string =>
  `"${text.replace(UNSAFE, (char) => ESCAPED[char] ?? `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`)}"`;
