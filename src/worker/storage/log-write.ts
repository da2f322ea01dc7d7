/** What stores hand to a compacted log. */

/** Text per write: far below the 1 MB that a broker takes in one batch, were all of it three bytes a character. */
const CHUNK_CHARS = 250_000;

export const encodeRecord = (key: string, value: string | null): { key: Buffer; value: Buffer | null } => ({
  key: Buffer.from(key),
  value: value === null ? null : Buffer.from(value),
});

/** The same items in the same order; one that is larger goes alone. */
export function inChunks<T>(items: readonly T[], charsOf: (item: T) => number): T[][] {
  const chunks: T[][] = [];
  let chars = 0;
  for (const item of items) {
    const size = charsOf(item);
    if (chunks.length === 0 || chars + size > CHUNK_CHARS) {
      chunks.push([]);
      chars = 0;
    }
    chunks.at(-1)!.push(item);
    chars += size;
  }
  return chunks;
}
