/**
 * The order in which Java's hash maps give their keys. Confluent's converter keeps properties and annotations in such maps,
 * and a registry tells schemas apart by their text: in another order the same schema would be a new one, or not be found.
 * Tables double at three quarters; keys of one bucket stay in the order they came in.
 */
const FIRST_TABLE = 16;
const LOAD = 0.75;

type Key = string | null;

/** Of a map that grew key by key. */
export const grownOrder = <K extends Key>(keys: readonly K[]): K[] =>
  inTable(keys, growing(keys.length, FIRST_TABLE));

/** Of a copy of such a map: one that is as large as its size asks for at once (Java up to 18). */
export const copiedOrder = <K extends Key>(keys: readonly K[]): K[] =>
  inTable(grownOrder(keys), powerOfTwo(Math.floor(keys.length / LOAD + 1)));

/** Of a map that was made for the size of such a map, which lets it grow once more. */
export const wrappedOrder = <K extends Key>(keys: readonly K[]): K[] =>
  inTable(grownOrder(keys), growing(keys.length, powerOfTwo(keys.length)));

function growing(size: number, first: number): number {
  let table = first;
  while (size > Math.floor(table * LOAD)) table *= 2;
  return table;
}

/** The least one that is as large. */
function powerOfTwo(size: number): number {
  let power = 1;
  while (power < size) power *= 2;
  return power;
}

function inTable<K extends Key>(keys: readonly K[], table: number): K[] {
  const placed = keys.map((key) => ({ key, bucket: spread(hashCode(key)) & (table - 1) }));
  return placed.sort((a, b) => a.bucket - b.bucket).map(({ key }) => key);
}

const spread = (hash: number): number => hash ^ (hash >>> 16);

/** Java's String.hashCode. */
function hashCode(text: Key): number {
  let hash = 0;
  for (let i = 0; text !== null && i < text.length; i++) {
    hash = (Math.imul(hash, 31) + text.charCodeAt(i)) | 0;
  }
  return hash;
}
