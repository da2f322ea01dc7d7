/**
 * The normalised text of an Avro schema: two schemas that differ in spelling only have the same one. Unlike Avro's
 * Parsing Canonical Form it keeps docs, defaults and attributes.
 */
import { type Json, JsonNumber, printJson, quote } from '../json-text';
import type { AvroField, AvroNamed, AvroProps, AvroSchema } from './ast';
import { decimalOf, logicalType } from './logical';
import { printDouble, printFloat } from './numbers';

export const normalizeAvro = (schema: AvroSchema, known: ReadonlySet<string> = new Set()): string =>
  print(schema, new Set(known));

function print(schema: AvroSchema, known: Set<string>): string {
  switch (schema.kind) {
    case 'union':
      return `[${schema.branches.map((branch) => print(branch, known)).join(',')}]`;
    case 'array':
      return `{"type":"array","items":${print(schema.items, known)}${attributes(schema)}}`;
    case 'map':
      return `{"type":"map","values":${print(schema.values, known)}${attributes(schema)}}`;
    case 'record':
    case 'enum':
    case 'fixed':
      return printNamed(schema, known);
    default:
      return schema.props.size === 0 ? `"${schema.kind}"` : `{"type":"${schema.kind}"${attributes(schema)}}`;
  }
}

function printNamed(schema: AvroNamed, known: Set<string>): string {
  const name = quote(schema.name.full);
  if (known.has(schema.name.full)) return name;
  known.add(schema.name.full);
  const [logical, others] = splitLogical(schema);
  let text = `{"name":${name},"type":"${schema.kind}"${body(schema, known)}${logical}`;
  if (schema.doc) text += `,"doc":${quote(schema.doc)}`;
  text += sortedTexts(
    'aliases',
    schema.aliases.map((alias) => alias.full),
  );
  if (schema.kind === 'enum' && schema.default !== null) text += `,"default":${quote(schema.default)}`;
  return `${text}${others}}`;
}

function body(schema: AvroNamed, known: Set<string>): string {
  if (schema.kind === 'fixed') return `,"size":${schema.size}`;
  if (schema.kind === 'enum') return `,"symbols":[${schema.symbols.map(quote).join(',')}]`;
  return `,"fields":[${schema.fields.map((field) => printField(field, known)).join(',')}]`;
}

function printField(field: AvroField, known: Set<string>): string {
  let text = `{"name":${quote(field.name)},"type":${print(field.type, known)}`;
  text += `,"order":"${field.order.toUpperCase()}"`;
  if (field.doc !== null) text += `,"doc":${quote(field.doc)}`;
  text += sortedTexts('aliases', field.aliases);
  if (field.default !== undefined) text += `,"default":${printJson(sortDefault(field.default, field.type))}`;
  return `${text}${sortedProps(field.props)}}`;
}

type WithProps = { readonly props: AvroProps } & AvroSchema;

const attributes = (schema: WithProps): string => splitLogical(schema).join('');

/** A logical type that holds comes first, a decimal's scale only when it is not 0 by default; the rest is sorted. */
function splitLogical(schema: WithProps): [logical: string, others: string] {
  const logical = logicalType(schema);
  if (logical === null) return ['', sortedProps(schema.props)];
  const first: AvroProps = new Map([['logicalType', logical]]);
  const decimal = decimalOf(schema);
  if (decimal !== null) first.set('precision', new JsonNumber(String(decimal.precision)));
  if (decimal !== null && decimal.scale !== 0) first.set('scale', new JsonNumber(String(decimal.scale)));
  const others = new Map([...schema.props].filter(([key]) => !first.has(key)));
  return [
    [...first].map(([key, value]) => `,${quote(key)}:${printJson(value)}`).join(''),
    sortedProps(others),
  ];
}

function sortedProps(props: AvroProps): string {
  let text = '';
  for (const [key, value] of byKey(props)) text += `,${quote(key)}:${printJson(sortValue(value))}`;
  return text;
}

const sortedTexts = (member: string, texts: readonly string[]): string =>
  texts.length === 0 ? '' : `,"${member}":[${[...new Set(texts)].sort().map(quote).join(',')}]`;

/** UTF-16 order, which is also the order of Java's strings. */
const byKey = (object: ReadonlyMap<string, Json>): [string, Json][] =>
  [...object].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));

function sortValue(value: Json): Json {
  if (Array.isArray(value)) return value.map(sortValue);
  if (value instanceof Map) return new Map(byKey(value).map(([key, item]) => [key, sortValue(item)]));
  if (value instanceof JsonNumber && !value.isInteger) return new JsonNumber(printDouble(Number(value.text)));
  return value;
}

/** A default by its type: `1` and `1.0` are the same default of a double. */
function sortDefault(value: Json, schema: AvroSchema): Json {
  switch (schema.kind) {
    case 'union':
      return sortDefault(value, schema.branches[0] ?? { kind: 'null', props: new Map() });
    case 'float':
      return value instanceof JsonNumber ? new JsonNumber(printFloat(Number(value.text))) : value;
    case 'double':
      return value instanceof JsonNumber ? new JsonNumber(printDouble(Number(value.text))) : value;
    case 'array':
      return Array.isArray(value) ? value.map((item) => sortDefault(item, schema.items)) : sortValue(value);
    case 'map':
      return value instanceof Map
        ? new Map(byKey(value).map(([key, item]) => [key, sortDefault(item, schema.values)]))
        : sortValue(value);
    case 'record':
      return value instanceof Map ? sortRecord(value, schema.fields) : sortValue(value);
    default:
      return sortValue(value);
  }
}

const sortRecord = (value: ReadonlyMap<string, Json>, fields: readonly AvroField[]): Json =>
  new Map(
    byKey(value).map(([key, item]) => {
      const field = fields.find((each) => each.name === key);
      return [key, field === undefined ? sortValue(item) : sortDefault(item, field.type)];
    }),
  );
