/** A stretch of the log that is rolled, dropped and compacted as a whole. */
import { lastDeltaOf, maxTimestampOf } from './batch';
import { BatchIndex } from './batch-index';
import { joined, type SegmentStore } from './store';

export class Segment {
  readonly index = new BatchIndex();
  /** Of all records; -1 without any. */
  maxTimestamp = -1;
  /** Of the first batch, from which `segment.ms` counts; -1 before there is one. */
  firstTimestamp = -1;

  /** @param createdMs broker time */
  constructor(
    readonly baseOffset: number,
    readonly store: SegmentStore,
    readonly createdMs: number,
  ) {}

  get sizeBytes(): number {
    return this.store.sizeBytes;
  }

  /** After its last batch. */
  get nextOffset(): number {
    return this.isEmpty ? this.baseOffset : this.index.last(this.index.length - 1) + 1;
  }

  get isEmpty(): boolean {
    return this.index.length === 0;
  }

  append(batch: Buffer, baseOffset: number, leaderEpoch: number): void {
    const position = this.store.sizeBytes;
    this.store.append(batch, baseOffset, leaderEpoch);
    this.note(batch, baseOffset, position);
  }

  /** Takes a batch into the index that is in the store. `batch`: its header at least. */
  note(batch: Buffer, baseOffset: number, position: number): void {
    const time = maxTimestampOf(batch);
    this.index.add(baseOffset, baseOffset + lastDeltaOf(batch), position, time);
    if (this.firstTimestamp < 0) this.firstTimestamp = time;
    if (time > this.maxTimestamp) this.maxTimestamp = time;
  }

  /** Where the n-th batch ends. */
  end(at: number): number {
    return at + 1 < this.index.length ? this.index.position(at + 1) : this.store.sizeBytes;
  }

  /** The n-th batch. */
  batch(at: number): Buffer {
    const position = this.index.position(at);
    return joined(this.store.read(position, this.end(at) - position));
  }

  /** Whether a batch of this size and time belongs into the next segment. As Kafka's `LogSegment` decides it. */
  isFull(size: number, timestamp: number, now: number, maxBytes: number, maxMs: number): boolean {
    if (this.isEmpty) return false;
    if (this.sizeBytes + size > maxBytes) return true;
    const waited = this.firstTimestamp >= 0 ? timestamp - this.firstTimestamp : now - this.createdMs;
    return waited > maxMs;
  }
}
