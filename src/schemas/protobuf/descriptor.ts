/**
 * FileDescriptorProto, the binary form of a .proto file that compilers make: clients without a compiler at hand register it,
 * base64, and ask for it. Source: descriptor.proto of Protocol Buffers.
 */
import { DataError } from '../../kernel';
import type {
  ProtoEnum,
  ProtoExtend,
  ProtoField,
  ProtoFieldType,
  ProtoFile,
  ProtoMessage,
  ProtoOption,
  ProtoRange,
  ProtoReserved,
  ProtoRpc,
  ProtoService,
  ProtoType,
} from './ast';
import {
  CONSTANT_OPTIONS,
  ENUM_OPTIONS,
  FIELD_OPTIONS,
  FILE_OPTIONS,
  MAP_ENTRY,
  MESSAGE_OPTIONS,
  METHOD_OPTIONS,
  readOptions,
  SERVICE_OPTIONS,
  writeOptions,
} from './descriptor-options';
import type { LinkedProto } from './link';
import {
  type Fields,
  FieldWriter,
  messageOf,
  messagesOf,
  numberOf,
  numbersOf,
  readFields,
  textOf,
  textsOf,
} from './wire';

/** Types by their number in a descriptor. */
const TYPES: readonly string[] =
  ' double float int64 uint64 int32 fixed64 fixed32 bool string group message bytes uint32 enum sfixed32 sfixed64 sint32 sint64'.split(
    ' ',
  );
const [GROUP, MESSAGE, ENUM] = [10, 11, 14];
const LABELS = ['', 'optional', 'required', 'repeated'] as const;
/** EDITION_2023; later ones count on from it. */
const FIRST_EDITION = { number: 1000, year: 2023 };

/** @param path what the file is called; imports are by these names */
export function encodeDescriptor(linked: LinkedProto, path: string): Buffer {
  const { file } = linked;
  const scope = file.package ?? '';
  const writer = new FieldWriter().text(1, path);
  if (file.package !== null) writer.text(2, file.package);
  for (const { path: imported } of file.imports) writer.text(3, imported);
  for (const type of file.types) {
    if (type.kind === 'message')
      writer.message(4, (w) => writeMessage(w, type, inScope(scope, type.name), linked));
    else writer.message(5, (w) => writeEnum(w, type));
  }
  for (const service of file.services) writer.message(6, (w) => writeService(w, service, scope, linked));
  writeExtends(writer, 7, file.extends, scope, linked);
  writer.message(8, writeOptions(file.options, FILE_OPTIONS), false);
  for (const [field, wanted] of [
    [10, 'public'],
    [11, 'weak'],
  ] as const) {
    for (const [index, { kind }] of file.imports.entries()) if (kind === wanted) writer.number(field, index);
  }
  writeSyntax(writer, file.syntax);
  return writer.finish();
}

function writeSyntax(writer: FieldWriter, syntax: string | null): void {
  if (syntax?.startsWith('edition ')) {
    const year = Number(syntax.slice('edition '.length));
    writer.text(12, 'editions').number(14, FIRST_EDITION.number + year - FIRST_EDITION.year);
  } else if (syntax === 'proto3') writer.text(12, syntax);
}

const inScope = (scope: string, name: string): string => (scope === '' ? name : `${scope}.${name}`);

function writeMessage(
  writer: FieldWriter,
  message: ProtoMessage,
  fullName: string,
  linked: LinkedProto,
): void {
  writer.text(1, message.name);
  const optionals = isProto3(linked.file) ? message.fields.filter(({ label }) => label === 'optional') : [];
  const write = (field: ProtoField, oneof: number | null) =>
    writer.message(2, (w) =>
      writeField(w, field, fullName, linked, { oneof, isOptional: optionals.includes(field) }),
    );
  for (const field of message.fields) {
    const index = optionals.indexOf(field);
    write(field, index < 0 ? null : message.oneofs.length + index);
  }
  for (const [index, { fields }] of message.oneofs.entries()) for (const field of fields) write(field, index);
  writeNested(writer, message, fullName, linked);
  for (const { ranges } of message.extensions) {
    for (const { from, to } of ranges) writer.message(5, (w) => void w.number(1, from).number(2, to + 1));
  }
  writeExtends(writer, 6, message.extends, fullName, linked);
  writer.message(7, writeOptions(message.options, MESSAGE_OPTIONS), false);
  for (const { name } of message.oneofs) writer.message(8, (w) => void w.text(1, name));
  for (const { name } of optionals) writer.message(8, (w) => void w.text(1, `_${name}`));
  writeReserved(writer, message.reserved, 9, 10, 1);
}

function writeNested(
  writer: FieldWriter,
  message: ProtoMessage,
  fullName: string,
  linked: LinkedProto,
): void {
  for (const type of message.types) {
    if (type.kind === 'message')
      writer.message(3, (w) => writeMessage(w, type, inScope(fullName, type.name), linked));
  }
  for (const field of allFields(message)) {
    const { type } = field;
    if (type.kind === 'map') writer.message(3, (w) => writeMapEntry(w, field.name, type, fullName, linked));
    if (type.kind === 'group')
      writer.message(3, (w) => writeMessage(w, type.message, inScope(fullName, type.message.name), linked));
  }
  for (const type of message.types) if (type.kind === 'enum') writer.message(4, (w) => writeEnum(w, type));
}

const allFields = (message: ProtoMessage): ProtoField[] => [
  ...message.fields,
  ...message.oneofs.flatMap(({ fields }) => fields),
];

/** A map is a repeated message of keys and values. */
function writeMapEntry(
  writer: FieldWriter,
  name: string,
  type: ProtoFieldType & { readonly kind: 'map' },
  scope: string,
  linked: LinkedProto,
): void {
  const member = (fieldName: string, tag: number, typeName: string): ProtoField => ({
    label: 'optional',
    type: { kind: 'name', name: typeName },
    name: fieldName,
    tag,
    options: [],
  });
  writer.text(1, entryName(name));
  for (const field of [member('key', 1, type.key), member('value', 2, type.value)])
    writer.message(2, (w) => writeField(w, field, scope, linked, { oneof: null, isOptional: false }));
  writer.message(7, (w) => void w.number(MAP_ENTRY, true));
}

/** `line_items` → `LineItemsEntry` */
const entryName = (field: string): string =>
  `${field.replace(/(?:^|_+)(.)/g, (_match, next: string) => next.toUpperCase())}Entry`;

interface Membership {
  /** Index of the oneof. */
  readonly oneof: number | null;
  /** `optional` of proto3, which is a oneof of its own. */
  readonly isOptional: boolean;
}

function writeField(
  writer: FieldWriter,
  field: ProtoField,
  scope: string,
  linked: LinkedProto,
  { oneof, isOptional }: Membership,
  extendee?: string,
): void {
  const label = field.type.kind === 'map' ? 'repeated' : (field.label ?? 'optional');
  writer.text(1, field.name).number(3, field.tag).number(4, LABELS.indexOf(label));
  if (extendee !== undefined) writer.text(2, extendee);
  writeType(writer, field, scope, linked);
  const initial = optionText(field.options, 'default');
  if (initial !== null) writer.text(7, initial);
  writer.message(8, writeOptions(field.options, FIELD_OPTIONS), false);
  if (oneof !== null) writer.number(9, oneof);
  writer.text(10, optionText(field.options, 'json_name') ?? jsonName(field.name));
  if (isOptional) writer.number(17, true);
}

function writeType(
  writer: FieldWriter,
  { name, type }: ProtoField,
  scope: string,
  linked: LinkedProto,
): void {
  if (type.kind === 'map') writer.number(5, MESSAGE).text(6, `.${inScope(scope, entryName(name))}`);
  else if (type.kind === 'group') writer.number(5, GROUP).text(6, `.${inScope(scope, type.message.name)}`);
  else {
    const resolved = linked.resolve(type.name, scope);
    if (resolved === null) writer.number(5, TYPES.indexOf(type.name));
    else
      writer.number(5, linked.find(resolved)?.type.kind === 'enum' ? ENUM : MESSAGE).text(6, `.${resolved}`);
  }
}

function optionText(options: readonly ProtoOption[], name: string): string | null {
  const value = options.find((option) => option.name === name)?.value;
  return value?.kind === 'string' || value?.kind === 'word' ? value.text : null;
}

/** `first_name` → `firstName` */
const jsonName = (field: string): string =>
  field.replace(/_+(.?)/g, (_match, next: string) => next.toUpperCase());

function writeExtends(
  writer: FieldWriter,
  number: number,
  extensions: readonly ProtoExtend[],
  scope: string,
  linked: LinkedProto,
): void {
  for (const { name, fields } of extensions) {
    const extendee = `.${linked.resolve(name, scope)}`;
    for (const field of fields)
      writer.message(number, (w) =>
        writeField(w, field, scope, linked, { oneof: null, isOptional: false }, extendee),
      );
  }
}

function writeEnum(writer: FieldWriter, type: ProtoEnum): void {
  writer.text(1, type.name);
  for (const { name, tag, options } of type.constants) {
    writer.message(
      2,
      (w) => void w.text(1, name).number(2, tag).message(3, writeOptions(options, CONSTANT_OPTIONS), false),
    );
  }
  writer.message(3, writeOptions(type.options, ENUM_OPTIONS), false);
  writeReserved(writer, type.reserved, 4, 5, 0);
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

function writeService(writer: FieldWriter, service: ProtoService, scope: string, linked: LinkedProto): void {
  writer.text(1, service.name);
  for (const rpc of service.rpcs) {
    writer.message(2, (w) => {
      w.text(1, rpc.name).text(2, `.${linked.resolve(rpc.request, scope)}`);
      w.text(3, `.${linked.resolve(rpc.response, scope)}`);
      w.message(4, writeOptions(rpc.options, METHOD_OPTIONS), false);
      if (rpc.requestStream) w.number(5, true);
      if (rpc.responseStream) w.number(6, true);
    });
  }
  writer.message(3, writeOptions(service.options, SERVICE_OPTIONS), false);
}

const isProto3 = ({ syntax }: ProtoFile): boolean => syntax === 'proto3';

/** Throws DataError for bytes that are no FileDescriptorProto. */
export function decodeDescriptor(bytes: Buffer): ProtoFile {
  const fields = readFields(bytes);
  const syntax = textOf(fields, 12);
  const proto3 = syntax === 'proto3';
  const [publicImports, weakImports] = [numbersOf(fields, 10), numbersOf(fields, 11)];
  const services = messagesOf(fields, 6).map(readService);
  const types: ProtoType[] = [
    ...messagesOf(fields, 4).map((message) => readMessage(message, proto3)),
    ...messagesOf(fields, 5).map(readEnum),
  ];
  if (syntax === undefined && types.length + services.length === 0 && textOf(fields, 1) === undefined) {
    throw new DataError('this is not a FileDescriptorProto');
  }
  return {
    syntax: syntax === 'editions' ? editionText(numberOf(fields, 14)) : (syntax ?? 'proto2'),
    package: textOf(fields, 2) ?? null,
    imports: textsOf(fields, 3).map((path, index) => ({
      path,
      kind: publicImports.includes(index) ? 'public' : weakImports.includes(index) ? 'weak' : null,
    })),
    options: readOptions(messageOf(fields, 8), FILE_OPTIONS),
    types,
    extends: readExtends(messagesOf(fields, 7), proto3),
    services,
  };
}

const editionText = (edition = FIRST_EDITION.number): string =>
  `edition ${edition - FIRST_EDITION.number + FIRST_EDITION.year}`;

const nameOf = (fields: Fields): string => {
  const name = textOf(fields, 1);
  if (name === undefined) throw new DataError('the descriptor has a declaration without a name');
  return name;
};

function readMessage(fields: Fields, proto3: boolean): ProtoMessage {
  const nested = messagesOf(fields, 3);
  const isEntry = (each: Fields) => numberOf(messageOf(each, 7) ?? new Map(), MAP_ENTRY) === 1;
  const entries = new Map(nested.filter(isEntry).map((entry) => [nameOf(entry), entry]));
  const types = new Map(
    nested.filter((each) => !isEntry(each)).map((each) => [nameOf(each), readMessage(each, proto3)]),
  );
  const all = messagesOf(fields, 2).map((field) => ({
    field: readField(field, proto3, entries, types),
    oneof: numberOf(field, 17) === 1 ? undefined : numberOf(field, 9),
  }));
  const groups = new Set(all.flatMap(({ field: { type } }) => (type.kind === 'group' ? [type.message] : [])));
  return {
    kind: 'message',
    name: nameOf(fields),
    fields: all.filter(({ oneof }) => oneof === undefined).map(({ field }) => field),
    oneofs: messagesOf(fields, 8)
      .map((oneof, index) => ({
        name: nameOf(oneof),
        fields: all.filter((each) => each.oneof === index).map(({ field }) => ({ ...field, label: null })),
        options: [],
      }))
      .filter((oneof) => oneof.fields.length > 0),
    types: [
      ...[...types.values()].filter((type) => !groups.has(type)),
      ...messagesOf(fields, 4).map(readEnum),
    ],
    extends: readExtends(messagesOf(fields, 6), proto3),
    options: readOptions(messageOf(fields, 7), MESSAGE_OPTIONS),
    reserved: readReserved(fields, 9, 10, 1),
    extensions: messagesOf(fields, 5).map((each) => ({ ranges: [readRange(each, 1)], options: [] })),
  };
}

function readField(
  fields: Fields,
  proto3: boolean,
  entries: ReadonlyMap<string, Fields>,
  types: ReadonlyMap<string, ProtoMessage>,
): ProtoField {
  const name = nameOf(fields);
  const type = readType(fields, entries, types);
  return {
    label: type.kind === 'map' ? null : readLabel(fields, proto3),
    type,
    name,
    tag: numberOf(fields, 3) ?? 0,
    options: [...readFieldTexts(fields, name), ...readOptions(messageOf(fields, 8), FIELD_OPTIONS)],
  };
}

/** In proto3 a label says something only when it is written: `repeated`, or `optional` with the mark of it. */
function readLabel(fields: Fields, proto3: boolean): ProtoField['label'] {
  const label = LABELS[numberOf(fields, 4) ?? 1];
  if (label === undefined || label === '') return null;
  return proto3 && label === 'optional' && numberOf(fields, 17) !== 1 ? null : label;
}

function readType(
  fields: Fields,
  entries: ReadonlyMap<string, Fields>,
  types: ReadonlyMap<string, ProtoMessage>,
): ProtoFieldType {
  const typeName = textOf(fields, 6);
  const type = numberOf(fields, 5);
  if (typeName === undefined) {
    const scalar = TYPES[type ?? 0];
    if (!scalar) throw new DataError(`the field ${nameOf(fields)} of the descriptor has no type`);
    return { kind: 'name', name: scalar };
  }
  const simpleName = typeName.slice(typeName.lastIndexOf('.') + 1);
  const entry = entries.get(simpleName);
  if (entry !== undefined) return readMap(entry);
  const message = type === GROUP ? types.get(simpleName) : undefined;
  return message === undefined ? { kind: 'name', name: typeName } : { kind: 'group', message };
}

function readMap(entry: Fields): ProtoFieldType {
  const [key, value] = messagesOf(entry, 2).map((field) => readType(field, new Map(), new Map()));
  if (key?.kind !== 'name' || value?.kind !== 'name')
    throw new DataError('the descriptor has a map without key and value');
  return { kind: 'map', key: key.name, value: value.name };
}

/** What .proto text writes among the options: the default, and a JSON name that is not the usual one. */
function readFieldTexts(fields: Fields, name: string): ProtoOption[] {
  const options: ProtoOption[] = [];
  const initial = textOf(fields, 7);
  const isText = ['string', 'bytes'].includes(TYPES[numberOf(fields, 5) ?? 0] ?? '');
  if (initial !== undefined)
    options.push({ name: 'default', value: { kind: isText ? 'string' : 'word', text: initial } });
  const json = textOf(fields, 10);
  if (json !== undefined && json !== jsonName(name))
    options.push({ name: 'json_name', value: { kind: 'string', text: json } });
  return options;
}

/** Extensions of one message in a row are one block. */
function readExtends(extensions: readonly Fields[], proto3: boolean): ProtoExtend[] {
  const blocks: { name: string; fields: ProtoField[] }[] = [];
  for (const fields of extensions) {
    const name = textOf(fields, 2) ?? '';
    const field = readField(fields, proto3, new Map(), new Map());
    const last = blocks.at(-1);
    if (last?.name === name) last.fields.push(field);
    else blocks.push({ name, fields: [field] });
  }
  return blocks;
}

const readEnum = (fields: Fields): ProtoEnum => ({
  kind: 'enum',
  name: nameOf(fields),
  constants: messagesOf(fields, 2).map((constant) => ({
    name: nameOf(constant),
    tag: numberOf(constant, 2) ?? 0,
    options: readOptions(messageOf(constant, 3), CONSTANT_OPTIONS),
  })),
  options: readOptions(messageOf(fields, 3), ENUM_OPTIONS),
  reserved: readReserved(fields, 4, 5, 0),
});

function readReserved(fields: Fields, rangeField: number, nameField: number, beyond: 0 | 1): ProtoReserved[] {
  const ranges = messagesOf(fields, rangeField).map((each) => readRange(each, beyond));
  const names = textsOf(fields, nameField);
  return [ranges, names].filter((each) => each.length > 0);
}

const readRange = (fields: Fields, beyond: 0 | 1): ProtoRange => ({
  from: numberOf(fields, 1) ?? 0,
  to: (numberOf(fields, 2) ?? 0) - beyond,
});

const readService = (fields: Fields): ProtoService => ({
  name: nameOf(fields),
  rpcs: messagesOf(fields, 2).map(readRpc),
  options: readOptions(messageOf(fields, 3), SERVICE_OPTIONS),
});

const readRpc = (fields: Fields): ProtoRpc => ({
  name: nameOf(fields),
  request: textOf(fields, 2) ?? '',
  requestStream: numberOf(fields, 5) === 1,
  response: textOf(fields, 3) ?? '',
  responseStream: numberOf(fields, 6) === 1,
  options: readOptions(messageOf(fields, 4), METHOD_OPTIONS),
});
