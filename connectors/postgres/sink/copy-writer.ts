/** Bytes of a COPY as finished CopyData messages, in buffers that are used again. */
import { DataError, type Int64 } from '../../../src/plugin';

const CHUNK_BYTES = 64 * 1024;
/** Past this a chunk is sent: most rows fit into what is left. */
const FULL_BYTES = CHUNK_BYTES - 4096;
/** `d` and the length word. */
const FRAME_HEADER = 5;
const COPY_DATA = 0x64;
const SHORT_STRING = 40;
const TWO_TO_32 = 4294967296;
const SIGNATURE = Buffer.from('PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0', 'latin1');

/** Chunks kept for the next batches; what is beyond the limit is left to the collector. */
export class ChunkPool {
  readonly #free: Buffer[] = [];

  constructor(private readonly limit = 16) {}

  take(): Buffer {
    return this.#free.pop() ?? Buffer.allocUnsafeSlow(CHUNK_BYTES);
  }

  /** A message that nothing reads any more. */
  give(frame: Buffer): void {
    if (this.#free.length < this.limit && frame.buffer.byteLength === CHUNK_BYTES)
      this.#free.push(Buffer.from(frame.buffer));
  }
}

/**
 * Writes fields one after another. A message may end anywhere between two fields: Postgres joins them. Every method
 * that says "field" writes the length word too.
 */
export class CopyWriter {
  #frames: Buffer[] = [];
  #buffer: Buffer;
  #view: DataView;
  #position = FRAME_HEADER;

  constructor(private readonly pool: ChunkPool) {
    this.#buffer = pool.take();
    this.#view = viewOf(this.#buffer);
  }

  header(): void {
    this.bytes(SIGNATURE);
  }

  /** With `position`, where the next field begins; see `reset`. */
  get sealed(): number {
    return this.#frames.length;
  }

  get position(): number {
    return this.#position;
  }

  /** Forgets everything since `sealed` and `position` were as given. */
  reset(sealed: number, position: number): void {
    if (sealed < this.#frames.length) {
      this.#buffer = Buffer.from(this.#frames[sealed]!.buffer);
      this.#view = viewOf(this.#buffer);
      this.#frames.length = sealed;
    }
    this.#position = position;
  }

  /** Whether there is about a message's worth; asked between rows. */
  get isFull(): boolean {
    return this.#frames.length > 0 || this.#position > FULL_BYTES;
  }

  /** Everything so far as finished messages; the next row begins another. */
  take(): Buffer[] {
    const frames = this.finish();
    this.#frames = [];
    this.#buffer = this.pool.take();
    this.#view = viewOf(this.#buffer);
    this.#position = FRAME_HEADER;
    return frames;
  }

  /** Everything so far as finished messages; the writer must not be used again. */
  finish(): Buffer[] {
    if (this.#position > FRAME_HEADER) this.#seal();
    return this.#frames;
  }

  #seal(): void {
    this.#buffer[0] = COPY_DATA;
    this.#view.setInt32(1, this.#position - 1);
    this.#frames.push(this.#buffer.subarray(0, this.#position));
  }

  #reserve(bytes: number): number {
    const position = this.#position;
    if (position + bytes <= this.#buffer.length) {
      this.#position = position + bytes;
      return position;
    }
    this.#seal();
    const large = bytes + FRAME_HEADER > CHUNK_BYTES;
    this.#buffer = large ? Buffer.allocUnsafeSlow(bytes + FRAME_HEADER) : this.pool.take();
    this.#view = viewOf(this.#buffer);
    this.#position = FRAME_HEADER + bytes;
    return FRAME_HEADER;
  }

  int16(value: number): void {
    const at = this.#reserve(2);
    this.#view.setInt16(at, value);
  }

  int32(value: number): void {
    const at = this.#reserve(4);
    this.#view.setInt32(at, value);
  }

  int64(value: Int64): void {
    const at = this.#reserve(8);
    this.#view.setBigInt64(at, BigInt(value));
  }

  bytes(value: Uint8Array): void {
    const at = this.#reserve(value.length);
    this.#buffer.set(value, at);
  }

  nullField(): void {
    const at = this.#reserve(4);
    this.#view.setInt32(at, -1);
  }

  boolField(value: boolean): void {
    const at = this.#reserve(5);
    this.#view.setInt32(at, 1);
    this.#buffer[at + 4] = value ? 1 : 0;
  }

  int16Field(value: number): void {
    const at = this.#reserve(6);
    this.#view.setInt32(at, 2);
    this.#view.setInt16(at + 4, value);
  }

  int32Field(value: number): void {
    const at = this.#reserve(8);
    this.#view.setInt32(at, 4);
    this.#view.setInt32(at + 4, value);
  }

  int64Field(value: Int64): void {
    const at = this.#reserve(12);
    this.#view.setInt32(at, 8);
    if (typeof value === 'number') {
      this.#view.setInt32(at + 4, Math.floor(value / TWO_TO_32));
      this.#view.setInt32(at + 8, value | 0);
    } else {
      this.#view.setBigInt64(at + 4, value);
    }
  }

  float32Field(value: number): void {
    const at = this.#reserve(8);
    this.#view.setInt32(at, 4);
    this.#view.setFloat32(at + 4, value);
  }

  float64Field(value: number): void {
    const at = this.#reserve(12);
    this.#view.setInt32(at, 8);
    this.#view.setFloat64(at + 4, value);
  }

  bytesField(value: Uint8Array): void {
    const at = this.#reserve(4 + value.length);
    this.#view.setInt32(at, value.length);
    this.#buffer.set(value, at + 4);
  }

  /** UTF-8. Throws DataError for text that Postgres cannot hold. */
  textField(value: string): void {
    if (value.length > SHORT_STRING || !this.#shortAscii(value)) this.#longText(value, 4);
  }

  /** jsonb: a version byte, then the text. */
  jsonbField(value: string): void {
    const at = this.#longText(value, 5);
    this.#buffer[at + 4] = 1;
  }

  /** Short text is mostly ASCII, and a loop over it is faster than a call into the runtime. */
  #shortAscii(value: string): boolean {
    const { length } = value;
    const at = this.#reserve(4 + length);
    const buffer = this.#buffer;
    for (let i = 0; i < length; i++) {
      const code = value.charCodeAt(i);
      if (code === 0 || code > 0x7f) {
        this.#position = at;
        return false;
      }
      buffer[at + 4 + i] = code;
    }
    this.#view.setInt32(at, length);
    return true;
  }

  #longText(value: string, head: number): number {
    checkText(value);
    const length = Buffer.byteLength(value);
    const at = this.#reserve(head + length);
    this.#buffer.write(value, at + head);
    this.#view.setInt32(at, head - 4 + length);
    return at;
  }

  /** Room for a length word whose value is known later. Nothing may be taken back in between. */
  beginField(): LengthSlot {
    const at = this.#reserve(4);
    return { view: this.#view, at, before: this.#written() };
  }

  endField(slot: LengthSlot): void {
    slot.view.setInt32(slot.at, this.#written() - slot.before);
  }

  /** Payload bytes so far. */
  #written(): number {
    let total = this.#position - FRAME_HEADER;
    for (const frame of this.#frames) total += frame.length - FRAME_HEADER;
    return total;
  }

  /** Plain UTF-8 without a length word, for the text format. */
  raw(value: string): void {
    const length = Buffer.byteLength(value);
    const at = this.#reserve(length);
    this.#buffer.write(value, at);
  }
}

export interface LengthSlot {
  readonly view: DataView;
  readonly at: number;
  readonly before: number;
}

const viewOf = (buffer: Buffer): DataView =>
  new DataView(buffer.buffer, buffer.byteOffset, buffer.byteLength);

/** Answers its argument. Postgres holds no zero bytes, and a lone surrogate has no UTF-8. Throws DataError. */
export function checkText(value: string): string {
  if (value.includes('\0'))
    throw new DataError('text with a zero byte (U+0000) cannot be stored in Postgres');
  if (!isWellFormed(value)) throw new DataError('text with half of a surrogate pair is not valid Unicode');
  return value;
}

/** `String.prototype.isWellFormed`, which the compiler's library does not list yet. */
const isWellFormed = (value: string): boolean =>
  (value as string & { isWellFormed(): boolean }).isWellFormed();

/** A value as a field of the text format. Throws DataError for text that Postgres cannot hold. */
export function copyText(value: string): string {
  checkText(value);
  return /[\\\t\n\r]/.test(value) ? value.replace(/[\\\t\n\r]/g, (char) => ESCAPES[char]!) : value;
}

const ESCAPES: Readonly<Record<string, string>> = { '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r' };
