import { Decimal, Struct } from '../kernel';

/** Any Connect value as text, in the forms Java's `toString` gives: `Struct{a=1,b=x}`, `[1, 2]`, `{k=v}`. */
export function textOf(value: unknown): string {
  if (value === null || value === undefined) return 'null';
  if (value instanceof Decimal) return value.toString();
  if (value instanceof Struct) return structText(value);
  if (value instanceof Uint8Array)
    return Buffer.from(value.buffer, value.byteOffset, value.length).toString('utf8');
  if (Array.isArray(value)) return `[${value.map(textOf).join(', ')}]`;
  if (typeof value === 'object') return mapText(value);
  return String(value);
}

/** Null fields are left out, as Java's Struct does. */
function structText(value: Struct): string {
  const parts: string[] = [];
  for (const { name, index } of value.schema.fields) {
    const field = value.values[index];
    if (field !== null && field !== undefined) parts.push(`${name}=${textOf(field)}`);
  }
  return `Struct{${parts.join(',')}}`;
}

function mapText(value: object): string {
  const entries = value instanceof Map ? [...value] : Object.entries(value);
  return `{${entries.map(([key, item]) => `${textOf(key)}=${textOf(item)}`).join(', ')}}`;
}
