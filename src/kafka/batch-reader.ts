/**
 * Reads assigned partitions without a group. What is queued are the bytes of batches as they came, bounded; records are
 * decoded when a reader asks for them. Positions come from the headers of batches, so the end of a partition is
 * reached also where its last records are control, aborted or compacted away.
 */
import type { Position, TopicPartition } from '../kernel';
import { Fetcher, type FetchLimits, keyOf, type ReaderDependencies } from './fetcher';
import { PartitionBuffer } from './partition-buffer';
import type { BatchReader, RawBatch, ReaderOptions } from './port';

const DEFAULTS: FetchLimits = {
  isolation: 'read_uncommitted',
  minBytes: 1,
  maxBytes: 2 * 1024 * 1024,
  maxPartitionBytes: 1024 * 1024,
  maxWaitMs: 500,
  bufferBytes: 8 * 1024 * 1024,
  outOfRange: 'earliest',
};

/** What one call of `next` hands out: bytes that count as read, and that the fetcher replaces meanwhile. */
const HAND_OUT_BYTES = 1024 * 1024;

/** Timers of Node fire at once for more. */
const MAX_TIMER_MS = 2 ** 31 - 1;

export function createBatchReader(
  dependencies: ReaderDependencies,
  options: ReaderOptions = {},
): BatchReader {
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  return new Reader(dependencies, { ...DEFAULTS, ...Object.fromEntries(given) });
}

class Reader implements BatchReader {
  /** Those that waited longest for data first: the fetcher keeps this order. */
  readonly #buffers = new Map<string, PartitionBuffer>();
  readonly #fetcher: Fetcher;
  #waiting: (() => void)[] = [];
  #closed = false;

  constructor(dependencies: ReaderDependencies, limits: FetchLimits) {
    this.#fetcher = new Fetcher(this.#buffers, dependencies, limits, () => this.#wake());
  }

  assign(positions: readonly Position[]): void {
    for (const position of positions) {
      const assigned = this.#buffers.get(keyOf(position));
      if (assigned === undefined) this.#buffers.set(keyOf(position), new PartitionBuffer(position));
      else assigned.seek(position.offset);
    }
    this.#fetcher.pump();
  }

  unassign(partitions: readonly TopicPartition[]): void {
    for (const partition of partitions) {
      this.#buffers.get(keyOf(partition))?.drop();
      this.#buffers.delete(keyOf(partition));
    }
    this.#fetcher.pump();
  }

  seek(position: Position): void {
    const buffer = this.#buffers.get(keyOf(position));
    if (buffer === undefined) {
      throw new RangeError(`Partition ${position.topic}-${position.partition} is not assigned.`);
    }
    buffer.seek(position.offset);
    this.#fetcher.pump();
  }

  pause(partitions: readonly TopicPartition[]): void {
    for (const buffer of this.#assigned(partitions)) buffer.paused = true;
  }

  resume(partitions: readonly TopicPartition[]): void {
    for (const buffer of this.#assigned(partitions)) buffer.paused = false;
    this.#fetcher.pump();
    this.#wake();
  }

  /** Partitions may have been taken away meanwhile: their pausing is nobody's concern any more. */
  #assigned(partitions: readonly TopicPartition[]): PartitionBuffer[] {
    return partitions.flatMap((partition) => this.#buffers.get(keyOf(partition)) ?? []);
  }

  async next(waitMs: number, signal?: AbortSignal): Promise<RawBatch[]> {
    const batches = this.#take();
    if (batches.length > 0 || this.#closed || waitMs <= 0 || signal?.aborted) return batches;
    await this.#news(waitMs, signal);
    return this.#take();
  }

  #take(): RawBatch[] {
    const batches: RawBatch[] = [];
    let room = HAND_OUT_BYTES;
    for (const buffer of this.#buffers.values()) {
      if (buffer.paused || room <= 0) continue;
      if (buffer.failure !== null && !buffer.hasBatches && batches.length === 0) throw buffer.failure;
      if (!buffer.hasBatches) continue;
      const before = buffer.queuedBytes;
      for (const batch of buffer.take(room)) batches.push(batch);
      room -= before - buffer.queuedBytes;
    }
    if (batches.length === 0 && this.#fetcher.failure !== null) throw this.#fetcher.failure;
    // Before the caller works on these: the next fetch is then under way meanwhile.
    if (batches.length > 0) this.#fetcher.pump();
    return batches;
  }

  #news(waitMs: number, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', done);
        this.#waiting = this.#waiting.filter((each) => each !== done);
        resolve();
      };
      const timer = setTimeout(done, Math.min(waitMs, MAX_TIMER_MS));
      signal?.addEventListener('abort', done, { once: true });
      this.#waiting.push(done);
    });
  }

  #wake(): void {
    for (const done of this.#waiting) done();
  }

  position(partition: TopicPartition): number | undefined {
    return this.#buffers.get(keyOf(partition))?.position;
  }

  end(partition: TopicPartition): number | undefined {
    return this.#buffers.get(keyOf(partition))?.end;
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const buffer of this.#buffers.values()) buffer.drop();
    this.#buffers.clear();
    this.#wake();
    await this.#fetcher.close();
  }
}
