/** Reading a record batch v2 record by record, without an object per record. */
import { DataError, MillraceError } from '../../kernel';
import type { RecordCursor } from '../port';
import * as layout from './batch-layout';
import { decompress } from './compression';
import { crc32c } from './crc32c';

export interface BatchPlace {
  readonly topic: string;
  readonly partition: number;
}

export type RecordHeader = { readonly key: string; readonly value: Buffer | null };
const NO_HEADERS: readonly RecordHeader[] = Object.freeze([]);

export const corruptBatch = (
  place: BatchPlace,
  baseOffset: number,
  why: string,
  cause?: unknown,
): DataError =>
  new DataError(
    `Topic ${place.topic}, partition ${place.partition}: the record batch at offset ${baseOffset} is corrupt: ${why}.`,
    { cause },
  );

export const checksumFits = (batch: Buffer): boolean =>
  crc32c(batch.subarray(layout.ATTRIBUTES)) === batch.readUInt32BE(layout.CHECKSUM);

/** Where the last varint ended. A variable of the module, as two results would need an object per call. */
let after = 0;

/**
 * @throws DataError naming topic, partition and base offset for everything that does not fit the format. Bytes beyond
 *   the end are never taken for content: every record must end where its size says.
 */
export class BatchCursor implements RecordCursor {
  offset = -1;
  timestamp = -1;
  readonly #place: BatchPlace;
  readonly #baseOffset: number;
  readonly #lastOffsetDelta: number;
  readonly #baseTimestamp: number;
  /** Of the whole batch when the broker set the time, else null. */
  readonly #appendTime: number | null;
  readonly #firstOffset: number;
  readonly #records: Buffer;
  readonly #end: number;
  #left: number;
  /** Begin of the next record. */
  #at: number;
  #keyAt = 0;
  #keySize = -1;
  #valueAt = 0;
  #valueSize = -1;
  // Undefined until asked for: many readers want the value alone.
  #key: Buffer | null | undefined;
  #value: Buffer | null | undefined;
  #headers: readonly RecordHeader[] | undefined;

  /** @param batch exactly one batch, its checksum known to fit */
  constructor(batch: Buffer, place: BatchPlace, firstOffset: number) {
    this.#place = place;
    this.#firstOffset = firstOffset;
    this.#baseOffset = layout.readInt64(batch, layout.BASE_OFFSET);
    this.#lastOffsetDelta = batch.readInt32BE(layout.LAST_OFFSET_DELTA);
    this.#baseTimestamp = layout.readInt64(batch, layout.BASE_TIMESTAMP);
    this.#left = batch.readInt32BE(layout.RECORD_COUNT);
    const attributes = batch.readInt16BE(layout.ATTRIBUTES);
    this.#appendTime =
      attributes & layout.FLAG_APPEND_TIME ? layout.readInt64(batch, layout.MAX_TIMESTAMP) : null;
    const compression = attributes & layout.COMPRESSION_MASK;
    this.#records = compression === 0 ? batch : this.#unpack(batch, compression);
    this.#at = compression === 0 ? layout.RECORDS : 0;
    this.#end = this.#records.length;
    if (this.#left < 0 || this.#left * layout.SMALLEST_RECORD > this.#end - this.#at) {
      throw this.#corrupt(`it claims ${this.#left} records in ${this.#end - this.#at} bytes`);
    }
  }

  #unpack(batch: Buffer, compression: number): Buffer {
    try {
      return decompress(compression, batch.subarray(layout.RECORDS));
    } catch (cause) {
      // A codec that is not installed is no fault of the data.
      if (cause instanceof MillraceError) throw cause;
      throw this.#corrupt(`it cannot be decompressed (${(cause as Error).message})`, cause);
    }
  }

  #corrupt(why: string, cause?: unknown): DataError {
    return corruptBatch(this.#place, this.#baseOffset, why, cause);
  }

  next(): boolean {
    do {
      if (this.#left === 0) return this.#finish();
      this.#left--;
      this.#read();
    } while (this.offset < this.#firstOffset);
    return true;
  }

  #finish(): false {
    if (this.#at !== this.#end) throw this.#corrupt(`${this.#end - this.#at} bytes follow its last record`);
    return false;
  }

  #read(): void {
    const bytes = this.#records;
    const size = this.#varint(bytes, this.#at);
    const start = after;
    const end = start + size;
    if (size < 0 || end > this.#end)
      throw this.#corrupt(`a record of ${size} bytes with ${this.#end - start} left`);
    // One byte of attributes, without meaning so far.
    const timestampDelta = this.#varlong(bytes, start + 1);
    const offsetDelta = this.#varint(bytes, after);
    if (offsetDelta < 0 || offsetDelta > this.#lastOffsetDelta) {
      throw this.#corrupt(`a record has offset delta ${offsetDelta}, the last one ${this.#lastOffsetDelta}`);
    }
    this.#keySize = this.#varint(bytes, after);
    this.#keyAt = after;
    this.#valueSize = this.#varint(bytes, after + Math.max(0, this.#keySize));
    this.#valueAt = after;
    if (this.#keySize < -1 || this.#valueSize < -1 || this.#headersAt() >= end) {
      throw this.#corrupt(
        `a record of ${size} bytes has a key of ${this.#keySize} and a value of ${this.#valueSize}`,
      );
    }
    this.offset = this.#baseOffset + offsetDelta;
    this.timestamp = this.#appendTime ?? this.#baseTimestamp + timestampDelta;
    this.#key = this.#value = this.#headers = undefined;
    this.#at = end;
  }

  #headersAt(): number {
    return this.#valueAt + Math.max(0, this.#valueSize);
  }

  get key(): Buffer | null {
    return (this.#key ??=
      this.#keySize < 0 ? null : this.#records.subarray(this.#keyAt, this.#keyAt + this.#keySize));
  }

  get value(): Buffer | null {
    return (this.#value ??=
      this.#valueSize < 0 ? null : this.#records.subarray(this.#valueAt, this.#valueAt + this.#valueSize));
  }

  get headers(): readonly RecordHeader[] {
    return (this.#headers ??= this.#readHeaders());
  }

  #readHeaders(): readonly RecordHeader[] {
    const bytes = this.#records;
    const end = this.#at;
    const count = this.#varint(bytes, this.#headersAt());
    if (count === 0 && after === end) return NO_HEADERS;
    if (count < 0 || count > end - after) throw this.#corrupt(`a record claims ${count} headers`);
    const headers: RecordHeader[] = [];
    for (let n = 0; n < count; n++) headers.push(this.#readHeader(bytes, end));
    if (after !== end) throw this.#corrupt('a record does not end where its size says');
    return headers;
  }

  #readHeader(bytes: Buffer, end: number): RecordHeader {
    const keySize = this.#varint(bytes, after);
    const keyAt = after;
    if (keySize < 0 || keyAt + keySize >= end) throw this.#corrupt(`a header key of ${keySize} bytes`);
    const valueSize = this.#varint(bytes, keyAt + keySize);
    const valueAt = after;
    if (valueSize < -1 || valueAt + valueSize > end)
      throw this.#corrupt(`a header value of ${valueSize} bytes`);
    after = valueAt + Math.max(0, valueSize);
    const value = valueSize < 0 ? null : bytes.subarray(valueAt, after);
    return { key: bytes.utf8Slice(keyAt, keyAt + keySize), value };
  }

  #varint(bytes: Buffer, start: number): number {
    const first = bytes[start]!;
    if (first < 0x80) {
      after = start + 1;
      return (first >>> 1) ^ -(first & 1);
    }
    return this.#longVarint(bytes, start);
  }

  #longVarint(bytes: Buffer, start: number): number {
    let position = start;
    let raw = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = bytes[position++];
      if (byte === undefined) break;
      raw |= (byte & 0x7f) << shift;
      if (byte < 0x80) {
        after = position;
        return (raw >>> 1) ^ -(raw & 1);
      }
    }
    throw this.#corrupt('a number in a record does not end');
  }

  /** Up to 64 bits, by multiplication: shifts would cut at 32. */
  #varlong(bytes: Buffer, start: number): number {
    let position = start;
    let raw = 0;
    let weight = 1;
    for (let n = 0; n < 10; n++) {
      const byte = bytes[position++];
      if (byte === undefined) break;
      raw += (byte & 0x7f) * weight;
      if (byte < 0x80) {
        after = position;
        return raw % 2 === 0 ? raw / 2 : -(raw + 1) / 2;
      }
      weight *= 0x80;
    }
    throw this.#corrupt('a timestamp does not end');
  }
}
