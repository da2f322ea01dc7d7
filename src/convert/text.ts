import { Decimal, decimalText, floatText, type Schema, Struct } from '../kernel';

/**
 * Any Connect value as text, in the forms Java's `toString` gives: `1.0`, `Struct{a=1,b=x}`, `[1, 2]`, `{k=v}`. Times are
 * numbers here, where Java would write what its time zone makes of them, without the milliseconds.
 */
export function textOf(value: unknown, schema: Schema | null = null): string {
  switch (typeof value) {
    case 'string':
      return value;
    case 'number':
      return numberText(value, schema);
    case 'object':
      return value === null ? 'null' : objectText(value, schema);
    default:
      return value === undefined ? 'null' : String(value);
  }
}

/** Without a schema an integer is an integer, whatever it was before it came here. */
function numberText(value: number, schema: Schema | null): string {
  const single = schema?.type === 'float32';
  const isFloat = single || schema?.type === 'float64' || !Number.isInteger(value);
  return isFloat ? floatText(value, single) : String(value);
}

function objectText(value: object, schema: Schema | null): string {
  if (value instanceof Struct) return structText(value);
  if (value instanceof Decimal) return decimalText(value);
  if (value instanceof Uint8Array)
    return Buffer.from(value.buffer, value.byteOffset, value.length).toString('utf8');
  const items = schema?.valueSchema ?? null;
  if (Array.isArray(value)) return `[${value.map((item) => textOf(item, items)).join(', ')}]`;
  const entries = value instanceof Map ? [...value] : Object.entries(value);
  const keys = schema?.keySchema ?? null;
  return `{${entries.map(([key, item]) => `${textOf(key, keys)}=${textOf(item, items)}`).join(', ')}}`;
}

/** Null fields are left out, as Java's Struct does. */
function structText(value: Struct): string {
  const parts: string[] = [];
  for (const { name, index, schema } of value.schema.fields) {
    const field = value.values[index];
    if (field !== null && field !== undefined) parts.push(`${name}=${textOf(field, schema)}`);
  }
  return `Struct{${parts.join(',')}}`;
}
