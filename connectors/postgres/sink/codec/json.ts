/** Connect values as JSON text, exact: INT64 and Decimal as digits, temporal types in ISO 8601, bytes in base64. */
import { Decimal, type Schema, Struct } from '../../../../src/plugin';
import { isoDate, isoTime, isoTimestamp, microsOfDay, microsSince2000 } from './instant';
import { type Semantic, semanticOf } from './semantic';

export function jsonText(value: unknown, schema: Schema | null): string {
  switch (typeof value) {
    case 'string':
      return JSON.stringify(value);
    case 'number':
      return numberText(value, semanticOf(schema));
    case 'bigint':
      return numberText(value, semanticOf(schema));
    case 'boolean':
      return value ? 'true' : 'false';
    case 'object':
      return value === null ? 'null' : objectText(value, schema);
    default:
      return 'null';
  }
}

function numberText(value: number | bigint, semantic: Semantic): string {
  switch (semantic.kind) {
    case 'date':
      return `"${isoDate(Number(value))}"`;
    case 'time':
      return `"${isoTime(microsOfDay(value, semantic.precision))}"`;
    case 'instant':
      return `"${isoTimestamp(microsSince2000(value, semantic.precision), 'T', 'Z')}"`;
    case 'local':
      return `"${isoTimestamp(microsSince2000(value, semantic.precision), 'T')}"`;
    default:
      // JSON has no NaN and no infinities; as text they are at least not lost.
      return typeof value === 'bigint' || Number.isFinite(value) ? String(value) : `"${value}"`;
  }
}

function objectText(value: object, schema: Schema | null): string {
  if (value instanceof Struct) return structText(value);
  if (value instanceof Decimal) return value.toString();
  if (value instanceof Uint8Array) return `"${Buffer.from(value).toString('base64')}"`;
  const items = schema?.valueSchema ?? null;
  if (Array.isArray(value)) return `[${value.map((item) => jsonText(item, items)).join(',')}]`;
  if (value instanceof Map) return mapText(value, schema?.keySchema ?? null, items);
  const members = Object.entries(value).map(
    ([key, item]) => `${JSON.stringify(key)}:${jsonText(item, null)}`,
  );
  return `{${members.join(',')}}`;
}

function structText(struct: Struct): string {
  const members = struct.schema.fields.map(
    (field) => `${JSON.stringify(field.name)}:${jsonText(struct.values[field.index] ?? null, field.schema)}`,
  );
  return `{${members.join(',')}}`;
}

/** A map with keys other than text becomes an array of pairs, as Connect's JsonConverter has it. */
function mapText(value: Map<unknown, unknown>, keys: Schema | null, items: Schema | null): string {
  const entries = [...value];
  if (entries.every(([key]) => typeof key === 'string'))
    return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${jsonText(item, items)}`).join(',')}}`;
  return `[${entries.map(([key, item]) => `[${jsonText(key, keys)},${jsonText(item, items)}]`).join(',')}]`;
}
