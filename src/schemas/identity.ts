/**
 * The identity of a schema in a registry: MD5 over its canonical text and what belongs to it. The 16 bytes, printed as
 * a UUID with no bits changed, are its guid. The kind of schema is not part of it.
 */
import { createHash, hash as oneShot } from 'node:crypto';
import { DataError } from '../kernel';

export interface SchemaReference {
  /** What the schema text calls it: full name, `$ref` or import path. */
  readonly name: string;
  readonly subject: string;
  readonly version: number;
}

export interface SchemaContent {
  /** Canonical text. */
  readonly schema: string;
  readonly references?: readonly SchemaReference[];
  /** Their keys and values in order, nothing between them; absent or null when there are none. */
  readonly metadata?: string | null;
  readonly ruleSet?: string | null;
}

/** 16 bytes, equal exactly when the contents are the same to a registry. */
export function contentKey(content: SchemaContent): Buffer {
  const { schema, references = [], metadata = null, ruleSet = null } = content;
  if (references.length === 0 && metadata === null && ruleSet === null)
    return oneShot('md5', schema, 'buffer');
  const hash = createHash('md5').update(schema, 'utf8');
  for (const reference of references) {
    const version = Buffer.allocUnsafe(4);
    version.writeInt32BE(reference.version);
    hash.update(reference.name, 'utf8').update(reference.subject, 'utf8').update(version);
  }
  for (const text of [metadata, ruleSet]) {
    if (text !== null) hash.update(PRESENT).update(text, 'utf8');
  }
  return hash.digest();
}

const PRESENT = Buffer.from([1]);

/** `095d71cf-1255-6b9d-5e33-0ad575b3df5d` */
export const schemaGuid = (content: SchemaContent): string => formatGuid(contentKey(content));

export function formatGuid(key: Buffer): string {
  const hex = key.toString('hex');
  // Joined, the text is one piece of memory; a template would keep the pieces.
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

/** The 16 bytes of a guid. Throws DataError when the text is none. */
export function parseGuid(guid: string): Buffer {
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(guid)) {
    throw new DataError(`${JSON.stringify(guid)} is not a schema guid`);
  }
  return Buffer.from(guid.replaceAll('-', ''), 'hex');
}
