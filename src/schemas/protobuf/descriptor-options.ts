/** The options that descriptor.proto defines, by name: field number and kind. Options of extensions are not carried over. */
import type { ProtoOption, ProtoValue } from './ast';
import type { Fields, FieldWriter } from './wire';

type OptionKind = 'bool' | 'text' | readonly string[];
type OptionTable = Readonly<Record<string, readonly [number: number, kind: OptionKind]>>;

const DEPRECATED_SERVICE = 33;

export const FILE_OPTIONS: OptionTable = {
  java_package: [1, 'text'],
  java_outer_classname: [8, 'text'],
  optimize_for: [9, ['', 'SPEED', 'CODE_SIZE', 'LITE_RUNTIME']],
  java_multiple_files: [10, 'bool'],
  go_package: [11, 'text'],
  cc_generic_services: [16, 'bool'],
  java_generic_services: [17, 'bool'],
  py_generic_services: [18, 'bool'],
  java_generate_equals_and_hash: [20, 'bool'],
  deprecated: [23, 'bool'],
  java_string_check_utf8: [27, 'bool'],
  cc_enable_arenas: [31, 'bool'],
  objc_class_prefix: [36, 'text'],
  csharp_namespace: [37, 'text'],
  swift_prefix: [39, 'text'],
  php_class_prefix: [40, 'text'],
  php_namespace: [41, 'text'],
  php_metadata_namespace: [44, 'text'],
  ruby_package: [45, 'text'],
};

export const MESSAGE_OPTIONS: OptionTable = {
  message_set_wire_format: [1, 'bool'],
  no_standard_descriptor_accessor: [2, 'bool'],
  deprecated: [3, 'bool'],
};

/** In MessageOptions; never written in .proto text. */
export const MAP_ENTRY = 7;

export const FIELD_OPTIONS: OptionTable = {
  ctype: [1, ['STRING', 'CORD', 'STRING_PIECE']],
  packed: [2, 'bool'],
  deprecated: [3, 'bool'],
  lazy: [5, 'bool'],
  jstype: [6, ['JS_NORMAL', 'JS_STRING', 'JS_NUMBER']],
  weak: [10, 'bool'],
  unverified_lazy: [15, 'bool'],
  debug_redact: [16, 'bool'],
};

export const ENUM_OPTIONS: OptionTable = { allow_alias: [2, 'bool'], deprecated: [3, 'bool'] };
export const CONSTANT_OPTIONS: OptionTable = { deprecated: [1, 'bool'], debug_redact: [3, 'bool'] };
export const SERVICE_OPTIONS: OptionTable = { deprecated: [DEPRECATED_SERVICE, 'bool'] };
export const METHOD_OPTIONS: OptionTable = {
  deprecated: [DEPRECATED_SERVICE, 'bool'],
  idempotency_level: [34, ['IDEMPOTENCY_UNKNOWN', 'NO_SIDE_EFFECTS', 'IDEMPOTENT']],
};

export function writeOptions(
  options: readonly ProtoOption[],
  table: OptionTable,
): (writer: FieldWriter) => void {
  return (writer) => {
    for (const { name, value } of options) {
      const known = Object.hasOwn(table, name) ? table[name] : undefined;
      if (known !== undefined) writeOption(writer, known[0], known[1], value);
    }
  };
}

function writeOption(writer: FieldWriter, number: number, kind: OptionKind, value: ProtoValue): void {
  if (value.kind === 'string' && kind === 'text') writer.text(number, value.text);
  else if (value.kind === 'word' && kind === 'bool') writer.number(number, value.text === 'true');
  else if (value.kind === 'word' && typeof kind !== 'string') {
    const index = kind.indexOf(value.text);
    if (index >= 0) writer.number(number, index);
  }
}

export function readOptions(fields: Fields | undefined, table: OptionTable): ProtoOption[] {
  if (fields === undefined) return [];
  return Object.entries(table).flatMap(([name, [number, kind]]) => {
    const found = fields.get(number)?.at(-1);
    return found === undefined ? [] : [{ name, value: optionValue(found, kind) }];
  });
}

function optionValue(found: number | Buffer, kind: OptionKind): ProtoValue {
  if (kind === 'text') return { kind: 'string', text: found.toString() };
  if (kind === 'bool') return { kind: 'word', text: found === 0 ? 'false' : 'true' };
  return { kind: 'word', text: kind[Number(found)] ?? String(found) };
}
