import {
  ConfigDef,
  ConfigError,
  DATE,
  DataError,
  Decimal,
  int64,
  nonEmpty,
  parseInt64,
  Schema,
  type SchemaType,
  Struct,
  struct,
  TIME,
  TIMESTAMP,
} from '../kernel';
import { bothSides, perSchema, requireMap } from './side';

const PURPOSE = 'cast types';
const WHOLE = '';
const DAY_MS = 86_400_000;

const TARGETS: ReadonlySet<string> = new Set([
  'int8',
  'int16',
  'int32',
  'int64',
  'float32',
  'float64',
  'boolean',
  'string',
]);

const config = new ConfigDef([
  {
    name: 'spec',
    type: 'LIST',
    importance: 'HIGH',
    doc:
      'field:type pairs, or one type for a value that is no struct. Types: int8, int16, int32, int64, float32, ' +
      'float64, boolean, string. Bytes become base64 as string.',
    example: 'quality:int32,value:float64',
    validator: (value, name) => nonEmpty(value, name) ?? specProblem(value as readonly string[]),
  },
  {
    name: 'replace.null.with.default',
    type: 'BOOLEAN',
    default: true,
    importance: 'MEDIUM',
    doc: 'Whether null in a field with a default is read as that default.',
  },
]);

/** Target type per field; the entry for the empty name is that of the whole value. */
function parseSpec(spec: readonly string[]): Map<string, SchemaType> {
  const targets = new Map<string, SchemaType>();
  for (const entry of spec) {
    const parts = entry.split(':').map((part) => part.trim());
    const [name, type] = parts.length === 1 ? [WHOLE, parts[0]!] : [parts[0]!, parts[1]!];
    if (parts.length > 2 || !TARGETS.has(type.toLowerCase())) {
      throw new ConfigError(`Invalid type in casting spec: ${entry}`);
    }
    targets.set(name, type.toLowerCase() as SchemaType);
  }
  if (targets.has(WHOLE) && targets.size > 1) {
    throw new ConfigError(
      'Cast transformations that specify a type to cast the entire value to cannot also name fields',
    );
  }
  return targets;
}

function specProblem(spec: readonly string[]): string | null {
  try {
    parseSpec(spec);
    return null;
  } catch (error) {
    return (error as Error).message;
  }
}

export const cast = bothSides({
  java: 'Cast',
  summary: 'Casts fields, or the whole value, to another type.',
  config,
  create(config, side) {
    const targets = parseSpec(config.list('spec'));
    const nullsToDefaults = config.boolean('replace.null.with.default');
    const whole = targets.get(WHOLE);
    const retyped = perSchema((schema: Schema) => retype(schema, whole!));
    const rebuilt = perSchema((schema: Schema) =>
      struct(
        schema.fields.map(({ name, schema: field }) => {
          const target = targets.get(name);
          return [name, target === undefined ? field : retype(field, target)] as const;
        }),
        schema.options(),
      ),
    );
    return (record) => {
      const value = side.value(record);
      if (value === null || value === undefined) return record;
      const schema = side.schema(record);
      if (whole !== undefined) {
        return side.with(record, schema === null ? null : retyped(schema), castValue(value, schema, whole));
      }
      if (value instanceof Struct) {
        const values = value.schema.fields.map(({ name, index, schema: field }) => {
          const target = targets.get(name);
          let current = value.values[index] ?? null;
          if (current === null && nullsToDefaults && field.defaultValue !== undefined)
            current = field.defaultValue;
          return target === undefined || current === null ? current : castField(name, current, field, target);
        });
        const wanted = rebuilt(value.schema);
        return side.with(record, wanted, new Struct(wanted, values));
      }
      const copy = { ...requireMap(value, PURPOSE) };
      for (const [name, target] of targets) {
        const current = copy[name];
        if (current !== null && current !== undefined) copy[name] = castField(name, current, null, target);
      }
      return side.with(record, null, copy);
    };
  },
});

function castField(name: string, value: unknown, schema: Schema | null, target: SchemaType): unknown {
  try {
    return castValue(value, schema, target);
  } catch (error) {
    throw new DataError(`field ${name}: ${(error as Error).message}`);
  }
}

/** Keeps optional, doc and a castable default; the logical name goes. */
function retype(schema: Schema, target: SchemaType): Schema {
  const { defaultValue } = schema;
  const hasDefault = defaultValue !== undefined && defaultValue !== null;
  return new Schema(target, {
    optional: schema.optional,
    default: hasDefault ? castValue(defaultValue, schema, target) : defaultValue,
  });
}

/** The casts of Kafka's transform. Integers wrap like Java's narrowing; floats are cut towards zero. */
export function castValue(value: unknown, schema: Schema | null, target: SchemaType): unknown {
  switch (target) {
    case 'int8':
      return Number(BigInt.asIntN(8, toInteger(value)));
    case 'int16':
      return Number(BigInt.asIntN(16, toInteger(value)));
    case 'int32':
      return Number(BigInt.asIntN(32, toInteger(value)));
    case 'int64':
      return int64(BigInt.asIntN(64, toInteger(value)));
    case 'float32':
      return Math.fround(toFloat(value));
    case 'float64':
      return toFloat(value);
    case 'boolean':
      return toBoolean(value);
    default:
      return toText(value, schema);
  }
}

const impossible = (value: unknown, target: string): never => {
  throw new DataError(
    `${typeof value === 'object' ? (value?.constructor?.name ?? 'null') : `${typeof value} ${String(value)}`} cannot be cast to ${target}`,
  );
};

function toInteger(value: unknown): bigint {
  if (typeof value === 'bigint') return value;
  if (typeof value === 'boolean') return value ? 1n : 0n;
  if (typeof value === 'number')
    return Number.isFinite(value) ? BigInt(Math.trunc(value)) : impossible(value, 'an integer');
  if (value instanceof Decimal) return value.unscaled / 10n ** BigInt(Math.max(0, value.scale));
  if (typeof value === 'string') return BigInt(parseInt64(value.trim()) ?? impossible(value, 'an integer'));
  return impossible(value, 'an integer');
}

function toFloat(value: unknown): number {
  if (typeof value === 'number') return value;
  if (typeof value === 'bigint') return Number(value);
  if (typeof value === 'boolean') return value ? 1 : 0;
  if (value instanceof Decimal) return value.toNumber();
  if (typeof value === 'string' && value.trim() !== '') {
    const number = Number(value);
    if (!Number.isNaN(number) || value.trim() === 'NaN') return number;
  }
  return impossible(value, 'a float');
}

/** Text is true only when it says so, as in Java. */
function toBoolean(value: unknown): boolean {
  if (typeof value === 'boolean') return value;
  if (typeof value === 'string') return value.toLowerCase() === 'true';
  return toFloat(value) !== 0;
}

function toText(value: unknown, schema: Schema | null): string {
  if (typeof value === 'string') return value;
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  if (typeof value === 'number' && schema !== null) return temporalText(value, schema);
  if (typeof value === 'object' && !(value instanceof Decimal)) return impossible(value, 'string');
  return String(value);
}

function temporalText(value: number, schema: Schema): string {
  if (schema.name === DATE) return new Date(value * DAY_MS).toISOString().slice(0, 10);
  if (schema.name === TIME) return new Date(value).toISOString().slice(11);
  if (schema.name === TIMESTAMP) return new Date(value).toISOString();
  const isFloat = schema.type === 'float32' || schema.type === 'float64';
  return isFloat && Number.isInteger(value) ? `${value}.0` : String(value);
}
