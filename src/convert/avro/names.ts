/** Names and attributes that Confluent's AvroConverter writes into schemas: part of the data format. */
import type { Schema } from '../../kernel';
import { type AvroName, type AvroSchema, isNamed } from '../../schemas/avro/ast';
import type { AvroDataOptions } from './options';

export const NAMESPACE = 'io.confluent.connect.avro';
export const DEFAULT_NAME = 'ConnectDefault';
export const MAP_ENTRY = 'MapEntry';
export const ANYTHING = `${NAMESPACE}.Anything`;

export const CONNECT_NAME = 'connect.name';
export const CONNECT_DOC = 'connect.doc';
export const CONNECT_VERSION = 'connect.version';
export const CONNECT_DEFAULT = 'connect.default';
export const CONNECT_PARAMETERS = 'connect.parameters';
export const CONNECT_TYPE = 'connect.type';
export const CONNECT_INTERNAL_TYPE = 'connect.internal.type';
export const CONNECT_RECORD_DOC = 'connect.record.doc';
export const CONNECT_ENUM_DOC = 'connect.enum.doc';
export const FIXED_SIZE = 'connect.fixed.size';
export const DECIMAL_PRECISION = 'connect.decimal.precision';
export const DEFAULT_PRECISION = 64;

export const RECORD_DOC = `${NAMESPACE}.record.doc`;
export const FIELD_DOC = `${NAMESPACE}.field.doc.`;
export const ENUM_DOC = `${NAMESPACE}.enum.doc.`;
export const ENUM_DEFAULT = `${NAMESPACE}.enum.default.`;
/** Says that the default was Avro's own, of the field. */
export const FIELD_DEFAULT_FLAG = `${NAMESPACE}.field.default`;

export const UNION_NAME = `${NAMESPACE}.Union`;
const ENUM_PARAMETER = `${NAMESPACE}.Enum`;
const GENERAL_ENUM_PARAMETER = 'org.apache.kafka.connect.data.Enum';
export const GENERAL_UNION_PARAMETER = 'org.apache.kafka.connect.data.Union';
export const GENERAL_UNION_PREFIX = 'connect_union_';

export const enumParameter = (options: AvroDataOptions): string =>
  options.generalizedSums ? GENERAL_ENUM_PARAMETER : ENUM_PARAMETER;

/** Whether a string schema becomes an Avro enum: only where the options ask for it. */
export const isEnum = (schema: Schema, options: AvroDataOptions): boolean =>
  (options.enhanced || options.generalizedSums) &&
  schema.type === 'string' &&
  (schema.parameters?.has(enumParameter(options)) ?? false);

/** Whether a bytes schema becomes an Avro fixed. */
export const isFixed = (schema: Schema): boolean =>
  schema.type === 'bytes' && schema.name !== null && (schema.parameters?.has(FIXED_SIZE) ?? false);

/** Whether a struct stands for an Avro union: one optional field per branch. */
export const isUnion = (schema: Schema): boolean =>
  schema.type === 'struct' &&
  (schema.name === UNION_NAME || (schema.parameters?.has(GENERAL_UNION_PARAMETER) ?? false));

/** Whether a map becomes an Avro map; otherwise it is an array of entries. */
export const hasAvroMapKeys = (schema: Schema, options: AvroDataOptions): boolean =>
  schema.keySchema?.type === 'string' && (!schema.keySchema.optional || options.optionalMapKeys);

/** The field of a union struct for the branch at `index`. */
export function branchFieldName(branch: AvroSchema, index: number, options: AvroDataOptions): string {
  if (options.generalizedSums) return `${GENERAL_UNION_PREFIX}field_${index}`;
  if (!isNamed(branch)) return branch.kind;
  return options.enhanced ? branch.name.full : branch.name.short;
}

/** Whether array items are the entries of a map with keys that Avro maps cannot have. */
export function isMapEntry(items: AvroSchema): boolean {
  if (items.kind !== 'record') return false;
  return (
    items.name.full === `${NAMESPACE}.${MAP_ENTRY}` || items.props.get(CONNECT_INTERNAL_TYPE) === MAP_ENTRY
  );
}

/** Name and namespace of a named Connect schema. */
export function avroNameOf(name: string, options: AvroDataOptions): AvroName {
  const parts = name.split('.').map((part) => scrub(part, options));
  const short = parts.at(-1)!;
  const space = parts.length > 1 ? parts.slice(0, -1).join('.') : null;
  return { full: space === null ? short : `${space}.${short}`, short, space };
}

/** A name that Avro allows: URL-encoded, what is left of other characters as `_`, an `x` before a digit. */
export function scrub(name: string, options: AvroDataOptions): string {
  if (!options.scrubNames || name === '' || /^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) return name;
  const encoded = formEncode(name).replace(/[^A-Za-z0-9_]/g, '_');
  return /^[0-9]/.test(encoded) ? `x${encoded}` : encoded;
}

/** As Java's URLEncoder: blanks are `+`, and fewer characters stay as they are than in encodeURIComponent. */
export const formEncode = (text: string): string =>
  encodeURIComponent(text.replace(/\p{Surrogate}/gu, '?'))
    .replace(/%20/g, '+')
    .replace(/[!'()~]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);
