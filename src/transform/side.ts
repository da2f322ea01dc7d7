/** Most transforms exist for keys and for values (`$Key`, `$Value`): one implementation, two declarations. */
import {
  type Config,
  type ConfigDef,
  type ConnectRecord,
  DataError,
  Decimal,
  type Schema,
  Struct,
} from '../kernel';
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

const SIDES = [KEY, VALUE];

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
  return SIDES.map((side) => ({
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
  readonly [name: string]: unknown;
}

/** Sets a member as JSON would have it: `__proto__` is a name like any other. */
export function setMember(into: Record<string, unknown>, name: string, value: unknown): void {
  if (name !== '__proto__') into[name] = value;
  else Object.defineProperty(into, name, { value, writable: true, enumerable: true, configurable: true });
}

/** A copy to add members to: one made by spreading is slow to grow. */
export function copyOf(from: MapValue): Record<string, unknown> {
  const copy: Record<string, unknown> = {};
  for (const name of Object.keys(from)) setMember(copy, name, from[name]);
  return copy;
}

/** The value as a struct; throws DataError with the purpose when it is not one. */
export function requireStruct(value: unknown, purpose: string): Struct {
  if (value instanceof Struct) return value;
  throw new DataError(`Only Struct objects supported for [${purpose}], found: ${typeName(value)}`);
}

/** A schemaless value as an object; throws DataError with the purpose when it is not one. */
export function requireMap(value: unknown, purpose: string): MapValue {
  if (value instanceof Map) return Object.fromEntries(value) as MapValue;
  if (isMap(value)) return value;
  throw new DataError(
    `Only Map objects supported in absence of schema for [${purpose}], found: ${typeName(value)}`,
  );
}

export const typeName = (value: unknown): string =>
  value === null || value === undefined
    ? 'null'
    : typeof value === 'object'
      ? (value.constructor?.name ?? 'object')
      : typeof value;

/** Whether a schemaless value is an object with members, and not an array, bytes or another value of its own class. */
export const isMap = (value: unknown): value is MapValue =>
  typeof value === 'object' &&
  value !== null &&
  !Array.isArray(value) &&
  !(value instanceof Struct || value instanceof Uint8Array || value instanceof Decimal);

/** How a transform changes the two forms of a value that has fields. */
export interface Shapes {
  struct(value: Struct, record: ConnectRecord): Struct;
  map(value: MapValue, record: ConnectRecord): MapValue;
}

/** Nothing to do for null; a struct where there is a schema, a map where there is none, and DataError for the rest. */
export function perShape(side: Side, purpose: string, shapes: Shapes): Transform {
  return (record) => {
    const value = side.value(record);
    if (value === null || value === undefined) return record;
    if (side.schema(record) === null)
      return side.with(record, null, shapes.map(requireMap(value, purpose), record));
    const changed = shapes.struct(requireStruct(value, purpose), record);
    return side.with(record, changed.schema, changed);
  };
}

/**
 * What is derived from a schema, by its identity: topics carry few schemas, and mostly the same one again. Bounded by
 * the schemas in use, since nothing is kept of those that are gone.
 */
export function perSchema<T>(derive: (schema: Schema) => T): (schema: Schema) => T {
  const cache = new WeakMap<Schema, T>();
  let last: Schema | null = null;
  let lastDerived: T;
  return (schema) => {
    if (schema === last) return lastDerived;
    let derived = cache.get(schema);
    if (derived === undefined) cache.set(schema, (derived = derive(schema)));
    last = schema;
    lastDerived = derived;
    return derived;
  };
}
