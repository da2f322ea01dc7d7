/** What the registry asks of a schema language. One file per language beside this one; `index.ts` lists them. */
import type { Roles } from '../../schemas/compatibility/roles';
import type { CompatibilityPolicy } from '../state/settings';

/** A schema that another one refers to. */
export interface ReferencedText {
  /** What the reference calls it: a full name (AVRO), a `$ref` (JSON), an import path (PROTOBUF). */
  readonly name: string;
  /** What references of other schemas call it. */
  readonly aliases?: readonly string[];
  /** As stored. */
  readonly text: string;
}

export interface ReadTextOptions {
  /** Spellings of the same schema give the same text. */
  readonly normalize: boolean;
  /** Names, defaults and so on are checked as for a new schema; what was stored once is read leniently. */
  readonly strict: boolean;
}

/** A schema as it was read. `S` is the language's own tree. */
export interface SchemaText<S = unknown> {
  /** What is stored and hashed. */
  readonly canonical: string;
  /** Equal for schemas that differ only in whether types are inlined or referred to. */
  readonly resolved: string;
  readonly schema: S;
}

export interface SchemaType<S = unknown> {
  /** `AVRO`, `JSON`, `PROTOBUF` */
  readonly name: string;
  /**
   * Parses a schema. References come dependencies first, each once.
   * @throws DataError with reason and place
   */
  read(text: string, references: readonly ReferencedText[], options: ReadTextOptions): SchemaText<S>;
  /** Why `reader` cannot read what was written with `writer`, for people; empty when it can. Bounded in time. */
  check(reader: S, writer: S, roles: Roles, policy: CompatibilityPolicy): readonly string[];
  /** The text in what the parameter `format` names; null for formats that the language does not know. */
  format(text: SchemaText<S>, format: string): string | null;
}

/** Lets a table hold languages with trees of all kinds. */
export const schemaType = <S>(type: SchemaType<S>): SchemaType => type as unknown as SchemaType;
