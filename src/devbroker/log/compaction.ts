/**
 * Compaction: of every key the newest record stays. Works through copies of whole segments, a batch per step, so that it
 * can be put off at any time. Rules as in Kafka's `Cleaner`.
 */
import {
  ABORT,
  baseOffsetOf,
  deleteHorizonOf,
  isControl,
  isTransactional,
  lastOffsetOf,
  leaderEpochOf,
  markerTypeOf,
  producerEpochOf,
  producerIdOf,
  recordCountOf,
} from './batch';
import { KeptRecords, shiftOf, withoutRecords, withRecords } from './compacted-batch';
import type { AbortedTransaction } from './port';
import type { RecordReader } from './record-scan';
import { readerOf, timeOf } from './records';
import type { Segment } from './segment';

export interface CompactionSource {
  /** All of the log before `end`. */
  readonly segments: readonly Segment[];
  /** Older records have been compacted before. */
  readonly dirtyFrom: number;
  /** Begin of the first segment that is not touched. */
  readonly end: number;
  readonly segmentBytes: number;
  readonly deleteRetentionMs: number;
  /** Broker time. */
  readonly now: number;
  abortedWithin(from: number, end: number): readonly AbortedTransaction[];
  /** What a producer that is still known wrote last; null instead of the offset when it was a marker. */
  lastOf(producerId: number): { readonly lastDataOffset: number | null; readonly epoch: number } | undefined;
  /** An empty segment that is not in the log yet. */
  draft(baseOffset: number): Segment;
}

/** Segments to be replaced by one; in order. */
export interface Compacted {
  readonly replaced: readonly Segment[];
  readonly segment: Segment;
  readonly end: number;
  /** Offsets of abort markers with nothing left to abort. */
  readonly idleMarkers: ReadonlySet<number>;
}

/** Yields null after each step, and what is ready to be swapped in. A draft under way is removed when it is left. */
export function* compact(source: CompactionSource): Generator<Compacted | null, void, void> {
  const newest = new Map<string, number>();
  const dirty = source.segments.filter(({ baseOffset }) => baseOffset >= source.dirtyFrom);
  yield* collectKeys(source, dirty, newest);
  const cleaner = new Cleaner(source, newest);
  for (const replaced of grouped(source.segments, source.segmentBytes)) {
    const after = source.segments[source.segments.indexOf(replaced.at(-1)!) + 1];
    const segment = source.draft(replaced[0]!.baseOffset);
    let isDone = false;
    try {
      for (const each of replaced) yield* cleaner.copy(each, segment);
      isDone = true;
    } finally {
      if (!isDone) segment.store.remove();
    }
    yield { replaced, segment, end: after?.baseOffset ?? source.end, idleMarkers: cleaner.takeIdleMarkers() };
  }
}

function* batchesOf(segment: Segment): Generator<Buffer, void, void> {
  for (let at = 0; at < segment.index.length; at++) yield segment.batch(at);
}

function* collectKeys(
  source: CompactionSource,
  dirty: readonly Segment[],
  newest: Map<string, number>,
): Generator<null, void, void> {
  const transactions = new TransactionsSeen(source);
  for (const segment of dirty) {
    transactions.enter(segment);
    for (const batch of batchesOf(segment)) {
      if (isControl(batch)) transactions.marker(batch);
      else if (!transactions.data(batch)) {
        const base = baseOffsetOf(batch);
        for (const reader = readerOf(batch); reader.next(); ) {
          const { key } = reader;
          if (key !== null) newest.set(key, base + reader.offsetDelta);
        }
      }
      yield null;
    }
  }
}

/** Neighbours that fit into one segment together. */
function grouped(segments: readonly Segment[], maxBytes: number): Segment[][] {
  const groups: Segment[][] = [];
  let size = Number.POSITIVE_INFINITY;
  for (const segment of segments) {
    size += segment.sizeBytes;
    if (size > maxBytes) {
      groups.push([]);
      size = segment.sizeBytes;
    }
    groups.at(-1)!.push(segment);
  }
  return groups;
}

class Cleaner {
  readonly #transactions: TransactionsSeen;
  #idleMarkers = new Set<number>();

  constructor(
    readonly source: CompactionSource,
    readonly newest: ReadonlyMap<string, number>,
  ) {
    this.#transactions = new TransactionsSeen(source);
  }

  *copy(from: Segment, into: Segment): Generator<null, void, void> {
    this.#transactions.enter(from);
    for (const batch of batchesOf(from)) {
      const kept = this.#cleaned(batch);
      if (kept !== null) into.append(kept, baseOffsetOf(kept), leaderEpochOf(kept));
      yield null;
    }
  }

  takeIdleMarkers(): ReadonlySet<number> {
    const taken = this.#idleMarkers;
    this.#idleMarkers = new Set();
    return taken;
  }

  /** Null when nothing of the batch stays. */
  #cleaned(batch: Buffer): Buffer | null {
    const isDone = isControl(batch) ? this.#transactions.marker(batch) : this.#transactions.data(batch);
    if (isDone && isControl(batch)) this.#idleMarkers.add(baseOffsetOf(batch));
    const isDropped = isDone && (!isControl(batch) || this.#isPast(deleteHorizonOf(batch)));
    if (recordCountOf(batch) > 0 && !isDropped) {
      const kept = isControl(batch) ? this.#marker(batch, isDone) : this.#records(batch);
      if (kept !== null) return kept;
    }
    return this.#mustStay(batch) ? withoutRecords(batch) : null;
  }

  #isPast(horizonMs: number | null): boolean {
    return horizonMs !== null && horizonMs <= this.source.now;
  }

  /** A marker whose transaction is gone may go too, some time later. */
  #marker(batch: Buffer, isDone: boolean): Buffer {
    if (!isDone || deleteHorizonOf(batch) !== null) return batch;
    return this.#rewritten(batch, () => true, this.#newHorizon());
  }

  #newHorizon(): number {
    return this.source.now + this.source.deleteRetentionMs;
  }

  #records(batch: Buffer): Buffer | null {
    const base = baseOffsetOf(batch);
    const horizon = deleteHorizonOf(batch);
    const dropsTombstones = this.#isPast(horizon);
    const stays = (reader: RecordReader): boolean => {
      const { key } = reader;
      if (key === null) return false;
      const newest = this.newest.get(key);
      const isNewest = newest === undefined || base + reader.offsetDelta >= newest;
      return isNewest && (reader.hasValue || !dropsTombstones);
    };
    const { count, hasTombstone } = survey(batch, stays);
    if (count === 0) return null;
    const newHorizon = hasTombstone && horizon === null ? this.#newHorizon() : null;
    if (count === recordCountOf(batch) && newHorizon === null) return batch;
    return this.#rewritten(batch, stays, newHorizon);
  }

  #rewritten(batch: Buffer, stays: (reader: RecordReader) => boolean, horizonMs: number | null): Buffer {
    const kept = new KeptRecords(shiftOf(batch, horizonMs));
    for (const reader = readerOf(batch); reader.next(); ) {
      if (stays(reader)) kept.add(reader, timeOf(batch, reader));
    }
    return withRecords(batch, kept, horizonMs);
  }

  /**
   * The last batch of a producer that is known tells its sequence or epoch after a restart; the last one of all tells where
   * the log ends.
   */
  #mustStay(batch: Buffer): boolean {
    const last = lastOffsetOf(batch);
    if (last + 1 === this.source.end) return true;
    const producerId = producerIdOf(batch);
    const known = producerId < 0 ? undefined : this.source.lastOf(producerId);
    if (known === undefined) return false;
    if (known.lastDataOffset !== null) return known.lastDataOffset === last;
    return isControl(batch) && producerEpochOf(batch) === known.epoch;
  }
}

function survey(
  batch: Buffer,
  stays: (reader: RecordReader) => boolean,
): { count: number; hasTombstone: boolean } {
  let count = 0;
  let hasTombstone = false;
  for (const reader = readerOf(batch); reader.next(); ) {
    if (!stays(reader)) continue;
    count++;
    if (!reader.hasValue) hasTombstone = true;
  }
  return { count, hasTombstone };
}

/** Follows transactions through the log, batch by batch. */
class TransactionsSeen {
  /** Not begun yet, the one with the smallest first offset at the end. */
  #pending: AbortedTransaction[] = [];
  /** Of producers in the middle of an aborted transaction: whether a batch of it was met. */
  readonly #aborting = new Map<number, boolean>();
  readonly #committing = new Set<number>();

  constructor(readonly source: CompactionSource) {}

  /** One that reaches over several segments is told by each of them: beginning it twice does no harm. */
  enter(segment: Segment): void {
    if (segment.isEmpty) return;
    const found = this.source.abortedWithin(segment.index.base(0), segment.nextOffset);
    this.#pending = [...this.#pending, ...found].sort((a, b) => b.firstOffset - a.firstOffset);
  }

  /** Whether the batch belongs to an aborted transaction. */
  data(batch: Buffer): boolean {
    this.#begin(lastOffsetOf(batch));
    if (!isTransactional(batch)) return false;
    const producerId = producerIdOf(batch);
    if (this.#aborting.has(producerId)) {
      this.#aborting.set(producerId, true);
      return true;
    }
    this.#committing.add(producerId);
    return false;
  }

  /** Whether nothing of the transaction that the marker ends was met. */
  marker(batch: Buffer): boolean {
    this.#begin(lastOffsetOf(batch));
    const type = markerTypeOf(batch);
    if (type === null) return true;
    const producerId = producerIdOf(batch);
    if (type === ABORT) {
      const wasMet = this.#aborting.get(producerId) === true;
      this.#aborting.delete(producerId);
      return !wasMet;
    }
    return !this.#committing.delete(producerId);
  }

  #begin(offset: number): void {
    for (let next = this.#pending.at(-1); next && next.firstOffset <= offset; next = this.#pending.at(-1)) {
      if (!this.#aborting.has(next.producerId)) this.#aborting.set(next.producerId, false);
      this.#pending.pop();
    }
  }
}
