/** Big-endian primitives of Kafka's protocol (non-flexible versions) and the varints of record batches. */

/** Growing buffer. `bytes()` is a view: copy it to keep it beyond the next write after `reset()`. */
export class ByteWriter {
  #buffer: Buffer;
  #position = 0;
  /** Bytes that belong at a position of the buffer and are not in it. */
  #attached: { readonly at: number; readonly bytes: Buffer }[] = [];
  #attachedLength = 0;

  constructor(capacity = 1024) {
    this.#buffer = Buffer.allocUnsafeSlow(capacity);
  }

  get length(): number {
    return this.#position + this.#attachedLength;
  }

  bytes(): Buffer {
    const chunks = this.chunks();
    return chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks);
  }

  /** All that was written, in order; what was attached as it is. */
  chunks(): Buffer[] {
    const chunks: Buffer[] = [];
    let from = 0;
    for (const { at, bytes } of this.#attached) {
      if (at > from) chunks.push(this.#buffer.subarray(from, at));
      chunks.push(bytes);
      from = at;
    }
    if (from < this.#position || chunks.length === 0)
      chunks.push(this.#buffer.subarray(from, this.#position));
    return chunks;
  }

  reset(): void {
    this.#position = 0;
    this.#attached = [];
    this.#attachedLength = 0;
  }

  /** Like `raw` without copying: the bytes must stay as they are until the chunks have been sent. */
  attach(bytes: Buffer): this {
    this.#attached.push({ at: this.#position, bytes });
    this.#attachedLength += bytes.length;
    return this;
  }

  /** Makes room for `size` more bytes and returns where they begin. May replace the buffer: call it before naming that. */
  #reserve(size: number): number {
    const at = this.#position;
    const end = at + size;
    if (end > this.#buffer.length) this.#grow(end);
    this.#position = end;
    return at;
  }

  #grow(needed: number): void {
    const grown = Buffer.allocUnsafeSlow(Math.max(needed, this.#buffer.length * 2));
    this.#buffer.copy(grown, 0, 0, this.#position);
    this.#buffer = grown;
  }

  int8(value: number): this {
    const at = this.#reserve(1);
    this.#buffer[at] = value;
    return this;
  }

  int16(value: number): this {
    const at = this.#reserve(2);
    this.#buffer.writeInt16BE(value, at);
    return this;
  }

  int32(value: number): this {
    const at = this.#reserve(4);
    this.#buffer.writeInt32BE(value, at);
    return this;
  }

  /** A safe integer or a bigint. */
  int64(value: number | bigint): this {
    const at = this.#reserve(8);
    if (typeof value === 'bigint') {
      this.#buffer.writeBigInt64BE(value, at);
    } else {
      this.#buffer.writeInt32BE(Math.floor(value / 4294967296), at);
      this.#buffer.writeUInt32BE(value >>> 0, at + 4);
    }
    return this;
  }

  boolean(value: boolean): this {
    return this.int8(value ? 1 : 0);
  }

  raw(bytes: Uint8Array): this {
    const at = this.#reserve(bytes.length);
    this.#buffer.set(bytes, at);
    return this;
  }

  string(value: string): this {
    const size = Buffer.byteLength(value);
    this.int16(size);
    const at = this.#reserve(size);
    this.#buffer.utf8Write(value, at, size);
    return this;
  }

  nullableString(value: string | null): this {
    return value === null ? this.int16(-1) : this.string(value);
  }

  bytesWithSize(value: Uint8Array): this {
    return this.int32(value.length).raw(value);
  }

  nullableBytes(value: Uint8Array | null): this {
    return value === null ? this.int32(-1) : this.bytesWithSize(value);
  }

  array<T>(items: readonly T[], write: (writer: this, item: T) => void): this {
    this.int32(items.length);
    for (const item of items) write(this, item);
    return this;
  }

  /** Overwrites an int32 written before. */
  setInt32(at: number, value: number): void {
    this.#buffer.writeInt32BE(value, at);
  }
}

declare global {
  interface Buffer {
    /** Node's unchecked UTF-8 write: three times as fast as `write` with an encoding name. */
    utf8Write(text: string, offset?: number, length?: number): number;
    latin1Slice(start?: number, end?: number): string;
    utf8Slice(start?: number, end?: number): string;
  }
}

/** Thrown when a message ends before its content does or a length is impossible. */
export class TruncatedError extends RangeError {}

export class ByteReader {
  position: number;

  constructor(
    readonly buffer: Buffer,
    position = 0,
    readonly end = buffer.length,
  ) {
    this.position = position;
  }

  get remaining(): number {
    return this.end - this.position;
  }

  #take(size: number): number {
    const at = this.position;
    if (size < 0 || at + size > this.end) {
      throw new TruncatedError(`${size} bytes wanted at ${at}, message ends at ${this.end}`);
    }
    this.position = at + size;
    return at;
  }

  int8(): number {
    return this.buffer.readInt8(this.#take(1));
  }

  int16(): number {
    return this.buffer.readInt16BE(this.#take(2));
  }

  int32(): number {
    return this.buffer.readInt32BE(this.#take(4));
  }

  /** Exact for safe integers, which offsets, ids and timestamps are. */
  int64(): number {
    const at = this.#take(8);
    return this.buffer.readInt32BE(at) * 4294967296 + this.buffer.readUInt32BE(at + 4);
  }

  boolean(): boolean {
    return this.int8() !== 0;
  }

  /** A view of the next bytes. */
  raw(size: number): Buffer {
    const at = this.#take(size);
    return this.buffer.subarray(at, at + size);
  }

  string(): string {
    const size = this.int16();
    const at = this.#take(size);
    return this.buffer.utf8Slice(at, at + size);
  }

  nullableString(): string | null {
    const size = this.int16();
    if (size < 0) return null;
    const at = this.#take(size);
    return this.buffer.utf8Slice(at, at + size);
  }

  bytesWithSize(): Buffer {
    return this.raw(this.int32());
  }

  nullableBytes(): Buffer | null {
    const size = this.int32();
    return size < 0 ? null : this.raw(size);
  }

  array<T>(read: (reader: this) => T): T[] {
    const count = this.int32();
    if (count > this.remaining)
      throw new TruncatedError(`array of ${count} items in ${this.remaining} bytes`);
    const items: T[] = [];
    for (let i = 0; i < count; i++) items.push(read(this));
    return items;
  }
}
