/** Which partition a keyed record belongs to: as Kafka's default partitioner, so that mixed producers agree. */

const SEED = 0x9747b28c | 0;
const MULTIPLIER = 0x5bd1e995;
const SHIFT = 24;

/** Murmur2, 32 bits, as in Kafka's `Utils.murmur2`. */
export function murmur2(bytes: Uint8Array): number {
  const length = bytes.length;
  const whole = length & ~3;
  let hash = SEED ^ length;
  for (let at = 0; at < whole; at += 4) {
    const word = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
    const mixed = Math.imul(word, MULTIPLIER);
    hash = Math.imul(hash, MULTIPLIER) ^ Math.imul(mixed ^ (mixed >>> SHIFT), MULTIPLIER);
  }
  const left = length - whole;
  if (left >= 3) hash ^= bytes[whole + 2]! << 16;
  if (left >= 2) hash ^= bytes[whole + 1]! << 8;
  if (left >= 1) hash = Math.imul(hash ^ bytes[whole]!, MULTIPLIER);
  hash = Math.imul(hash ^ (hash >>> 13), MULTIPLIER);
  return hash ^ (hash >>> 15);
}

/** Records without a key have no partition of their own: the caller spreads them. */
export const partitionForKey = (key: Uint8Array, partitionCount: number): number =>
  (murmur2(key) & 0x7fffffff) % partitionCount;
