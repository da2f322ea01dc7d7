/**
 * Which source offsets are safe to store. Records are tracked per poll, not one by one: a poll is settled when every
 * Kafka batch that holds a record of it is acknowledged, and each source partition's offset moves over its contiguous
 * prefix of settled polls. A slow topic partition thus holds back only the source partitions that wrote to it.
 */
import { bigintAsText, type SourceOffset, type SourcePartition, type SourceRecord } from '../kernel';
import type { OffsetEntry } from './types';

const MAX_IDLE_PARTITIONS = 10_000;

/** One poll: how many Kafka batches holding its records are still unacknowledged. */
export class Poll {
  pending = 0;
  closed = false;

  /** Whatever becomes of its batches. */
  settle(): void {
    this.closed = true;
    this.pending = 0;
  }

  get settled(): boolean {
    return this.closed && this.pending === 0;
  }
}

interface Mark {
  readonly poll: Poll;
  offset: SourceOffset;
}

interface Track {
  readonly partition: SourcePartition;
  readonly marks: Mark[];
  /** Safe to store; null when nothing new since the last `take`. */
  committable: SourceOffset | null;
}

export class OffsetTracker {
  readonly #byIdentity = new Map<SourcePartition, Track>();
  readonly #byText = new Map<string, Track>();
  #poll = new Poll();
  #lastPartition: SourcePartition | null = null;
  #lastMark: Mark | null = null;

  /** Starts the next poll and returns it; batches holding its records raise and lower `pending`. */
  open(): Poll {
    this.#poll = new Poll();
    this.#lastPartition = null;
    this.#lastMark = null;
    return this.#poll;
  }

  /** Every record of the poll in order, dropped ones too: their offsets count as well. */
  track(record: SourceRecord): void {
    if (record.sourcePartition === this.#lastPartition) {
      this.#lastMark!.offset = record.sourceOffset;
      return;
    }
    const { marks } = this.#trackOf(record.sourcePartition);
    let mark = marks.at(-1);
    if (mark?.poll === this.#poll) {
      mark.offset = record.sourceOffset;
    } else {
      mark = { poll: this.#poll, offset: record.sourceOffset };
      marks.push(mark);
    }
    this.#lastPartition = record.sourcePartition;
    this.#lastMark = mark;
  }

  #trackOf(partition: SourcePartition): Track {
    let track = this.#byIdentity.get(partition);
    if (track !== undefined) return track;
    const text = JSON.stringify(partition, bigintAsText);
    track = this.#byText.get(text);
    if (track === undefined) {
      track = { partition, marks: [], committable: null };
      this.#byText.set(text, track);
    }
    // Connectors that make a new object per record would grow the identity map without bound.
    if (this.#byIdentity.size > MAX_IDLE_PARTITIONS) this.#byIdentity.clear();
    this.#byIdentity.set(partition, track);
    return track;
  }

  /** Offsets that became safe since the last call. A failed store must `restore` them. */
  take(): OffsetEntry[] {
    const entries: OffsetEntry[] = [];
    for (const [text, track] of this.#byText) {
      const { marks } = track;
      let settled = 0;
      while (settled < marks.length && marks[settled]!.poll.settled) settled++;
      if (settled > 0) {
        track.committable = marks[settled - 1]!.offset;
        marks.splice(0, settled);
      }
      if (track.committable !== null) {
        entries.push({ partition: track.partition, offset: track.committable });
        track.committable = null;
      }
      if (marks.length === 0 && this.#byText.size > MAX_IDLE_PARTITIONS) this.#forget(text);
    }
    return entries;
  }

  /** Offsets of all that was tracked, acknowledged or not: for a transaction that takes both or none. */
  takeAll(): OffsetEntry[] {
    for (const track of this.#byText.values()) for (const { poll } of track.marks) poll.settle();
    return this.take();
  }

  /** The identity map may name the track under several objects: it is rebuilt on demand. */
  #forget(text: string): void {
    this.#byText.delete(text);
    this.#byIdentity.clear();
  }

  /** Puts entries back whose store failed, unless a newer offset has come since. */
  restore(entries: readonly OffsetEntry[]): void {
    for (const { partition, offset } of entries) {
      const track = this.#trackOf(partition);
      track.committable ??= offset;
    }
  }
}
