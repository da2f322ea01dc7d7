/**
 * A segment in memory: slabs that begin small, so that an idle partition costs little, and grow, so that neighbouring
 * batches are read as one view. Memory is free when the whole segment is.
 */
import * as layout from '../../kafka/wire/batch-layout';
import type { SegmentStore } from './store';

const SMALLEST_SLAB = 4 * 1024;
const LARGEST_SLAB = 1024 * 1024;
/** Larger batches get a slab of their own: ends of slabs that nothing fits into stay below a quarter. */
const LARGEST_SHARED = LARGEST_SLAB / 4;

interface Chunk {
  readonly slab: Buffer;
  readonly start: number;
  /** In the segment. */
  readonly position: number;
  size: number;
}

export class MemoryStore implements SegmentStore {
  sizeBytes = 0;
  /** In order of their positions, without gaps. */
  #chunks: Chunk[] = [];
  #slab: Buffer | null = null;
  #used = 0;

  append(batch: Buffer, baseOffset: number, leaderEpoch: number): void {
    const { length } = batch;
    const chunk =
      length > LARGEST_SHARED ? this.#addChunk(Buffer.allocUnsafeSlow(length), 0) : this.#room(length);
    const at = chunk.start + chunk.size;
    chunk.slab.set(batch, at);
    layout.writeInt64(chunk.slab, baseOffset, at + layout.BASE_OFFSET);
    chunk.slab.writeInt32BE(leaderEpoch, at + layout.LEADER_EPOCH);
    chunk.size += length;
    this.sizeBytes += length;
  }

  #room(size: number): Chunk {
    if (this.#slab === null || this.#used + size > this.#slab.length) {
      const last = this.#slab?.length ?? SMALLEST_SLAB / 2;
      this.#slab = Buffer.allocUnsafeSlow(Math.max(Math.min(2 * last, LARGEST_SLAB), size));
      this.#used = 0;
    }
    const start = this.#used;
    this.#used += size;
    const last = this.#chunks.at(-1);
    return last?.slab === this.#slab ? last : this.#addChunk(this.#slab, start);
  }

  #addChunk(slab: Buffer, start: number): Chunk {
    const chunk: Chunk = { slab, start, position: this.sizeBytes, size: 0 };
    this.#chunks.push(chunk);
    return chunk;
  }

  read(position: number, size: number): Buffer[] {
    const end = position + size;
    const pieces: Buffer[] = [];
    for (let n = this.#chunkAt(position); n < this.#chunks.length; n++) {
      const { slab, start, position: at, size: length } = this.#chunks[n]!;
      if (at >= end) break;
      const from = Math.max(0, position - at);
      pieces.push(slab.subarray(start + from, start + Math.min(length, end - at)));
    }
    return pieces;
  }

  #chunkAt(position: number): number {
    let low = 0;
    let high = this.#chunks.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const { position: at, size } = this.#chunks[middle]!;
      if (at + size <= position) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  sync(): void {}

  close(): void {
    this.#slab = null;
  }

  remove(): void {
    this.#slab = null;
    this.#chunks = [];
  }
}
