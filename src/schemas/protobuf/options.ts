/** Options as the messages they are in descriptors: those of descriptor.proto, and extensions of them. */
import { allFields, type ProtoField, type ProtoOption, type ProtoValue } from './ast';
import { type MessageAt, type ResolvedType, resolveType } from './field-type';
import { builtinLinked, type Extension, type LinkedProto } from './link';
import { type Fields, type FieldValue, type FieldWriter, readFields } from './wire';

export type OptionsKind =
  | 'FileOptions'
  | 'MessageOptions'
  | 'FieldOptions'
  | 'OneofOptions'
  | 'EnumOptions'
  | 'EnumValueOptions'
  | 'ServiceOptions'
  | 'MethodOptions'
  | 'ExtensionRangeOptions';

const DESCRIPTOR_PATH = 'google/protobuf/descriptor.proto';

function optionsMessage(kind: OptionsKind): MessageAt {
  const fullName = `google.protobuf.${kind}`;
  const { type, home } = builtinLinked(DESCRIPTOR_PATH)!.find(fullName)!;
  return { message: type as MessageAt['message'], fullName, home };
}

/** A field, and what resolves the names in it. */
interface FieldAt {
  readonly field: ProtoField;
  readonly scope: string;
  readonly home: LinkedProto;
}

/** What cannot be written, because it is not known or does not fit, is left out: it says nothing to those who read descriptors. */
export function writeOptions(
  options: readonly ProtoOption[],
  kind: OptionsKind,
  linked: LinkedProto,
  scope: string,
): (writer: FieldWriter) => void {
  return (writer) => {
    if (options.length === 0) return;
    const message = optionsMessage(kind);
    for (const { name, value } of options) {
      const path = name.match(/\([^)]*\)|[^.()]+/g) ?? [];
      writePath(writer, path, value, message, (each) => linked.resolveExtension(each, scope));
    }
  };
}

type FindExtension = (name: string) => Extension | undefined;

/** `(acme.rule).level = HIGH`: each part but the last is a message. */
function writePath(
  writer: FieldWriter,
  [name, ...rest]: readonly string[],
  value: ProtoValue,
  message: MessageAt,
  find: FindExtension,
): void {
  const at = name === undefined ? undefined : member(name, message, find);
  if (at === undefined) return;
  const type = resolveType(at.field.type, at.scope, at.home);
  if (rest.length === 0) writeValue(writer, at.field.tag, type, value, find);
  else if (type.kind === 'message')
    writer.message(at.field.tag, (inner) => writePath(inner, rest, value, type, find));
}

/** A field by its name; an extension by its name in brackets of either kind. */
function member(name: string, message: MessageAt, find: FindExtension): FieldAt | undefined {
  const extension = /^[([](.*)[)\]]$/.exec(name)?.[1];
  if (extension !== undefined) return find(extension);
  const field = allFields(message.message).find((each) => each.name === name);
  return field && { field, scope: message.fullName, home: message.home };
}

function writeValue(
  writer: FieldWriter,
  tag: number,
  type: ResolvedType,
  value: ProtoValue,
  find: FindExtension,
): void {
  if (value.kind === 'list') for (const item of value.items) writeValue(writer, tag, type, item, find);
  else if (type.kind === 'message') {
    if (value.kind !== 'message') return;
    writer.message(tag, (inner) => {
      for (const { name, value: each } of value.fields) writePath(inner, [name], each, type, find);
    });
  } else if (value.kind === 'message') return;
  else if (type.kind === 'enum') {
    const constant = type.type.constants.find(({ name }) => name === value.text);
    if (constant !== undefined) writer.number(tag, constant.tag);
  } else writeScalar(writer, tag, type.name, value.text);
}

function writeScalar(writer: FieldWriter, tag: number, type: string, text: string): void {
  if (type === 'string') writer.text(tag, text);
  else if (type === 'bytes') writer.bytes(tag, Buffer.from(text, 'latin1'));
  else if (type === 'bool') writer.number(tag, text === 'true');
  else if (type === 'float' || type === 'double') writer.fixed(tag, floatBytes(type, text));
  else writeInteger(writer, tag, type, text);
}

function floatBytes(type: 'float' | 'double', text: string): Buffer {
  const value = Number(text.replace(/inf$/i, 'Infinity').replace(/f$/, ''));
  const bytes = Buffer.alloc(type === 'float' ? 4 : 8);
  if (type === 'float') bytes.writeFloatLE(value);
  else bytes.writeDoubleLE(value);
  return bytes;
}

function writeInteger(writer: FieldWriter, tag: number, type: string, text: string): void {
  const magnitude = text.replace(/^[+-]/, '').replace(/^0(?=[0-7]+$)/, '0o');
  if (!/^(0[xX][0-9a-fA-F]+|0o[0-7]+|\d+)$/.test(magnitude)) return;
  const value = text.startsWith('-') ? -BigInt(magnitude) : BigInt(magnitude);
  if (type.startsWith('sint')) writer.number(tag, (value << 1n) ^ (value >> 63n));
  else if (type.includes('fixed')) {
    const bytes = Buffer.alloc(8);
    bytes.writeBigUInt64LE(BigInt.asUintN(64, value));
    writer.fixed(tag, bytes.subarray(0, type.endsWith('32') ? 4 : 8));
  } else writer.number(tag, value);
}

/** Extensions by what they extend and their number. */
export type ExtensionsByNumber = ReadonlyMap<string, Extension>;

export function extensionsByNumber(linked: LinkedProto): ExtensionsByNumber {
  const byNumber = new Map<string, Extension>();
  const seen = new Set<LinkedProto>();
  const visit = (file: LinkedProto) => {
    if (seen.has(file)) return;
    seen.add(file);
    for (const extension of file.extensions.values()) {
      const { home, extendee, scope, field } = extension;
      byNumber.set(`${home.resolve(extendee, scope)} ${field.tag}`, extension);
    }
    file.imports.forEach(visit);
  };
  for (const file of [builtinLinked('confluent/meta.proto')!, linked]) visit(file);
  return byNumber;
}

/** Options from a descriptor: those of descriptor.proto in its order, then extensions. Unknown numbers are left out. */
export function readOptions(
  fields: Fields | undefined,
  kind: OptionsKind,
  extensions: ExtensionsByNumber,
): ProtoOption[] {
  if (fields === undefined) return [];
  const message = optionsMessage(kind);
  const options = readMembers(fields, message, extensions);
  // An option that may be repeated is written once for each value.
  return options.flatMap(({ name, value }) =>
    value.kind === 'list' ? value.items.map((item) => ({ name, value: item })) : [{ name, value }],
  );
}

function readMembers(
  fields: Fields,
  { message, fullName, home }: MessageAt,
  extensions: ExtensionsByNumber,
  brackets = '()',
): ProtoOption[] {
  const known = allFields(message);
  const own = known.map((field) => ({ name: field.name, at: { field, scope: fullName, home } }));
  const tags = new Set(known.map(({ tag }) => tag));
  const others = [...fields.keys()].flatMap((tag) => {
    const at = tags.has(tag) ? undefined : extensions.get(`${fullName} ${tag}`);
    return at === undefined ? [] : [{ name: `${brackets[0]}${at.fullName}${brackets[1]}`, at }];
  });
  return [...own, ...others].flatMap(({ name, at }) => {
    const values = fields.get(at.field.tag) ?? [];
    const type = resolveType(at.field.type, at.scope, at.home);
    const read = values.flatMap((value) => readValue(value, type, extensions));
    if (read.length === 0) return [];
    const isList = at.field.label === 'repeated' || at.field.type.kind === 'map';
    return [{ name, value: isList ? { kind: 'list' as const, items: read } : read.at(-1)! }];
  });
}

function readValue(value: FieldValue, type: ResolvedType, extensions: ExtensionsByNumber): ProtoValue[] {
  if (type.kind === 'message') {
    if (!Buffer.isBuffer(value)) return [];
    return [{ kind: 'message', fields: ordered(readMembers(readFields(value), type, extensions, '[]')) }];
  }
  if (type.kind === 'enum') {
    const constant = type.type.constants.find(({ tag }) => tag === value);
    return [word(constant?.name ?? String(value))];
  }
  return readScalar(value, type.name);
}

/** Confluent's precision and scale are printed with the value before the key, as their first release did. */
function ordered(fields: ProtoOption[]): ProtoOption[] {
  const [key, value] = fields;
  const isDecimal =
    key?.name === 'key' &&
    value?.name === 'value' &&
    'text' in key.value &&
    /^(precision|scale)$/.test(key.value.text);
  return isDecimal ? [value, key] : fields;
}

const word = (text: string): ProtoValue => ({ kind: 'word', text });

function readScalar(value: FieldValue, type: string): ProtoValue[] {
  if (type === 'string' || type === 'bytes') {
    if (!Buffer.isBuffer(value)) return [];
    return [{ kind: 'string', text: value.toString(type === 'string' ? 'utf8' : 'latin1') }];
  }
  if (Buffer.isBuffer(value)) return readFixed(value, type);
  if (type === 'bool') return [word(Number(value) === 0 ? 'false' : 'true')];
  const bits = BigInt.asUintN(64, BigInt(value));
  if (type.startsWith('sint')) return [word(String((bits >> 1n) ^ -(bits & 1n)))];
  return [word(String(type.startsWith('u') ? bits : value))];
}

function readFixed(bytes: Buffer, type: string): ProtoValue[] {
  const size = type === 'float' || type.endsWith('32') ? 4 : 8;
  if (bytes.length !== size) return [];
  if (type === 'float' || type === 'double') {
    const text = String(type === 'float' ? bytes.readFloatLE() : bytes.readDoubleLE());
    return [word(text.replace('Infinity', 'inf').replace('NaN', 'nan'))];
  }
  if (size === 4) return [word(String(type.startsWith('s') ? bytes.readInt32LE() : bytes.readUInt32LE()))];
  return [word(String(type.startsWith('s') ? bytes.readBigInt64LE() : bytes.readBigUInt64LE()))];
}
