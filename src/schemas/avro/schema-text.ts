/** The texts of an Avro schema that a registry stores, hashes and answers with. */
import type { AvroSchema } from './ast';
import { normalizeAvro } from './normalize';
import { type AvroParseOptions, type AvroReference, parseAvro } from './parse';
import { printAvro } from './print';

export type { AvroParseOptions, AvroReference } from './parse';

export interface AvroText {
  /** What is stored and hashed. */
  readonly canonical: string;
  /** The canonical text with all references inlined: equal for schemas that differ only in how they are split. */
  readonly resolved: string;
  readonly schema: AvroSchema;
}

/**
 * Parses a schema and prints its canonical text. References must come dependencies first; their types print as names.
 * Throws DataError with reason and place.
 */
export function canonicalAvro(
  text: string,
  references: readonly AvroReference[] = [],
  options: AvroParseOptions = {},
): AvroText {
  const { schema, referenced } = parseAvro(text, references, options);
  return { canonical: printAvro(schema, referenced), resolved: printAvro(schema), schema };
}

export interface NormalizedAvro extends AvroText {
  /** The normalised text itself; what is stored is the canonical text of it. */
  readonly normalized: string;
}

/** As `canonicalAvro`, of the normalised schema: spellings of the same schema give the same text. */
export function normalizedAvro(
  text: string,
  references: readonly AvroReference[] = [],
  options: AvroParseOptions = {},
): NormalizedAvro {
  const { schema, referenced } = parseAvro(text, references, options);
  const normalized = normalizeAvro(schema, referenced);
  return { normalized, ...canonicalAvro(normalized, references) };
}
