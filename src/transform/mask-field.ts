import { ConfigDef, DataError, Decimal, int64, type Schema, Struct } from '../kernel';
import type { Transform } from '../plugin';
import { NULLS_TO_DEFAULTS, NULLS_TO_DEFAULTS_KEY, nonEmptyList, readField } from './fields';
import {
  bothSides,
  copyOf,
  isMap,
  type MapValue,
  requireMap,
  requireStruct,
  type Side,
  setMember,
  typeName,
} from './side';

const PURPOSE = 'mask fields';

const config = new ConfigDef([
  {
    name: 'fields',
    type: 'LIST',
    importance: 'HIGH',
    validator: nonEmptyList,
    doc: 'Fields to mask.',
  },
  {
    name: 'replacement',
    type: 'STRING',
    default: null,
    importance: 'LOW',
    validator: (value) => (value === '' ? 'String must be non-empty' : null),
    doc: 'What to put into fields of text and of numbers; without it zero, false, or nothing.',
  },
  NULLS_TO_DEFAULTS_KEY,
]);

export const maskField = bothSides({
  java: 'MaskField',
  summary: 'Replaces the values of fields by zero, false, an empty value, or a replacement.',
  config,
  create(config, side) {
    const names = new Set(config.list('fields'));
    const replacement = config.optionalString('replacement');
    const mask = replacement === null ? zeroOf : replaceBy(replacement);
    return masked(side, names, mask, config.boolean(NULLS_TO_DEFAULTS));
  },
});

type Mask = (value: unknown, schema: Schema | null) => unknown;

/** Unlike most transforms it refuses null: a tombstone has no field to mask. */
function masked(side: Side, names: ReadonlySet<string>, mask: Mask, nullsToDefaults: boolean): Transform {
  return (record) => {
    const value = side.value(record);
    const schema = side.schema(record);
    if (schema === null) return side.with(record, null, maskMembers(requireMap(value, PURPOSE), names, mask));
    const from = requireStruct(value, PURPOSE);
    const { fields } = from.schema;
    const values: unknown[] = new Array(fields.length);
    for (let i = 0; i < fields.length; i++) {
      const field = fields[i]!;
      const current = readField(from, field, nullsToDefaults);
      values[i] = current !== null && names.has(field.name) ? mask(current, field.schema) : current;
    }
    return side.with(record, schema, new Struct(from.schema, values));
  };
}

/** Fields that are not there come to be, with null, as in Kafka. */
function maskMembers(from: MapValue, names: ReadonlySet<string>, mask: Mask): MapValue {
  const copy = copyOf(from);
  for (const name of names) {
    const current = from[name] ?? null;
    setMember(copy, name, current === null ? null : mask(current, null));
  }
  return copy;
}

/** Zero of the value's type; a decimal keeps its scale, without which it could not be written. */
function zeroOf(value: unknown): unknown {
  if (typeof value === 'number' || typeof value === 'bigint') return 0;
  if (typeof value === 'string') return '';
  if (typeof value === 'boolean') return false;
  if (value instanceof Decimal) return new Decimal(0n, value.scale);
  if (Array.isArray(value)) return [];
  if (value instanceof Map) return new Map();
  if (isMap(value)) return {};
  throw new DataError(`Cannot mask value of type: ${typeName(value)}`);
}

/** The replacement as a value of the field's type. Kept per type: it is the same for every record. */
function replaceBy(replacement: string): Mask {
  const known = new Map<string, unknown>();
  return (value, schema) => {
    if (typeof value === 'string') return replacement;
    if (value instanceof Decimal) return Decimal.parse(replacement).withScale(value.scale);
    const isNumber = typeof value === 'number' || typeof value === 'bigint';
    if (!isNumber || schema?.name?.startsWith(LOGICAL))
      throw new DataError(
        `Cannot mask value of type ${schema?.name ?? typeName(value)} with custom replacement.`,
      );
    const type = schema?.type ?? (typeof value === 'bigint' || Number.isInteger(value) ? 'int64' : 'float64');
    let found = known.get(type);
    if (found === undefined) known.set(type, (found = numberOf(replacement, type)));
    return found;
  };
}

const LOGICAL = 'org.apache.kafka.connect.data.';

/** Fractions are cut and what is too large wraps, as Java's narrowing does. */
function numberOf(replacement: string, type: string): unknown {
  const decimal = Decimal.parse(replacement);
  if (type === 'float64') return decimal.toNumber();
  if (type === 'float32') return Math.fround(decimal.toNumber());
  const { unscaled, scale } = decimal;
  const power = 10n ** BigInt(Math.abs(scale));
  return int64(BigInt.asIntN(BITS[type]!, scale > 0 ? unscaled / power : unscaled * power));
}

const BITS: Readonly<Record<string, number>> = { int8: 8, int16: 16, int32: 32, int64: 64 };
