/**
 * Rows of a query in `COPY … TO STDOUT (FORMAT binary)`, in the server's own layout: a count of fields, then each
 * field's length (-1: null) and bytes. What is read ahead is bounded in bytes; a reader that stops, stops the socket.
 */
import type { Client } from 'pg';
import { to as copyTo } from 'pg-copy-streams';
import { MillraceError } from '../../../src/plugin';

const READ_AHEAD_BYTES = 1024 * 1024;
/** Signature, flags, length of the extension. */
const HEADER_BYTES = 19;
const TRAILER = -1;
const NOTHING = Buffer.alloc(0);

/** Value of a field that is not null; `at` is where it begins. */
export type Decode = (bytes: Buffer, at: number, length: number) => unknown;

export class RowStream {
  readonly #stream: import('node:stream').Readable;
  #bytes: Buffer = NOTHING;
  #at = 0;
  #headerRead = false;
  #done = false;
  #ended = false;
  #failure: Error | null = null;
  #wake: (() => void) | null = null;
  /** The first field of the row taken last that could not be read, and why; it is null in the row. */
  fault: { readonly field: number; readonly error: Error } | null = null;

  constructor(
    client: Client,
    select: string,
    private readonly decoders: readonly Decode[],
  ) {
    const sql = `COPY (${select}\n) TO STDOUT (FORMAT binary)`;
    this.#stream = client.query(copyTo(sql, { highWaterMark: READ_AHEAD_BYTES }));
    this.#stream.on('readable', () => this.#awake());
    this.#stream.on('end', () => {
      this.#ended = true;
      this.#awake();
    });
    this.#stream.on('error', (error) => {
      this.#failure = error;
      this.#awake();
    });
  }

  /** Every row was taken. */
  get done(): boolean {
    return this.#done;
  }

  /** Waits until rows can be taken or the end is known. Throws what the server or the connection says. */
  async ready(): Promise<void> {
    while (!this.#done && !this.#hasRow()) {
      if (this.#failure !== null) throw this.#failure;
      const chunk = this.#stream.read() as Buffer | null;
      if (chunk !== null) this.#append(chunk);
      else if (this.#ended) throw new Error('The answer of the database ended early');
      else await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  #awake(): void {
    const wake = this.#wake;
    this.#wake = null;
    wake?.();
  }

  #append(chunk: Buffer): void {
    this.#bytes =
      this.#at === this.#bytes.length ? chunk : Buffer.concat([this.#bytes.subarray(this.#at), chunk]);
    this.#at = 0;
    if (!this.#headerRead && this.#bytes.length >= HEADER_BYTES) {
      this.#headerRead = true;
      this.#at = HEADER_BYTES + this.#bytes.readUInt32BE(HEADER_BYTES - 4);
    }
  }

  /** Whether a whole row, or the end, is at hand. */
  #hasRow(): boolean {
    const bytes = this.#bytes;
    const end = bytes.length;
    let at = this.#at;
    if (!this.#headerRead || at + 2 > end) return false;
    let fields = bytes.readInt16BE(at);
    if (fields === TRAILER) {
      this.#finish();
      return true;
    }
    for (at += 2; fields > 0; fields--) {
      if (at + 4 > end) return false;
      at += 4 + Math.max(0, bytes.readInt32BE(at));
    }
    return at <= end;
  }

  /** What follows the trailer says nothing, but must be read for the connection to be free again. */
  #finish(): void {
    this.#done = true;
    this.#bytes = NOTHING;
    this.#at = 0;
    this.#stream.removeAllListeners('readable');
    this.#stream.resume();
  }

  /** The fields of the next row that is at hand, null when none is whole. */
  take(): unknown[] | null {
    const { decoders } = this;
    const bytes = this.#bytes;
    const end = bytes.length;
    let at = this.#at;
    if (at + 2 > end) return null;
    const fields = (bytes[at]! << 8) | bytes[at + 1]!;
    if (fields !== decoders.length) return this.#notARow(fields);
    at += 2;
    this.fault = null;
    const values = new Array<unknown>(fields);
    for (let i = 0; i < fields; i++) {
      if (at + 4 > end) return null;
      const length = (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!;
      at += 4;
      if (length < 0) {
        values[i] = null;
        continue;
      }
      if (at + length > end) return null;
      try {
        values[i] = decoders[i]!(bytes, at, length);
      } catch (error) {
        this.fault ??= { field: i, error: error as Error };
        values[i] = null;
      }
      at += length;
    }
    this.#at = at;
    return values;
  }

  #notARow(fields: number): null {
    // An unsigned -1.
    if (fields !== 0xffff)
      throw new MillraceError(
        'INTERNAL',
        `The database sent a row of ${fields} fields instead of ${this.decoders.length}`,
      );
    this.#finish();
    return null;
  }
}
