/**
 * Memory of record batches that were sent, for the next ones. Left to the garbage collector some 60 MB of it would pile
 * up: what the collector sees of a batch is one small object.
 */

/** Smaller ones are cheap to make. */
export const SMALLEST_SLAB = 16 * 1024;
const KEPT_BYTES = 8 * 1024 * 1024;

/** Oldest first. */
const slabs: Buffer[] = [];
let kept = 0;

/** A whole buffer of `size` to twice that, at least the smallest slab, with whatever was in it. */
export function takeSlab(size: number): Buffer {
  const wanted = Math.max(size, SMALLEST_SLAB);
  const found = slabs.findLastIndex(({ length }) => length >= wanted && length <= 2 * wanted);
  if (found < 0) return Buffer.allocUnsafeSlow(wanted);
  const [slab] = slabs.splice(found, 1);
  kept -= slab!.length;
  return slab!;
}

/** `bytes`: begin of a whole buffer that nobody uses any more. */
export function giveSlab({ buffer }: Buffer): void {
  const slab = Buffer.from(buffer);
  if (slab.length < SMALLEST_SLAB || slab.length > KEPT_BYTES) return;
  slabs.push(slab);
  kept += slab.length;
  while (kept > KEPT_BYTES) kept -= slabs.shift()!.length;
}
