/** The log of one partition: segments of record batches, what producers did in it, and where transactions stand. */

import type { Logger } from '../../kernel';
import type { Clock } from '../clock';
import { Code, Refusal } from '../refusal';
import { AbortedIndex } from './aborted';
import * as batchOf from './batch';
import { excessSegments, expiredSegments, planCompaction } from './cleanup';
import type { Compacted, CompactionSource } from './compaction';
import { Compactor } from './compactor';
import { markerBatch } from './marker';
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
import { readerOf, timeOf } from './records';
import type { Segment } from './segment';
import { type Loss, Segments } from './segments';
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

/** Reads again what the folder holds. Throws what the file system says; corrupt ends are cut, with a warning. */
export const openLog = (options: LogOptions): PartitionLog => new Log(options);

class Log implements PartitionLog {
  readonly topic: string;
  readonly partition: number;
  startOffset = 0;
  endOffset = 0;
  readonly #options: LogOptions;
  #config: LogConfig;
  readonly #segments: Segments;
  readonly #producers = new ProducerStates();
  readonly #aborted = new AbortedIndex();
  readonly #listeners = new Set<() => void>();
  /** Everything before it has been compacted. */
  #cleanedTo = 0;
  readonly #compactor: Compactor;
  #isClosed = false;

  constructor(options: LogOptions) {
    this.topic = options.topic;
    this.partition = options.partition;
    this.#options = options;
    this.#config = options.config;
    this.#segments = new Segments(options.dir);
    const steps = {
      plan: () => this.#planCompaction(),
      swap: (compacted: Compacted) => this.#swap(compacted),
      done: (end: number) => this.#compactedTo(end),
      failed: (error: unknown) => this.#tellFailure('Compaction', error),
    };
    this.#compactor = new Compactor(steps, options.clock);
    this.#recover();
  }

  #recover(): void {
    const now = this.#now();
    const loss = this.#segments.recover(now, (batch) => this.#note(batch, batchOf.baseOffsetOf(batch), now));
    if (loss !== null) this.#warn(loss);
    const state = this.#segments.state;
    const [first] = this.#segments.all;
    this.startOffset = state?.startOffset ?? first?.baseOffset ?? 0;
    this.#cleanedTo = state?.cleanedTo ?? 0;
    this.endOffset = Math.max(this.endOffset, this.#segments.all.at(-1)?.nextOffset ?? 0, this.startOffset);
    // Offsets that were deleted are not given again, even when what came after them is lost.
    if (first === undefined || this.#segments.active.nextOffset < this.startOffset)
      this.#rollAt(this.endOffset);
    this.#dropBefore(this.startOffset);
  }

  #warn({ file, offset, bytes, segments }: Loss): void {
    const { topic, partition } = this;
    this.#options.logger.warn(
      { topic, partition, file, offset, bytes, segments },
      `The log of ${topic}-${partition} was corrupt: ${file} is cut at offset ${offset}, ${bytes} bytes are lost, ` +
        `${segments} later segments among them`,
    );
  }

  #now(): number {
    return this.#options.clock.now();
  }

  get lastStableOffset(): number {
    const open = this.#producers.oldestOpen;
    return open === null ? this.endOffset : Math.max(open, this.startOffset);
  }

  get sizeBytes(): number {
    return this.#segments.sizeBytes;
  }

  append(batches: Buffer, leaderEpoch: number): Appended {
    this.#checkOpen();
    const now = this.#now();
    const batch = checkedBatch(batches, this.#config, now);
    if (batchOf.producerIdOf(batch) >= 0) {
      const before = this.#producers.duplicate(batch);
      // As Kafka answers it, whatever the timestamp type is.
      if (before !== undefined) return this.#appended(before.firstOffset, before.maxTimestamp);
      this.#producers.check(batch);
    }
    return this.#write(batch, leaderEpoch, now);
  }

  appendOwn(batch: Buffer, leaderEpoch: number): Appended {
    this.#checkOpen();
    return this.#write(framedBatch(batch), leaderEpoch, this.#now());
  }

  appendMarker(
    { producerId, epoch, commit }: { producerId: number; epoch: number; commit: boolean },
    leaderEpoch: number,
  ): Appended {
    this.#checkOpen();
    this.#producers.checkMarker(producerId, epoch);
    const now = this.#now();
    return this.#write(markerBatch(producerId, epoch, commit, now), leaderEpoch, now);
  }

  #write(batch: Buffer, leaderEpoch: number, now: number): Appended {
    const { timestampType, segmentBytes } = this.#config;
    const time = batchOf.maxTimestampOf(batch);
    const baseOffset = this.endOffset;
    try {
      const { active } = this.#segments;
      if (active.isFull(batch.length, time, now, segmentBytes, maxSegmentMs(this.#config))) {
        this.#rollAt(baseOffset);
        // At full rate what comes in between two rounds of maintenance is more than most logs are to keep.
        if (this.#config.cleanup.delete)
          this.#dropFirst(excessSegments(this.#segments.all, this.#config.retentionBytes));
      }
      this.#segments.active.append(batch, baseOffset, leaderEpoch);
      this.#note(batch, baseOffset, now);
      if (this.#options.flushMs === 0) this.#segments.flush();
    } catch (error) {
      // The answer has but a code: what the file system says is told here.
      this.#tellFailure('Writing to the log', error);
      throw new Refusal(Code.KAFKA_STORAGE_ERROR);
    }
    this.#changed();
    return this.#appended(baseOffset, timestampType === 'append' ? now : -1);
  }

  #note(batch: Buffer, baseOffset: number, now: number): void {
    const ended = this.#producers.note(batch, baseOffset, now);
    this.endOffset = baseOffset + batchOf.lastDeltaOf(batch) + 1;
    if (ended === null || batchOf.markerTypeOf(batch) !== batchOf.ABORT) return;
    this.#aborted.add({ ...ended, lastOffset: baseOffset, lastStableOffset: this.lastStableOffset });
  }

  #appended(baseOffset: number, appendTime: number): Appended {
    return { baseOffset, appendTime, startOffset: this.startOffset };
  }

  read(offset: number, maxBytes: number, isolation: Isolation, atLeastOne: boolean): Read {
    this.#checkOpen();
    if (offset < this.startOffset || offset > this.endOffset) throw new Refusal(Code.OFFSET_OUT_OF_RANGE);
    const limit = this.#limit(isolation);
    const chunks: Buffer[] = [];
    let left = maxBytes;
    let end = offset;
    for (let n = this.#segments.numberAt(offset); n < this.#segments.all.length; n++) {
      const segment = this.#segments.all[n]!;
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
    for (let n = this.#segments.numberAt(offset); n < this.#segments.all.length && size < limit; n++) {
      const segment = this.#segments.all[n]!;
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

  findTimestamp(timestamp: number, isolation: Isolation): FoundOffset | null {
    this.#checkOpen();
    for (let n = this.#segments.numberAt(this.startOffset); n < this.#segments.all.length; n++) {
      const segment = this.#segments.all[n]!;
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
      const batch = segment.batch(at);
      for (const reader = readerOf(batch); reader.next(); ) {
        const offset = index.base(at) + reader.offsetDelta;
        const time = timeOf(batch, reader);
        if (time >= timestamp && offset >= this.startOffset) return { timestamp: time, offset };
      }
    }
    return null;
  }

  deleteBefore(offset: number): number {
    this.#checkOpen();
    if (!this.#config.cleanup.delete) throw new Refusal(Code.POLICY_VIOLATION);
    const start = offset === -1 ? this.endOffset : offset;
    if (start < 0 || start > this.endOffset) throw new Refusal(Code.OFFSET_OUT_OF_RANGE);
    this.#raiseStart(start);
    return this.startOffset;
  }

  #raiseStart(offset: number): void {
    if (offset <= this.startOffset) return;
    this.startOffset = offset;
    this.#keepState();
    this.#dropBefore(offset);
    this.#changed();
  }

  #keepState(): void {
    this.#segments.keep({ startOffset: this.startOffset, cleanedTo: this.#cleanedTo });
  }

  /** Segments that end before the start. */
  #dropBefore(offset: number): void {
    const { all } = this.#segments;
    let count = 0;
    while (count + 1 < all.length && all[count + 1]!.baseOffset <= offset) count++;
    if (count > 0) this.#compactor.stop();
    this.#segments.drop(count);
    this.#aborted.dropBefore(offset);
  }

  producer(producerId: number): ProducerEntry | undefined {
    return this.#producers.get(producerId);
  }

  mustVerify(batch: Buffer): boolean {
    return this.#producers.mustVerify(batch, this.#now());
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
    const now = this.#now();
    this.#producers.expire(now - PRODUCER_EXPIRATION_MS);
    if (this.#config.cleanup.delete) this.#retain(now);
    if (this.#config.cleanup.compact) this.#compactor.run();
    else this.#compactor.stop();
  }

  /** Drops the segments that are too old or too many. The active one may go too: a new one is begun. */
  #retain(now: number): void {
    const { all } = this.#segments;
    const { retentionMs, retentionBytes } = this.#config;
    const count = Math.max(expiredSegments(all, now, retentionMs), excessSegments(all, retentionBytes));
    if (count > 0 && count === all.length) this.#rollAt(this.endOffset);
    this.#dropFirst(count);
  }

  #dropFirst(count: number): void {
    if (count > 0) this.#raiseStart(this.#segments.all[count]!.baseOffset);
  }

  #planCompaction(): CompactionSource | null {
    const now = this.#now();
    const { all } = this.#segments;
    const plan = planCompaction(all, this.#cleanedTo, this.lastStableOffset, this.#config, now);
    return plan === null
      ? null
      : {
          ...plan,
          segmentBytes: this.#config.segmentBytes,
          deleteRetentionMs: this.#config.deleteRetentionMs,
          now,
          abortedWithin: (from, end) => this.#aborted.overlapping(from, end),
          lastOf: (producerId) => this.#producers.get(producerId),
          draft: (baseOffset) => this.#segments.draft(baseOffset, now),
        };
  }

  #swap(compacted: Compacted): void {
    this.#segments.replace(compacted);
    this.#aborted.forget(compacted.idleMarkers);
  }

  #compactedTo(offset: number): void {
    this.#cleanedTo = offset;
    this.#keepState();
  }

  #tellFailure(what: string, error: unknown): void {
    const { topic, partition } = this;
    this.#options.logger.error({ topic, partition, error }, `${what} of ${topic}-${partition} failed`);
  }

  shed(bytes: number): number {
    this.#checkOpen();
    const { all } = this.#segments;
    let freed = 0;
    let count = 0;
    while (freed < bytes && count + 1 < all.length) freed += all[count++]!.sizeBytes;
    if (count > 0) this.#raiseStart(all[count]!.baseOffset);
    return freed;
  }

  #rollAt(offset: number): void {
    this.#segments.roll(offset, this.#now());
  }

  flush(): void {
    this.#checkOpen();
    this.#segments.flush();
  }

  close(): void {
    if (this.#isClosed) return;
    this.#segments.flush();
    this.#end();
    this.#segments.close();
  }

  remove(): void {
    this.#end();
    this.#segments.remove();
  }

  #end(): void {
    if (this.#isClosed) return;
    this.#compactor.stop();
    this.#isClosed = true;
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

/** Kafka rolls compacted topics early enough for the lag that they may have. */
const maxSegmentMs = ({ cleanup, segmentMs, maxCompactionLagMs }: LogConfig): number =>
  cleanup.compact && maxCompactionLagMs > 0 ? Math.min(segmentMs, maxCompactionLagMs) : segmentMs;
