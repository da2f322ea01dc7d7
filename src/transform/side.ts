/** Most transforms exist for keys and for values (`$Key`, `$Value`): one implementation, two declarations. */
import { type Config, type ConfigDef, type ConnectRecord, DataError, type Schema, Struct } from '../kernel';
import type { Transform, TransformPlugin } from '../plugin';

export interface Side {
  readonly name: 'Key' | 'Value';
  schema(record: ConnectRecord): Schema | null;
  value(record: ConnectRecord): unknown;
  with<R extends ConnectRecord>(record: R, schema: Schema | null, value: unknown): R;
}

const KEY: Side = {
  name: 'Key',
  schema: (record) => record.keySchema,
  value: (record) => record.key,
  with: (record, schema, value) => record.withKey(schema, value) as typeof record,
};

const VALUE: Side = {
  name: 'Value',
  schema: (record) => record.valueSchema,
  value: (record) => record.value,
  with: (record, schema, value) => record.withValue(schema, value) as typeof record,
};

const PACKAGE = 'org.apache.kafka.connect.transforms.';

export interface SidedTransform {
  /** Java's simple class name: `InsertField`. */
  readonly java: string;
  readonly summary: string;
  readonly config: ConfigDef;
  create(config: Config, side: Side): Transform;
}

/** The two declarations of a transform that works on keys or on values. */
export function bothSides(transform: SidedTransform): TransformPlugin[] {
  return [KEY, VALUE].map((side) => ({
    kind: 'transform',
    name: `${kebab(transform.java)}-${side.name.toLowerCase()}`,
    aliases: [`${PACKAGE}${transform.java}$${side.name}`, `${transform.java}$${side.name}`],
    version: '0.1.0',
    summary: `${transform.summary} Works on the ${side.name.toLowerCase()}.`,
    config: transform.config,
    create: (config) => transform.create(config, side),
  }));
}

export const javaAliases = (java: string, kind = ''): string[] => [`${PACKAGE}${kind}${java}`, java];

export const kebab = (java: string): string => java.replace(/(?<=[a-z])(?=[A-Z])/g, '-').toLowerCase();

export interface MapValue {
  [name: string]: unknown;
}

/** The value as a struct; throws DataError with the purpose when it is not one. */
export function requireStruct(value: unknown, purpose: string): Struct {
  if (value instanceof Struct) return value;
  throw new DataError(`Only Struct objects supported for [${purpose}], found: ${typeName(value)}`);
}

/** A schemaless value as an object; throws DataError with the purpose when it is not one. */
export function requireMap(value: unknown, purpose: string): MapValue {
  if (value instanceof Map) return Object.fromEntries(value) as MapValue;
  if (typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Struct)) {
    return value as MapValue;
  }
  throw new DataError(
    `Only Map objects supported in absence of schema for [${purpose}], found: ${typeName(value)}`,
  );
}

const typeName = (value: unknown): string =>
  value === null ? 'null' : typeof value === 'object' ? (value.constructor?.name ?? 'object') : typeof value;

/** Derived schemas by the schema they derive from; topics carry few schemas, so identity is enough. */
export function perSchema<T>(derive: (schema: Schema) => T): (schema: Schema) => T {
  const cache = new WeakMap<Schema, T>();
  return (schema) => {
    let derived = cache.get(schema);
    if (derived === undefined) {
      derived = derive(schema);
      cache.set(schema, derived);
    }
    return derived;
  };
}
