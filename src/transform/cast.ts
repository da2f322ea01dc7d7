import {
  ConfigDef,
  ConfigError,
  DATE,
  DataError,
  DECIMAL,
  Decimal,
  type Int64,
  int64,
  parseInt64,
  Schema,
  type SchemaOptions,
  type SchemaType,
  Struct,
  TIME,
  TIMESTAMP,
  valueText,
} from '../kernel';
import type { Transform } from '../plugin';
import { basicsOf, deriveStruct, NULLS_TO_DEFAULTS, NULLS_TO_DEFAULTS_KEY, readFields } from './fields';
import { bothSides, copyOf, perSchema, perShape, type Side, setMember, typeName } from './side';

const PURPOSE = 'cast types';
const WHOLE = '';
const LOGICAL: ReadonlySet<string> = new Set([DATE, TIME, TIMESTAMP, DECIMAL]);

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
    validator: (value) => specProblem((value ?? []) as readonly string[]),
  },
  NULLS_TO_DEFAULTS_KEY,
]);

/** Target type per field; the entry for the empty name is that of the whole value. Throws ConfigError. */
function parseSpec(spec: readonly string[]): Map<string, SchemaType> {
  if (spec.length === 0) throw new ConfigError('Must specify at least one field to cast.');
  const targets = new Map<string, SchemaType>();
  for (const entry of spec) {
    const parts = entry.split(':').map((part) => part.trim());
    if (parts.length > 2) throw new ConfigError(`Invalid mapping: ${entry} (each must be field:type)`);
    const type = parts.at(-1)!;
    if (!TARGETS.has(type.toLowerCase())) {
      throw new ConfigError(
        `Invalid type found in casting spec: ${type} (types are ${[...TARGETS].join(', ')})`,
      );
    }
    targets.set(parts.length === 1 ? WHOLE : parts[0]!, type.toLowerCase() as SchemaType);
  }
  if (targets.has(WHOLE) && spec.length > 1) {
    throw new ConfigError('Cast transformations that name a type for the entire value can name nothing else');
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
    const whole = targets.get(WHOLE);
    return whole === undefined
      ? castFields(side, targets, config.boolean(NULLS_TO_DEFAULTS))
      : castWhole(side, whole);
  },
});

function castWhole(side: Side, target: SchemaType): Transform {
  const retyped = perSchema((schema: Schema) => {
    // The name of a logical type would make readers expect its values.
    const basics = basicsOf(schema);
    return retype(schema, target, LOGICAL.has(schema.name ?? '') ? {} : basics);
  });
  return (record) => {
    const value = side.value(record);
    if (value === null || value === undefined) return record;
    const schema = side.schema(record);
    return side.with(record, schema === null ? null : retyped(schema), castValue(value, schema, target));
  };
}

interface CastPlan {
  readonly schema: Schema;
  /** By field; null where it stays as it is. */
  readonly targets: readonly (SchemaType | null)[];
}

function castFields(
  side: Side,
  targets: ReadonlyMap<string, SchemaType>,
  nullsToDefaults: boolean,
): Transform {
  const plan = perSchema((schema: Schema) => planFor(schema, targets));
  return perShape(side, PURPOSE, {
    struct(value) {
      const { fields } = value.schema;
      const { schema, targets: byField } = plan(value.schema);
      const values = readFields(value, fields, nullsToDefaults);
      for (let i = 0; i < values.length; i++) {
        const target = byField[i]!;
        if (target !== null && values[i] !== null) {
          values[i] = castField(fields[i]!.name, values[i], fields[i]!.schema, target);
        }
      }
      return new Struct(schema, values);
    },
    map(value) {
      const copy = copyOf(value);
      for (const [name, target] of targets) {
        const current = copy[name] ?? null;
        setMember(copy, name, current === null ? null : castField(name, current, null, target));
      }
      return copy;
    },
  });
}

function planFor(schema: Schema, targets: ReadonlyMap<string, SchemaType>): CastPlan {
  const byField = schema.fields.map(({ name }) => targets.get(name) ?? null);
  const fields = schema.fields.map(({ name, schema: field }, i) => {
    const target = byField[i]!;
    return [name, target === null ? field : retype(field, target)] as const;
  });
  if (schema.defaultValue !== undefined && schema.defaultValue !== null)
    throw new DataError('Cast does not support structs with a default');
  return {
    schema: deriveStruct(fields, { ...basicsOf(schema), optional: schema.optional }),
    targets: byField,
  };
}

function castField(name: string, value: unknown, schema: Schema | null, target: SchemaType): unknown {
  try {
    return castValue(value, schema, target);
  } catch (error) {
    throw new DataError(`field ${name}: ${(error as Error).message}`);
  }
}

/** Keeps optional and the default, which is cast too. */
function retype(schema: Schema, target: SchemaType, basics: SchemaOptions = {}): Schema {
  const { defaultValue, optional } = schema;
  const hasDefault = defaultValue !== undefined && defaultValue !== null;
  return new Schema(target, {
    ...basics,
    optional,
    default: hasDefault ? castValue(defaultValue, schema, target) : undefined,
  });
}

/** The casts of Kafka's transform, with Java's narrowing. Throws DataError for what cannot be cast. */
export function castValue(value: unknown, schema: Schema | null, target: SchemaType): unknown {
  switch (target) {
    case 'int8':
    case 'int16':
    case 'int32':
    case 'int64':
      return toInteger(value, schema, target);
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
  const shown = typeof value === 'string' ? `text ${JSON.stringify(value)}` : typeName(value);
  throw new DataError(`${shown} cannot be cast to ${target}`);
};

const BITS = { int8: 8, int16: 16, int32: 32, int64: 64 } as const;
const INT32_MAX = 2_147_483_647;
const INT64_MAX = 2n ** 63n - 1n;

/** Integers wrap. Floats are cut towards zero and held within int32, or int64 where that is wanted, before they wrap. */
function toInteger(value: unknown, schema: Schema | null, target: keyof typeof BITS): Int64 {
  const bits = BITS[target];
  if (typeof value === 'boolean') return value ? 1 : 0;
  if (typeof value === 'string') {
    const parsed = parseInt64(value);
    return parsed !== null && BigInt.asIntN(bits, BigInt(parsed)) === BigInt(parsed)
      ? parsed
      : impossible(value, target);
  }
  if (typeof value === 'number') {
    const isFloat = schema?.type === 'float32' || schema?.type === 'float64' || !Number.isInteger(value);
    return isFloat ? fromFloat(value, target) : wrapped(BigInt(value), bits);
  }
  if (typeof value === 'bigint') return wrapped(value, bits);
  if (value instanceof Decimal) return wrapped(wholePart(value), bits);
  return impossible(value, target);
}

const wrapped = (value: bigint, bits: number): Int64 => int64(BigInt.asIntN(bits, value));

function fromFloat(value: number, target: keyof typeof BITS): Int64 {
  if (Number.isNaN(value)) return 0;
  if (target !== 'int64') {
    const held = Math.trunc(Math.min(Math.max(value, -INT32_MAX - 1), INT32_MAX));
    return wrapped(BigInt(held), BITS[target]);
  }
  if (value >= 2 ** 63) return int64(INT64_MAX);
  return int64(value <= -(2 ** 63) ? -INT64_MAX - 1n : BigInt(Math.trunc(value)));
}

const wholePart = ({ unscaled, scale }: Decimal): bigint =>
  scale > 0 ? unscaled / 10n ** BigInt(scale) : unscaled * 10n ** BigInt(-scale);

/** What Java's parser of floats takes, its suffixes too. */
const FLOAT_TEXT = /^[+-]?(?:NaN|Infinity|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?[fFdD]?)$/;

function toFloat(value: unknown): number {
  if (typeof value === 'number') return value;
  if (typeof value === 'bigint') return Number(value);
  if (typeof value === 'boolean') return value ? 1 : 0;
  if (value instanceof Decimal) return value.toNumber();
  if (typeof value === 'string' && FLOAT_TEXT.test(value.trim())) {
    return Number(value.trim().replace(/[fFdD]$/, ''));
  }
  return impossible(value, 'a float');
}

/** Text is true only when it says so; a number when its whole part is not zero. */
function toBoolean(value: unknown): boolean {
  if (typeof value === 'boolean') return value;
  if (typeof value === 'string') return value.toLowerCase() === 'true';
  if (typeof value === 'bigint') return value !== 0n;
  if (value instanceof Decimal) return wholePart(value) !== 0n;
  return typeof value === 'number' ? Math.abs(value) >= 1 : impossible(value, 'boolean');
}

function toText(value: unknown, schema: Schema | null): string {
  const isScalar = typeof value !== 'object' || value instanceof Uint8Array || value instanceof Decimal;
  return isScalar ? valueText(schema, value) : impossible(value, 'string');
}
