/** One assigned partition of a batch reader: where to fetch, what is fetched and not yet handed out. */
import type { MillraceError, Position } from '../kernel';
import type { RawBatch } from './port';
import type { CutAnswer } from './raw-batch';
import { newBackoff } from './retry';

/** Bytes damaged on the way are whole at the next try, bytes damaged in the log never are. */
const TRIES = 4;

export class PartitionBuffer {
  readonly topic: string;
  readonly partition: number;
  /** Changes whenever answers to what is under way must not count any more. */
  epoch = 0;
  fetchOffset: number;
  /** Offset after what has been handed out. */
  position: number;
  /** As of the last answer. */
  end: number | undefined;
  paused = false;
  /** A fetch under way includes it, or its leader or offset is being looked up. */
  busy = false;
  leader: number | null = null;
  /** Not fetched before this time, ms. */
  notBefore = 0;
  queuedBytes = 0;
  /** Ends the partition until it is sought or unassigned. */
  failure: MillraceError | null = null;
  #queue: RawBatch[] = [];
  /** In a row, at the same offset. */
  #failures = 0;
  readonly #backoff = newBackoff();

  constructor({ topic, partition, offset }: Position) {
    this.topic = topic;
    this.partition = partition;
    this.fetchOffset = this.position = offset;
  }

  get hasBatches(): boolean {
    return this.#queue.length > 0;
  }

  /** Fetching a damaged batch again did not help: it is handed out as it is. */
  get acceptsDamage(): boolean {
    return this.#failures >= TRIES - 1;
  }

  seek(offset: number): void {
    this.drop();
    this.jump(offset);
    this.failure = null;
    this.#failures = this.notBefore = 0;
    this.#backoff.reset();
  }

  /** Forgets what is queued and under way. */
  drop(): void {
    this.epoch++;
    this.busy = false;
    this.#queue = [];
    this.queuedBytes = 0;
  }

  /** Forgets what was not handed out; it will be fetched again. */
  rewind(): void {
    this.drop();
    this.jump(this.position);
  }

  /** Fetches go on from another offset; what is queued stays. */
  jump(offset: number): void {
    this.fetchOffset = offset;
    if (!this.hasBatches) this.position = offset;
  }

  /** Answers whether readers have something to look at: batches, a moved position, a failure. */
  accept(cut: CutAnswer): boolean {
    const moved = cut.nextOffset > this.fetchOffset;
    this.#queue.push(...cut.batches);
    this.queuedBytes += cut.sizeBytes;
    this.jump(cut.nextOffset);
    if (moved) this.#failures = 0;
    if (cut.failure !== null) this.fail(cut.failure);
    else this.#backoff.reset();
    return moved || this.failure !== null;
  }

  /** For what a further try may heal, but not for ever. */
  fail(error: MillraceError): void {
    if (++this.#failures >= TRIES) this.failure = error;
    else this.backOff();
  }

  backOff(): void {
    this.notBefore = Date.now() + this.#backoff.next();
  }

  /** Oldest batches of up to `maxBytes`, one at least. */
  take(maxBytes: number): RawBatch[] {
    let count = 0;
    let bytes = 0;
    for (const { sizeBytes } of this.#queue) {
      if (count > 0 && bytes + sizeBytes > maxBytes) break;
      bytes += sizeBytes;
      count++;
    }
    const taken = this.#queue.splice(0, count);
    this.queuedBytes -= bytes;
    this.position = this.hasBatches ? taken.at(-1)!.lastOffset + 1 : this.fetchOffset;
    return taken;
  }
}
