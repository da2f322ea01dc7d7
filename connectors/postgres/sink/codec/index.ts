/** Chooses the codec of a column: the column's type decides the form, the schema of the field what its value means. */
import type { Schema } from '../../../../src/plugin';
import { type PgType, storedType } from '../../catalog';
import { arrayCodec } from './arrays';
import type { Codec, CodecSettings } from './codec';
import { bool, float4, float8, fromScaledDecimal, integerCodec, numeric } from './numbers';
import { type Semantic, semanticOf } from './semantic';
import { dateCodec, intervalCodec, timeCodec, timestampCodec } from './temporal';
import {
  bitCodec,
  byteaCodec,
  composite,
  hstoreCodec,
  inputCodec,
  jsonCodec,
  textCodec,
  uuid,
} from './texts';

export type { Codec, CodecSettings } from './codec';

/** `schema` null: a value without schema. `semantic` overrides what the schema says. */
export function codecFor(
  schema: Schema | null,
  column: PgType,
  settings: CodecSettings,
  semantic: Semantic = semanticOf(schema),
): Codec {
  const type = storedType(column);
  const codec =
    type.category === 'A' && type.element !== null
      ? arrayOf(schema, type, type.element, settings)
      : scalarCodec(schema, type, settings, semantic);
  return semantic.kind === 'scaled-decimal' ? throughDecimal(codec) : codec;
}

function arrayOf(schema: Schema | null, type: PgType, element: PgType, settings: CodecSettings): Codec {
  const items = schema?.type === 'array' ? schema.valueSchema : null;
  // Without a schema of the items they may be arrays again, or the whole value text.
  const flat = items !== null && items.type !== 'array';
  return arrayCodec(codecFor(items, element, settings), element.oid, type.sql, flat);
}

function scalarCodec(
  schema: Schema | null,
  type: PgType,
  settings: CodecSettings,
  semantic: Semantic,
): Codec {
  switch (type.name) {
    case 'int2':
    case 'int4':
    case 'int8':
      return integerCodec(type.name);
    case 'float4':
      return float4;
    case 'float8':
      return float8;
    case 'numeric':
      return numeric;
    case 'bool':
      return bool;
    case 'bytea':
      return byteaCodec(schema === null);
    case 'uuid':
      return uuid;
    case 'json':
    case 'jsonb':
      return jsonCodec(type.name === 'jsonb', schema);
    case 'date':
      return onlyTicks(schema, dateCodec(semantic, settings));
    case 'time':
    case 'timetz':
      return onlyTicks(schema, timeCodec(semantic, type.name === 'timetz', settings));
    case 'timestamp':
    case 'timestamptz':
      return onlyTicks(schema, timestampCodec(semantic, type.name === 'timestamptz', settings));
    case 'interval':
      return onlyTicks(schema, intervalCodec(semantic));
    default:
      return otherCodec(schema, type, semantic);
  }
}

/** Types whose binary form is their text. */
const TEXTUAL = new Set(['text', 'varchar', 'bpchar', 'name', 'citext', 'xml', 'unknown']);

function otherCodec(schema: Schema | null, type: PgType, semantic: Semantic): Codec {
  if (TEXTUAL.has(type.name) || type.kind === 'e') return textCodec(type.name, semantic, schema);
  if (type.name === 'bit' || type.name === 'varbit') return bitCodec(semantic);
  if (type.name === 'hstore') return hstoreCodec();
  if (type.kind === 'c') return composite(type.sql);
  return inputCodec(type.name, semantic);
}

/** Ticks can be packed; text of a temporal type is for Postgres to read. A value without schema may be either. */
const onlyTicks = (schema: Schema | null, codec: Codec): Codec =>
  schema === null || schema.type === 'string' ? { text: codec.text, binary: null } : codec;

const throughDecimal = ({ text, binary }: Codec): Codec => ({
  text: (value) => text(fromScaledDecimal(value)),
  binary: binary === null ? null : (out, value) => binary(out, fromScaledDecimal(value)),
});
