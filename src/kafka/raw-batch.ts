/** Cutting the answer of a fetch into batches: control, aborted and empty ones are left out, their offsets are not. */
import { DataError, MillraceError } from '../kernel';
import { AbortFilter } from './abort-filter';
import type { Isolation, RawBatch, RecordCursor } from './port';
import * as layout from './wire/batch-layout';
import type { AbortedTransaction } from './wire/fetch';
import { BatchCursor, type BatchPlace, checksumFits, corruptBatch } from './wire/record-cursor';

/** The smallest message that any Kafka ever wrote has 14 bytes after its length. */
const SMALLEST_LENGTH = 14;

export interface CutAnswer {
  readonly batches: readonly RawBatch[];
  readonly sizeBytes: number;
  /** Where to read on: after the last whole batch. */
  readonly nextOffset: number;
  /** Why the batch at `nextOffset` and what follows cannot be read. */
  readonly failure: MillraceError | null;
}

export class FetchedBatch implements RawBatch {
  readonly timestampType: 'create' | 'append';
  readonly sizeBytes: number;

  constructor(
    readonly topic: string,
    readonly partition: number,
    readonly baseOffset: number,
    readonly lastOffset: number,
    readonly count: number,
    readonly firstOffset: number,
    readonly bytes: Buffer,
    readonly intact: boolean,
  ) {
    this.sizeBytes = bytes.length;
    this.timestampType = bytes.readInt16BE(layout.ATTRIBUTES) & layout.FLAG_APPEND_TIME ? 'append' : 'create';
  }

  records(): RecordCursor {
    if (!this.intact) throw corruptBatch(this, this.baseOffset, 'its checksum does not fit');
    return new BatchCursor(this.bytes, this, this.firstOffset);
  }
}

export interface CutOptions {
  readonly isolation: Isolation;
  readonly aborted: readonly AbortedTransaction[];
  /** Hand out a batch with a wrong checksum (its `records` then throws) instead of failing before it. */
  readonly acceptDamaged: boolean;
}

/** @param offset the one that was asked for; the first batch may begin before it */
export function cutBatches(
  records: Buffer,
  place: BatchPlace,
  offset: number,
  options: CutOptions,
): CutAnswer {
  const filter = options.isolation === 'read_committed' ? new AbortFilter(options.aborted) : null;
  const cut = new Cutter(records, place, offset, filter, options.acceptDamaged);
  const failure = cut.run();
  return { batches: cut.batches, sizeBytes: cut.sizeBytes, nextOffset: cut.nextOffset, failure };
}

class Cutter {
  readonly batches: FetchedBatch[] = [];
  sizeBytes = 0;
  nextOffset: number;
  #at = 0;
  readonly #records: Buffer;
  readonly #place: BatchPlace;
  readonly #asked: number;
  readonly #filter: AbortFilter | null;
  readonly #acceptDamaged: boolean;

  constructor(
    records: Buffer,
    place: BatchPlace,
    offset: number,
    filter: AbortFilter | null,
    acceptDamaged: boolean,
  ) {
    this.#records = records;
    this.#place = place;
    this.#asked = this.nextOffset = offset;
    this.#filter = filter;
    this.#acceptDamaged = acceptDamaged;
  }

  /** Stops at the first batch that is cut off, which is how the broker keeps to its limits, or cannot be read. */
  run(): MillraceError | null {
    const { length } = this.#records;
    while (length - this.#at > layout.MAGIC) {
      const size = layout.PREFIX_BYTES + this.#records.readInt32BE(this.#at + layout.LENGTH);
      if (size < layout.PREFIX_BYTES + SMALLEST_LENGTH) return this.#corrupt(`it claims ${size} bytes`);
      if (size > length - this.#at) break;
      const failure = this.#tryBatch(this.#records.subarray(this.#at, this.#at + size));
      if (failure !== null) return failure;
      this.#at += size;
    }
    // The broker sends at least one whole batch at or after the offset, or nothing: asking again would never end.
    if (length > 0 && this.nextOffset === this.#asked) {
      return this.#corrupt(`${length} bytes came, without a whole batch at or after offset ${this.#asked}`);
    }
    return null;
  }

  #tryBatch(bytes: Buffer): MillraceError | null {
    try {
      return this.#takeBatch(bytes);
    } catch (error) {
      // A control batch with a right checksum over nonsense.
      if (error instanceof DataError) return refused(error.message);
      throw error;
    }
  }

  #takeBatch(bytes: Buffer): MillraceError | null {
    if (bytes[layout.MAGIC] !== layout.CURRENT_MAGIC) return this.#unknownFormat(bytes[layout.MAGIC]!);
    if (bytes.length < layout.RECORDS) return this.#corrupt(`it has ${bytes.length} bytes`);
    const baseOffset = layout.readInt64(bytes, layout.BASE_OFFSET);
    const delta = bytes.readInt32BE(layout.LAST_OFFSET_DELTA);
    const count = bytes.readInt32BE(layout.RECORD_COUNT);
    if (delta < 0 || count < 0 || count > delta + 1) {
      return this.#corrupt(`it claims ${count} records over ${delta + 1} offsets`);
    }
    const lastOffset = baseOffset + delta;
    const intact = checksumFits(bytes);
    if (!intact && !this.#acceptDamaged) return this.#corrupt('its checksum does not fit');
    if (lastOffset < this.nextOffset) return null;
    if (count > 0 && (!intact || this.#isWanted(bytes, lastOffset)))
      this.#keep(bytes, baseOffset, lastOffset, count, intact);
    this.nextOffset = lastOffset + 1;
    return null;
  }

  #isWanted(bytes: Buffer, lastOffset: number): boolean {
    const dropped = this.#filter?.drops(bytes, lastOffset, this.#place) ?? false;
    return !dropped && (bytes.readInt16BE(layout.ATTRIBUTES) & layout.FLAG_CONTROL) === 0;
  }

  #keep(bytes: Buffer, baseOffset: number, lastOffset: number, count: number, intact: boolean): void {
    const { topic, partition } = this.#place;
    const firstOffset = Math.max(baseOffset, this.#asked);
    this.batches.push(
      new FetchedBatch(topic, partition, baseOffset, lastOffset, count, firstOffset, bytes, intact),
    );
    this.sizeBytes += bytes.length;
  }

  #corrupt(why: string): MillraceError {
    return refused(corruptBatch(this.#place, this.nextOffset, why).message);
  }

  #unknownFormat(magic: number): MillraceError {
    const { topic, partition } = this.#place;
    return refused(
      `Topic ${topic}, partition ${partition}: the records at offset ${this.nextOffset} are in message format ${magic}, of Kafka before 0.11; only format 2 can be read.`,
    );
  }
}

const refused = (message: string): MillraceError =>
  new MillraceError('KAFKA_REFUSED', message, {
    hint: 'Seek past the offset to read on without these records.',
  });
