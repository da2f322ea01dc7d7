/** What a schema language does for its converter; the rest is the same for all of them. */
import type { Schema } from '../../kernel';
import type { SchemaKind } from '../../schemas/cache/entries';
import type { Roles } from '../../schemas/compatibility/roles';
import type { SchemaReference } from '../../schemas/identity';
import type { ResolvedReference } from '../../schemas/references';

/** What messages call a schema of the registry to write with, and the one that data have themselves. */
export const ROLES: Roles = { reader: 'registered schema', writer: 'schema of the data' };

/** The schema that data say themselves they have. */
export interface OwnSchema<W> {
  /** Null: the data have none that could be registered. */
  readonly text: string | null;
  readonly references?: readonly SchemaReference[];
  /** Full name, for the subject name strategies that need it. */
  readonly recordName: string | null;
  readonly write: W;
}

/** A schema of the registry to write with. */
export interface GivenSchema<W, O> {
  readonly write: W;
  /** Why data of their own schema do not fit it; null when they do. */
  problem(own: O): string | null;
}

/** Ready to read values of one schema. */
export interface Decoder {
  /** Of the value that was read last: one schema of the registry may hold several messages. */
  readonly schema: Schema | null;
  /**
   * Reads the bytes from `start` to their end. Throws DataError.
   * @param suffix what follows the guid in the header; null: the schema is named before the data
   */
  read(bytes: Buffer, start: number, suffix: Buffer | null): unknown;
}

/** A schema of the registry to read with. */
export interface ReadableSchema {
  readonly recordName: string | null;
  /** Whether the version of the registry becomes that of the Connect schema. */
  readonly wantsVersion: boolean;
  compile(version: number | null): Decoder;
}

export interface SchemaLanguage<W, O extends OwnSchema<W> = OwnSchema<W>> {
  readonly type: SchemaKind;
  /** Whether a null that was written with a schema is read with it; otherwise it is like no value at all. */
  readonly nullHasSchema: boolean;
  /** Throws DataError when a Connect schema has no form in this language. */
  own(schema: Schema | null): O;
  /** Throws DataError. @param references dependencies first */
  given(schema: Schema | null, text: string, references: readonly ResolvedReference[]): GivenSchema<W, O>;
  readable(text: string, references: readonly ResolvedReference[]): ReadableSchema;
  /** What follows the guid in the header: the message indexes of Protobuf. */
  frameSuffix?(write: W): Buffer;
}
