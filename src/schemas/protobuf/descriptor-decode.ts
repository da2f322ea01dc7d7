/**
 * FileDescriptorProto as a tree: what clients that have no .proto text register. The tree is the one that Confluent's registry
 * makes: names full, a map as the message of its entries, one reserved statement for each range and name.
 */
import { DataError } from '../../kernel';
import type {
  ProtoEnum,
  ProtoExtend,
  ProtoField,
  ProtoFieldType,
  ProtoFile,
  ProtoMessage,
  ProtoOneof,
  ProtoOption,
  ProtoRange,
  ProtoReserved,
  ProtoRpc,
  ProtoService,
} from './ast';
import { FIRST_EDITION, GROUP, LABELS, TYPES } from './descriptor';
import { linkProto, type NamedFile } from './link';
import { type ExtensionsByNumber, extensionsByNumber, type OptionsKind, readOptions } from './options';
import { type Fields, messageOf, messagesOf, numberOf, numbersOf, readFields, textOf, textsOf } from './wire';

/**
 * @param files what it imports, where extensions may be that its options use
 * @throws DataError for bytes that are no FileDescriptorProto
 */
export function decodeDescriptor(bytes: Buffer, files: readonly NamedFile[] = []): ProtoFile {
  const fields = readFields(bytes);
  const plain = new Decoder(fields, new Map()).file();
  const extensions = knownExtensions(plain, files);
  return new Decoder(fields, extensions).file();
}

/** None beside the built-in ones when imports are missing, which is told when the file is checked. */
function knownExtensions(file: ProtoFile, files: readonly NamedFile[]): ExtensionsByNumber {
  try {
    return extensionsByNumber(linkProto(file, files));
  } catch (error) {
    if (!(error instanceof DataError)) throw error;
    return extensionsByNumber(linkProto({ ...file, imports: [], extends: [], types: [] }, []));
  }
}

class Decoder {
  readonly #isProto3: boolean;

  constructor(
    readonly fields: Fields,
    readonly extensions: ExtensionsByNumber,
  ) {
    this.#isProto3 = textOf(fields, 12) === 'proto3';
  }

  file(): ProtoFile {
    const { fields } = this;
    const syntax = textOf(fields, 12);
    const [publicImports, weakImports] = [10, 11].map((field) => new Set(numbersOf(fields, field)));
    const services = messagesOf(fields, 6).map((each) => this.#service(each));
    const messages = messagesOf(fields, 4).map((each) => this.#message(each));
    const types = [...messages, ...messagesOf(fields, 5).map((each) => this.#enum(each))];
    if (syntax === undefined && types.length + services.length === 0 && textOf(fields, 1) === undefined) {
      throw new DataError('this is not a FileDescriptorProto');
    }
    return {
      syntax: syntax === 'editions' ? editionText(numberOf(fields, 14)) : (syntax ?? null),
      package: textOf(fields, 2) || null,
      imports: textsOf(fields, 3).map((path, index) => ({
        path,
        kind: publicImports!.has(index) ? 'public' : weakImports!.has(index) ? 'weak' : null,
      })),
      options: this.#options(fields, 8, 'FileOptions'),
      types,
      extends: this.#extends(messagesOf(fields, 7)),
      services,
    };
  }

  #options(fields: Fields, field: number, kind: OptionsKind): ProtoOption[] {
    return readOptions(messageOf(fields, field), kind, this.extensions);
  }

  #message(fields: Fields): ProtoMessage {
    const nested = messagesOf(fields, 3).map((each) => this.#message(each));
    const byName = new Map(nested.map((type) => [type.name, type]));
    const oneofs: (ProtoOneof & { readonly fields: ProtoField[] })[] = messagesOf(fields, 8).map((oneof) => ({
      name: nameOf(oneof),
      fields: [],
      options: this.#options(oneof, 2, 'OneofOptions'),
    }));
    const own: ProtoField[] = [];
    const groups = new Set<ProtoMessage>();
    for (const each of messagesOf(fields, 2)) {
      const field = this.#field(each, byName);
      if (field.type.kind === 'group') groups.add(field.type.message);
      const oneof = numberOf(each, 17) === 1 ? undefined : oneofs[numberOf(each, 9) ?? -1];
      if (oneof === undefined) own.push(field);
      else oneof.fields.push({ ...field, label: null });
    }
    return {
      kind: 'message',
      name: nameOf(fields),
      fields: own,
      oneofs: oneofs.filter((oneof) => oneof.fields.length > 0),
      types: [
        ...nested.filter((type) => !groups.has(type)),
        ...messagesOf(fields, 4).map((each) => this.#enum(each)),
      ],
      extends: this.#extends(messagesOf(fields, 6)),
      options: this.#options(fields, 7, 'MessageOptions'),
      reserved: readReserved(fields, 9, 10, 1),
      extensions: messagesOf(fields, 5).map((each) => ({
        ranges: [readRange(each, 1)],
        options: this.#options(each, 3, 'ExtensionRangeOptions'),
      })),
    };
  }

  #field(fields: Fields, nested: ReadonlyMap<string, ProtoMessage>): ProtoField {
    const name = nameOf(fields);
    return {
      label: this.#label(fields),
      type: readType(fields, nested),
      name,
      tag: numberOf(fields, 3) ?? 0,
      options: [...this.#options(fields, 8, 'FieldOptions'), ...readFieldTexts(fields, this.#isProto3)],
    };
  }

  /** In proto3 a label says something only when it is written: `repeated`, or `optional` with the mark of it. */
  #label(fields: Fields): ProtoField['label'] {
    const label = LABELS[numberOf(fields, 4) ?? 1];
    if (label === undefined || label === '') return null;
    return this.#isProto3 && label === 'optional' && numberOf(fields, 17) !== 1 ? null : label;
  }

  /** Extensions of one message are one block. */
  #extends(extensions: readonly Fields[]): ProtoExtend[] {
    const blocks = new Map<string, ProtoField[]>();
    for (const fields of extensions) {
      const name = textOf(fields, 2) ?? '';
      const field = this.#field(fields, new Map());
      const known = blocks.get(name);
      if (known === undefined) blocks.set(name, [field]);
      else known.push(field);
    }
    return [...blocks].map(([name, fields]) => ({ name, fields }));
  }

  #enum(fields: Fields): ProtoEnum {
    return {
      kind: 'enum',
      name: nameOf(fields),
      constants: messagesOf(fields, 2).map((constant) => ({
        name: nameOf(constant),
        tag: numberOf(constant, 2) ?? 0,
        options: this.#options(constant, 3, 'EnumValueOptions'),
      })),
      options: this.#options(fields, 3, 'EnumOptions'),
      reserved: readReserved(fields, 4, 5, 0),
    };
  }

  #service(fields: Fields): ProtoService {
    return {
      name: nameOf(fields),
      rpcs: messagesOf(fields, 2).map((rpc) => this.#rpc(rpc)),
      options: this.#options(fields, 3, 'ServiceOptions'),
    };
  }

  #rpc(fields: Fields): ProtoRpc {
    return {
      name: nameOf(fields),
      request: textOf(fields, 2) ?? '',
      requestStream: numberOf(fields, 5) === 1,
      response: textOf(fields, 3) ?? '',
      responseStream: numberOf(fields, 6) === 1,
      options: this.#options(fields, 4, 'MethodOptions'),
    };
  }
}

const editionText = (edition = FIRST_EDITION.number): string =>
  `edition ${edition - FIRST_EDITION.number + FIRST_EDITION.year}`;

function nameOf(fields: Fields): string {
  const name = textOf(fields, 1);
  if (name !== undefined && /^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) return name;
  throw new DataError(
    `the descriptor has a declaration ${name === undefined ? 'without a name' : `called ${JSON.stringify(name.slice(0, 40))}`}`,
  );
}

function readType(fields: Fields, nested: ReadonlyMap<string, ProtoMessage>): ProtoFieldType {
  const typeName = textOf(fields, 6);
  const type = numberOf(fields, 5);
  if (typeName === undefined) {
    const scalar = TYPES[type ?? 0];
    if (!scalar) throw new DataError(`the field ${nameOf(fields)} of the descriptor has no type`);
    return { kind: 'name', name: scalar };
  }
  const message = type === GROUP ? nested.get(typeName.slice(typeName.lastIndexOf('.') + 1)) : undefined;
  return message === undefined ? { kind: 'name', name: typeName } : { kind: 'group', message };
}

/** What .proto text writes among the options: the default and the JSON name. */
function readFieldTexts(fields: Fields, isProto3: boolean): ProtoOption[] {
  const options: ProtoOption[] = [];
  const initial = isProto3 ? undefined : textOf(fields, 7);
  const isText = ['string', 'bytes'].includes(TYPES[numberOf(fields, 5) ?? 0] ?? '');
  if (initial !== undefined)
    options.push({ name: 'default', value: { kind: isText ? 'string' : 'word', text: initial } });
  const json = textOf(fields, 10);
  if (json !== undefined) options.push({ name: 'json_name', value: { kind: 'string', text: json } });
  return options;
}

function readReserved(fields: Fields, rangeField: number, nameField: number, beyond: 0 | 1): ProtoReserved[] {
  const ranges = messagesOf(fields, rangeField).map((each) => [readRange(each, beyond)]);
  return [...ranges, ...textsOf(fields, nameField).map((name) => [name])];
}

const readRange = (fields: Fields, beyond: 0 | 1): ProtoRange => ({
  from: numberOf(fields, 1) ?? 0,
  to: (numberOf(fields, 2) ?? 0) - beyond,
});
