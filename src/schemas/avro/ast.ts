/** An Avro schema as a tree: what the text says, nothing lost. Recursive schemas are cycles. */
import type { Json, JsonObject } from '../json-text';

export type AvroPrimitiveKind = 'null' | 'boolean' | 'int' | 'long' | 'float' | 'double' | 'bytes' | 'string';

/** Attributes the specification does not reserve: logicalType, connect.*, whatever users add. In order. */
export type AvroProps = JsonObject;

export interface AvroName {
  readonly full: string;
  readonly short: string;
  /** Null: the null namespace. */
  readonly space: string | null;
}

export interface AvroPrimitive {
  readonly kind: AvroPrimitiveKind;
  readonly props: AvroProps;
}

export type AvroOrder = 'ascending' | 'descending' | 'ignore';

export interface AvroField {
  readonly name: string;
  readonly type: AvroSchema;
  readonly doc: string | null;
  /** `undefined`: none. */
  readonly default: Json | undefined;
  readonly order: AvroOrder;
  readonly aliases: readonly string[];
  readonly props: AvroProps;
}

export interface AvroRecord {
  readonly kind: 'record';
  readonly isError: boolean;
  readonly name: AvroName;
  readonly doc: string | null;
  /** Filled after construction, so that fields can name their own record. */
  readonly fields: AvroField[];
  /** Full names. */
  readonly aliases: readonly AvroName[];
  readonly props: AvroProps;
}

export interface AvroEnum {
  readonly kind: 'enum';
  readonly name: AvroName;
  readonly doc: string | null;
  readonly symbols: readonly string[];
  readonly default: string | null;
  readonly aliases: readonly AvroName[];
  readonly props: AvroProps;
}

export interface AvroFixed {
  readonly kind: 'fixed';
  readonly name: AvroName;
  readonly doc: string | null;
  readonly size: number;
  readonly aliases: readonly AvroName[];
  readonly props: AvroProps;
}

export interface AvroArray {
  readonly kind: 'array';
  readonly items: AvroSchema;
  readonly props: AvroProps;
}

export interface AvroMap {
  readonly kind: 'map';
  readonly values: AvroSchema;
  readonly props: AvroProps;
}

export interface AvroUnion {
  readonly kind: 'union';
  readonly branches: readonly AvroSchema[];
}

export type AvroNamed = AvroRecord | AvroEnum | AvroFixed;
export type AvroSchema = AvroPrimitive | AvroNamed | AvroArray | AvroMap | AvroUnion;

const PRIMITIVES: ReadonlySet<string> = new Set<AvroPrimitiveKind>([
  'null',
  'boolean',
  'int',
  'long',
  'float',
  'double',
  'bytes',
  'string',
]);

export const isPrimitiveKind = (kind: string): kind is AvroPrimitiveKind => PRIMITIVES.has(kind);

export const isNamed = (schema: AvroSchema): schema is AvroNamed =>
  schema.kind === 'record' || schema.kind === 'enum' || schema.kind === 'fixed';

/** A dotted name wins over the namespace given. */
export function avroName(name: string, space: string | null): AvroName {
  const dot = name.lastIndexOf('.');
  const short = name.slice(dot + 1);
  const own = (dot < 0 ? space : name.slice(0, dot)) || null;
  return { full: own === null ? short : `${own}.${short}`, short, space: own };
}

/** What tells the branches of a union apart. */
export const branchName = (schema: AvroSchema): string => (isNamed(schema) ? schema.name.full : schema.kind);

/** A text attribute; null when absent or of another type. */
export function textProp(schema: { readonly props: AvroProps }, name: string): string | null {
  const value = schema.props.get(name);
  return typeof value === 'string' ? value : null;
}
