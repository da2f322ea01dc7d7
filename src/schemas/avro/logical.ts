/** Which logical types a schema really has: an unknown or ill-formed one counts as an ordinary attribute. */
import { JsonNumber } from '../json-text';
import type { AvroSchema } from './ast';
import { textProp } from './ast';

const UNDERLYING: Readonly<Record<string, readonly string[]>> = {
  decimal: ['bytes', 'fixed'],
  'big-decimal': ['bytes'],
  uuid: ['string', 'fixed'],
  date: ['int'],
  'time-millis': ['int'],
  'time-micros': ['long'],
  'timestamp-millis': ['long'],
  'timestamp-micros': ['long'],
  'timestamp-nanos': ['long'],
  'local-timestamp-millis': ['long'],
  'local-timestamp-micros': ['long'],
  'local-timestamp-nanos': ['long'],
  duration: ['fixed'],
};

/** Name of the logical type, null when there is none that holds. */
export function logicalType(schema: AvroSchema): string | null {
  if (schema.kind === 'union') return null;
  const name = textProp(schema, 'logicalType');
  if (name === null || !Object.hasOwn(UNDERLYING, name) || !UNDERLYING[name]!.includes(schema.kind))
    return null;
  if (name === 'decimal') return decimalOf(schema) === null ? null : name;
  if (schema.kind === 'fixed') return schema.size === (name === 'uuid' ? 16 : 12) ? name : null;
  return name;
}

export interface DecimalShape {
  readonly precision: number;
  readonly scale: number;
}

/** Precision and scale of a decimal; null when they break the rules, and then it is plain bytes. */
export function decimalOf(schema: AvroSchema): DecimalShape | null {
  if (schema.kind !== 'bytes' && schema.kind !== 'fixed') return null;
  if (textProp(schema, 'logicalType') !== 'decimal') return null;
  const precision = integer(schema.props.get('precision'));
  const scale = schema.props.has('scale') ? integer(schema.props.get('scale')) : 0;
  if (precision === null || scale === null || precision < 1 || scale < 0 || scale > precision) return null;
  if (schema.kind === 'fixed' && precision > maxPrecision(schema.size)) return null;
  return { precision, scale };
}

/** Decimal digits that always fit into so many bytes of two's complement. */
const maxPrecision = (bytes: number): number =>
  bytes === 0 ? 0 : Math.floor(Math.log10(2) * (8 * bytes - 1));

const integer = (value: unknown): number | null =>
  value instanceof JsonNumber && value.isInteger && Number.isSafeInteger(Number(value.text))
    ? Number(value.text)
    : null;
