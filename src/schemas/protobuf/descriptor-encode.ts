/**
 * FileDescriptorProto, the binary form of a .proto file that compilers make: clients without a compiler at hand ask for it.
 * JSON names are written only where the text has them, so that text → descriptor → text gives the same text.
 * Source: descriptor.proto of Protocol Buffers.
 */
import {
  allFields,
  flagOf,
  inScope,
  optionText,
  type ProtoEnum,
  type ProtoExtend,
  type ProtoField,
  type ProtoFieldType,
  type ProtoFile,
  type ProtoMessage,
  type ProtoOption,
  type ProtoReserved,
  type ProtoService,
  type ProtoType,
} from './ast';
import { ENUM, FIRST_EDITION, GROUP, LABELS, MAP_ENTRY, MESSAGE, TYPES } from './descriptor';
import { entryOf } from './field-type';
import type { LinkedProto } from './link';
import { type OptionsKind, writeOptions } from './options';
import { FieldWriter } from './wire';

/** @param path what the file is called; imports are by these names. Throws DataError for a type that is not known. */
export const encodeDescriptor = (linked: LinkedProto, path: string): Buffer =>
  new Encoder(linked).file(path).finish();

/** Where a field stands in its message. */
interface Membership {
  /** Index of the oneof. */
  readonly oneof: number | null;
  /** `optional` of proto3, which is a oneof of its own. */
  readonly isOptional: boolean;
  /** The message that an extension extends. */
  readonly extendee?: string;
}

const ALONE: Membership = { oneof: null, isOptional: false };

class Encoder {
  /** Full names of messages that are the entries of maps, which the linked file has as maps. */
  readonly #entries = new Set<string>();

  constructor(readonly linked: LinkedProto) {
    const { written } = linked;
    if (written !== linked.file) this.#collect(written.types, written.package ?? '');
  }

  #collect(types: readonly ProtoType[], scope: string): void {
    for (const type of types) {
      if (type.kind === 'enum') continue;
      const fullName = inScope(scope, type.name);
      if (flagOf(type.options, 'map_entry')) this.#entries.add(fullName);
      this.#collect(type.types, fullName);
    }
  }

  file(path: string): FieldWriter {
    const file = this.linked.written;
    const scope = file.package ?? '';
    const writer = new FieldWriter().text(1, path);
    if (file.package !== null) writer.text(2, file.package);
    for (const { path: imported } of file.imports) writer.text(3, imported);
    for (const type of file.types) {
      if (type.kind === 'message')
        writer.message(4, (w) => this.#message(w, type, inScope(scope, type.name)));
      else writer.message(5, (w) => this.#enum(w, type, scope));
    }
    for (const service of file.services) writer.message(6, (w) => this.#service(w, service, scope));
    this.#extends(writer, 7, file.extends, scope);
    this.#options(writer, 8, file.options, 'FileOptions', scope);
    writeImportKinds(writer, file);
    writeSyntax(writer, file.syntax);
    return writer;
  }

  #options(
    writer: FieldWriter,
    field: number,
    options: readonly ProtoOption[],
    kind: OptionsKind,
    scope: string,
  ): void {
    writer.message(field, writeOptions(options, kind, this.linked, scope), false);
  }

  #message(writer: FieldWriter, message: ProtoMessage, fullName: string): void {
    writer.text(1, message.name);
    const { syntax } = this.linked.file;
    let synthetic = message.oneofs.length;
    const optionals: string[] = [];
    for (const field of message.fields) {
      const isOptional = syntax === 'proto3' && field.label === 'optional';
      if (isOptional) optionals.push(field.name);
      const oneof = isOptional ? synthetic++ : null;
      writer.message(2, (w) => this.#field(w, field, fullName, { oneof, isOptional }));
    }
    for (const [oneof, { fields }] of message.oneofs.entries()) {
      for (const field of fields)
        writer.message(2, (w) => this.#field(w, field, fullName, { oneof, isOptional: false }));
    }
    this.#nested(writer, message, fullName);
    this.#ranges(writer, message, fullName);
    this.#extends(writer, 6, message.extends, fullName);
    this.#options(writer, 7, message.options, 'MessageOptions', fullName);
    for (const { name, options } of message.oneofs) {
      writer.message(8, (w) => this.#options(w.text(1, name), 2, options, 'OneofOptions', fullName));
    }
    for (const name of optionals) writer.message(8, (w) => void w.text(1, `_${name}`));
    writeReserved(writer, message.reserved, 9, 10, 1);
  }

  #nested(writer: FieldWriter, message: ProtoMessage, fullName: string): void {
    for (const type of message.types) {
      if (type.kind === 'message')
        writer.message(3, (w) => this.#message(w, type, inScope(fullName, type.name)));
    }
    for (const { name, type } of allFields(message)) {
      if (type.kind === 'map') writer.message(3, (w) => this.#mapEntry(w, name, type, fullName));
      if (type.kind === 'group')
        writer.message(3, (w) => this.#message(w, type.message, inScope(fullName, type.message.name)));
    }
    for (const type of message.types)
      if (type.kind === 'enum') writer.message(4, (w) => this.#enum(w, type, fullName));
  }

  #ranges(writer: FieldWriter, message: ProtoMessage, fullName: string): void {
    for (const { ranges, options } of message.extensions) {
      for (const { from, to } of ranges) {
        writer.message(5, (w) =>
          this.#options(w.number(1, from).number(2, to + 1), 3, options, 'ExtensionRangeOptions', fullName),
        );
      }
    }
  }

  /** A map is a repeated message of keys and values. */
  #mapEntry(
    writer: FieldWriter,
    name: string,
    type: ProtoFieldType & { readonly kind: 'map' },
    scope: string,
  ): void {
    writer.text(1, entryName(name));
    for (const field of entryOf(type).fields) writer.message(2, (w) => this.#field(w, field, scope, ALONE));
    writer.message(7, (w) => void w.number(MAP_ENTRY, true));
  }

  #field(writer: FieldWriter, field: ProtoField, scope: string, membership: Membership): void {
    const { oneof, isOptional, extendee } = membership;
    const label = field.type.kind === 'map' ? 'repeated' : (field.label ?? 'optional');
    writer.text(1, field.name);
    if (extendee !== undefined) writer.text(2, extendee);
    writer.number(3, field.tag).number(4, LABELS.indexOf(label));
    this.#type(writer, field, scope);
    const initial = optionText(field.options, 'default');
    if (initial !== null) writer.text(7, initial);
    this.#options(writer, 8, field.options, 'FieldOptions', scope);
    if (oneof !== null) writer.number(9, oneof);
    const json = optionText(field.options, 'json_name');
    if (json !== null) writer.text(10, json);
    if (isOptional) writer.number(17, true);
  }

  #type(writer: FieldWriter, { name, type }: ProtoField, scope: string): void {
    if (type.kind === 'map') writer.number(5, MESSAGE).text(6, `.${inScope(scope, entryName(name))}`);
    else if (type.kind === 'group') writer.number(5, GROUP).text(6, `.${inScope(scope, type.message.name)}`);
    else {
      const entry = inScope(scope, type.name.slice(type.name.lastIndexOf('.') + 1));
      const resolved = this.#entries.has(entry) ? entry : this.linked.resolve(type.name, scope);
      if (resolved === null) writer.number(5, TYPES.indexOf(type.name));
      else {
        const isEnum = this.linked.find(resolved)?.type.kind === 'enum';
        writer.number(5, isEnum ? ENUM : MESSAGE).text(6, `.${resolved}`);
      }
    }
  }

  #extends(writer: FieldWriter, number: number, extensions: readonly ProtoExtend[], scope: string): void {
    for (const { name, fields } of extensions) {
      const extendee = `.${this.linked.resolve(name, scope)}`;
      for (const field of fields)
        writer.message(number, (w) => this.#field(w, field, scope, { ...ALONE, extendee }));
    }
  }

  #enum(writer: FieldWriter, type: ProtoEnum, scope: string): void {
    writer.text(1, type.name);
    for (const { name, tag, options } of type.constants) {
      writer.message(2, (w) =>
        this.#options(w.text(1, name).number(2, tag), 3, options, 'EnumValueOptions', scope),
      );
    }
    this.#options(writer, 3, type.options, 'EnumOptions', scope);
    writeReserved(writer, type.reserved, 4, 5, 0);
  }

  #service(writer: FieldWriter, service: ProtoService, scope: string): void {
    writer.text(1, service.name);
    for (const rpc of service.rpcs) {
      writer.message(2, (w) => {
        w.text(1, rpc.name).text(2, `.${this.linked.resolve(rpc.request, scope)}`);
        w.text(3, `.${this.linked.resolve(rpc.response, scope)}`);
        this.#options(w, 4, rpc.options, 'MethodOptions', scope);
        if (rpc.requestStream) w.number(5, true);
        if (rpc.responseStream) w.number(6, true);
      });
    }
    this.#options(writer, 3, service.options, 'ServiceOptions', scope);
  }
}

/** `line_items` → `LineItemsEntry` */
const entryName = (field: string): string =>
  `${field.replace(/(?:^|_+)(.)/g, (_match, next: string) => next.toUpperCase())}Entry`;

function writeImportKinds(writer: FieldWriter, { imports }: ProtoFile): void {
  for (const [index, { kind }] of imports.entries()) if (kind === 'public') writer.number(10, index);
  for (const [index, { kind }] of imports.entries()) if (kind === 'weak') writer.number(11, index);
}

function writeSyntax(writer: FieldWriter, syntax: string | null): void {
  if (syntax?.startsWith('edition ')) {
    const year = Number(syntax.slice('edition '.length));
    writer.text(12, 'editions').number(14, FIRST_EDITION.number + year - FIRST_EDITION.year);
  } else if (syntax !== null) writer.text(12, syntax);
}

/** @param beyond 1 where a range ends before its end, as messages have it; enums have theirs inclusive */
function writeReserved(
  writer: FieldWriter,
  reserved: readonly ProtoReserved[],
  rangeField: number,
  nameField: number,
  beyond: 0 | 1,
): void {
  for (const each of reserved.flat()) {
    if (typeof each === 'string') writer.text(nameField, each);
    else writer.message(rangeField, (w) => void w.number(1, each.from).number(2, each.to + beyond));
  }
}
