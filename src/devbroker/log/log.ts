/** The log of one partition: segments of record batches, what producers did in it, and where transactions stand. */

import { BatchCursor } from '../../kafka/wire/record-cursor';
import type { Logger } from '../../kernel';
import type { Clock } from '../clock';
import { Code, Refusal } from '../refusal';
import { AbortedIndex } from './aborted';
import * as batchOf from './batch';
import { markerBatch } from './marker';
import { MemoryStore } from './memory-store';
import type {
  AbortedTransaction,
  Appended,
  FoundOffset,
  Isolation,
  LogConfig,
  PartitionLog,
  ProducerEntry,
  Read,
} from './port';
import { ProducerStates } from './producer-states';
import { Segment } from './segment';
import { checkedBatch, framedBatch } from './validation';

export interface LogOptions {
  readonly topic: string;
  readonly partition: number;
  /** Folder of this partition alone, made when it is not there; null: in memory. */
  readonly dir: string | null;
  readonly config: LogConfig;
  readonly clock: Clock;
  readonly logger: Logger;
  /** 0: what was appended is on the disk (fsync) before `append` returns; else whoever calls `flush` decides. */
  readonly flushMs: number;
}

/** Kafka's `producer.id.expiration.ms`. */
const PRODUCER_EXPIRATION_MS = 24 * 3600 * 1000;
const NOTHING: Read = { chunks: [], sizeBytes: 0, aborted: [] };

export const openLog = (options: LogOptions): PartitionLog => new Log(options);

class Log implements PartitionLog {
  readonly topic: string;
  readonly partition: number;
  startOffset = 0;
  endOffset = 0;
  readonly #options: LogOptions;
  #config: LogConfig;
  #segments: Segment[];
  readonly #producers = new ProducerStates();
  readonly #aborted = new AbortedIndex();
  readonly #listeners = new Set<() => void>();
  #isClosed = false;

  constructor(options: LogOptions) {
    this.topic = options.topic;
    this.partition = options.partition;
    this.#options = options;
    this.#config = options.config;
    this.#segments = [this.#newSegment(0)];
  }

  get lastStableOffset(): number {
    const open = this.#producers.oldestOpen;
    return open === null ? this.endOffset : Math.max(open, this.startOffset);
  }

  get sizeBytes(): number {
    let size = 0;
    for (const segment of this.#segments) size += segment.sizeBytes;
    return size;
  }

  get #active(): Segment {
    return this.#segments.at(-1)!;
  }

  append(batches: Buffer, leaderEpoch: number): Appended {
    this.#checkOpen();
    const now = this.#options.clock.now();
    const batch = checkedBatch(batches, this.#config, now);
    if (batchOf.producerIdOf(batch) >= 0) {
      const before = this.#producers.duplicate(batch);
      if (before !== undefined) return this.#appended(before.firstOffset, before.maxTimestamp);
      this.#producers.check(batch);
    }
    return this.#write(batch, leaderEpoch, now);
  }

  appendOwn(batch: Buffer, leaderEpoch: number): Appended {
    this.#checkOpen();
    return this.#write(framedBatch(batch), leaderEpoch, this.#options.clock.now());
  }

  appendMarker(
    { producerId, epoch, commit }: { producerId: number; epoch: number; commit: boolean },
    leaderEpoch: number,
  ): Appended {
    this.#checkOpen();
    this.#producers.checkMarker(producerId, epoch);
    const now = this.#options.clock.now();
    return this.#write(markerBatch(producerId, epoch, commit, now), leaderEpoch, now);
  }

  #write(batch: Buffer, leaderEpoch: number, now: number): Appended {
    const { segmentBytes, segmentMs } = this.#config;
    if (this.#active.isFull(batch.length, batchOf.maxTimestampOf(batch), now, segmentBytes, segmentMs))
      this.#roll();
    const baseOffset = this.endOffset;
    this.#active.append(batch, baseOffset, leaderEpoch);
    this.#note(batch, baseOffset, now);
    this.#changed();
    return this.#appended(baseOffset, now);
  }

  #note(batch: Buffer, baseOffset: number, now: number): void {
    const ended = this.#producers.note(batch, baseOffset, now);
    this.endOffset = baseOffset + batchOf.lastDeltaOf(batch) + 1;
    if (ended === null || batchOf.markerTypeOf(batch) !== batchOf.ABORT) return;
    this.#aborted.add({ ...ended, lastOffset: baseOffset, lastStableOffset: this.lastStableOffset });
  }

  #appended(baseOffset: number, time: number): Appended {
    const appendTime = this.#config.timestampType === 'append' ? time : -1;
    return { baseOffset, appendTime, startOffset: this.startOffset };
  }

  read(offset: number, maxBytes: number, isolation: Isolation, atLeastOne: boolean): Read {
    this.#checkOpen();
    if (offset < this.startOffset || offset > this.endOffset) throw new Refusal(Code.OFFSET_OUT_OF_RANGE);
    const limit = this.#limit(isolation);
    const chunks: Buffer[] = [];
    let left = maxBytes;
    let end = offset;
    for (let n = this.#segmentAt(offset); n < this.#segments.length; n++) {
      const segment = this.#segments[n]!;
      const from = segment.index.find(offset);
      const to = batchesWithin(segment, from, limit, left, atLeastOne && chunks.length === 0);
      if (to > from) {
        const position = segment.index.position(from);
        const size = segment.end(to - 1) - position;
        chunks.push(...segment.store.read(position, size));
        left -= size;
        end = segment.index.last(to - 1) + 1;
      }
      if (to < segment.index.length) break;
    }
    if (chunks.length === 0) return NOTHING;
    return { chunks, sizeBytes: maxBytes - left, aborted: this.#abortedWithin(offset, end, isolation) };
  }

  #abortedWithin(from: number, end: number, isolation: Isolation): readonly AbortedTransaction[] {
    return isolation === 'read_committed' ? this.#aborted.overlapping(from, end) : [];
  }

  available(offset: number, isolation: Isolation, limit: number): number {
    this.#checkOpen();
    if (offset < this.startOffset || offset > this.endOffset) return limit;
    const end = this.#limit(isolation);
    let size = 0;
    for (let n = this.#segmentAt(offset); n < this.#segments.length && size < limit; n++) {
      const segment = this.#segments[n]!;
      const from = segment.index.find(offset);
      const to = segment.index.countBefore(end);
      if (to > from) size += segment.end(to - 1) - segment.index.position(from);
    }
    return Math.min(size, limit);
  }

  /** Where readers must stop. */
  #limit(isolation: Isolation): number {
    return isolation === 'read_committed' ? this.lastStableOffset : this.endOffset;
  }

  /** Number of the segment that the offset is in. */
  #segmentAt(offset: number): number {
    let low = 0;
    let high = this.#segments.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if (this.#segments[middle]!.baseOffset <= offset) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  findTimestamp(timestamp: number, isolation: Isolation): FoundOffset | null {
    this.#checkOpen();
    for (let n = this.#segmentAt(this.startOffset); n < this.#segments.length; n++) {
      const segment = this.#segments[n]!;
      if (segment.maxTimestamp < timestamp) continue;
      const found = this.#findIn(segment, timestamp);
      if (found !== null) return found.offset < this.#limit(isolation) ? found : null;
    }
    return null;
  }

  #findIn(segment: Segment, timestamp: number): FoundOffset | null {
    const { index } = segment;
    let at = index.findTimestamp(timestamp, index.find(this.startOffset));
    for (; at < index.length; at = index.findTimestamp(timestamp, at + 1)) {
      const cursor = new BatchCursor(segment.batch(at), this, this.startOffset);
      while (cursor.next()) {
        if (cursor.timestamp >= timestamp) return { timestamp: cursor.timestamp, offset: cursor.offset };
      }
    }
    return null;
  }

  deleteBefore(offset: number): number {
    this.#checkOpen();
    const start = offset === -1 ? this.endOffset : offset;
    if (start < 0 || start > this.endOffset) throw new Refusal(Code.OFFSET_OUT_OF_RANGE);
    this.#raiseStart(start);
    return this.startOffset;
  }

  /** Segments that end before the start go with it. */
  #raiseStart(offset: number): void {
    if (offset <= this.startOffset) return;
    this.startOffset = offset;
    let count = 0;
    while (count + 1 < this.#segments.length && this.#segments[count + 1]!.baseOffset <= offset) count++;
    for (const segment of this.#segments.splice(0, count)) segment.store.remove();
    this.#aborted.dropBefore(offset);
    this.#changed();
  }

  producer(producerId: number): ProducerEntry | undefined {
    return this.#producers.get(producerId);
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  configure(config: LogConfig): void {
    this.#config = config;
  }

  maintain(): void {
    this.#checkOpen();
    this.#producers.expire(this.#options.clock.now() - PRODUCER_EXPIRATION_MS);
    if (this.#config.cleanup.delete) this.#retain();
  }

  /** Drops the segments that are too old, then those that are too many. The active one may go too: a new one is begun. */
  #retain(): void {
    const { retentionMs, retentionBytes } = this.#config;
    const now = this.#options.clock.now();
    let count = 0;
    if (retentionMs >= 0) {
      while (count < this.#segments.length && isExpired(this.#segments[count]!, now, retentionMs)) count++;
    }
    if (retentionBytes >= 0) {
      let excess = this.sizeBytes - retentionBytes;
      for (let n = 0; n < this.#segments.length; n++) {
        const { sizeBytes, isEmpty } = this.#segments[n]!;
        excess -= sizeBytes;
        if (excess < 0 || isEmpty) break;
        count = Math.max(count, n + 1);
      }
    }
    if (count === 0) return;
    if (count === this.#segments.length) this.#roll();
    this.#raiseStart(this.#segments[count]!.baseOffset);
  }

  shed(bytes: number): number {
    this.#checkOpen();
    let freed = 0;
    let count = 0;
    while (freed < bytes && count + 1 < this.#segments.length) freed += this.#segments[count++]!.sizeBytes;
    if (count > 0) this.#raiseStart(this.#segments[count]!.baseOffset);
    return freed;
  }

  #roll(): void {
    if (!this.#active.isEmpty) this.#segments.push(this.#newSegment(this.endOffset));
  }

  #newSegment(baseOffset: number): Segment {
    return new Segment(baseOffset, new MemoryStore(), this.#options.clock.now());
  }

  flush(): void {}

  close(): void {
    this.#end((segment) => segment.store.close());
  }

  remove(): void {
    this.#end((segment) => segment.store.remove());
    this.#segments = [];
  }

  #end(how: (segment: Segment) => void): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    for (const segment of this.#segments) how(segment);
    this.#changed();
    this.#listeners.clear();
  }

  #changed(): void {
    for (const listener of [...this.#listeners]) listener();
  }

  #checkOpen(): void {
    if (this.#isClosed)
      throw new Refusal(
        Code.UNKNOWN_TOPIC_OR_PARTITION,
        `The log of ${this.topic}-${this.partition} is closed`,
      );
  }
}

/** Number of the batch to end before: those from `from` on that begin before `limit` and fit into `maxBytes`. */
function batchesWithin(
  segment: Segment,
  from: number,
  limit: number,
  maxBytes: number,
  atLeastOne: boolean,
): number {
  const { index } = segment;
  const stable = index.countBefore(limit);
  if (from >= stable) return from;
  const start = index.position(from);
  // Positions are those of beginnings: the last batch that begins within may end beyond.
  let to = Math.min(index.countBeforePosition(start + maxBytes), stable);
  while (to > from && segment.end(to - 1) > start + maxBytes) to--;
  return to === from && atLeastOne ? from + 1 : to;
}

const isExpired = (segment: Segment, now: number, retentionMs: number): boolean =>
  !segment.isEmpty && now - segment.maxTimestamp > retentionMs;
