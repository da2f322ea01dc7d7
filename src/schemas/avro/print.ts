/**
 * The canonical text of an Avro schema, byte for byte as Avro's Java library prints it: registries hash it, so a
 * difference here becomes a second id. The order of members is part of it.
 */
import { printJson, quote } from '../json-text';
import type { AvroField, AvroName, AvroNamed, AvroProps, AvroSchema } from './ast';

/**
 * Compact text. A named type is printed in full where it is met first and by name from then on; names in `known` are
 * never printed in full.
 */
export function printAvro(schema: AvroSchema, known: ReadonlySet<string> = new Set()): string {
  return print(schema, null, new Set(known));
}

function print(schema: AvroSchema, space: string | null, known: Set<string>): string {
  switch (schema.kind) {
    case 'union':
      return `[${schema.branches.map((branch) => print(branch, space, known)).join(',')}]`;
    case 'array':
      return `{"type":"array","items":${print(schema.items, space, known)}${printProps(schema.props)}}`;
    case 'map':
      return `{"type":"map","values":${print(schema.values, space, known)}${printProps(schema.props)}}`;
    case 'record':
    case 'enum':
    case 'fixed':
      return printNamed(schema, space, known);
    default:
      return schema.props.size === 0
        ? `"${schema.kind}"`
        : `{"type":"${schema.kind}"${printProps(schema.props)}}`;
  }
}

function printNamed(schema: AvroNamed, space: string | null, known: Set<string>): string {
  if (known.has(schema.name.full)) return quote(qualified(schema.name, space));
  known.add(schema.name.full);
  const kind = schema.kind === 'record' && schema.isError ? 'error' : schema.kind;
  return (
    `{"type":"${kind}","name":${quote(schema.name.short)}${namespace(schema.name, space)}` +
    `${schema.doc === null ? '' : `,"doc":${quote(schema.doc)}`}${body(schema, known)}` +
    `${printProps(schema.props)}${printAliases(schema.aliases, schema.name.space)}}`
  );
}

function body(schema: AvroNamed, known: Set<string>): string {
  if (schema.kind === 'fixed') return `,"size":${schema.size}`;
  if (schema.kind === 'enum') {
    const byDefault = schema.default === null ? '' : `,"default":${quote(schema.default)}`;
    return `,"symbols":[${schema.symbols.map(quote).join(',')}]${byDefault}`;
  }
  return `,"fields":[${schema.fields.map((field) => printField(field, schema.name.space, known)).join(',')}]`;
}

function printField(field: AvroField, space: string | null, known: Set<string>): string {
  let text = `{"name":${quote(field.name)},"type":${print(field.type, space, known)}`;
  if (field.doc !== null) text += `,"doc":${quote(field.doc)}`;
  if (field.default !== undefined) text += `,"default":${printJson(field.default)}`;
  if (field.order !== 'ascending') text += `,"order":"${field.order}"`;
  if (field.aliases.length > 0) text += `,"aliases":[${unique(field.aliases).map(quote).join(',')}]`;
  return `${text}${printProps(field.props)}}`;
}

function namespace(name: AvroName, space: string | null): string {
  if (name.space === space) return '';
  return `,"namespace":${quote(name.space ?? '')}`;
}

const TYPE_WORDS: ReadonlySet<string> = new Set(
  'record enum array map union fixed string bytes int long float double boolean null'.split(' '),
);

/** Short inside its own namespace, unless it could be taken for a type. */
const qualified = (name: AvroName, space: string | null): string =>
  name.space !== null && name.space === space && !TYPE_WORDS.has(name.short) ? name.short : name.full;

function printAliases(aliases: readonly AvroName[], space: string | null): string {
  if (aliases.length === 0) return '';
  return `,"aliases":[${unique(aliases.map((alias) => qualified(alias, space)))
    .map(quote)
    .join(',')}]`;
}

const printProps = (props: AvroProps): string => {
  let text = '';
  for (const [key, value] of props) text += `,${quote(key)}:${printJson(value)}`;
  return text;
};

const unique = (texts: readonly string[]): string[] => [...new Set(texts)];
