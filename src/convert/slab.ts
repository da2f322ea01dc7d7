/** Encoded values go into shared 64 KB slabs: one allocation for hundreds of records, and views stay valid for good. */
const SLAB_BYTES = 64 * 1024;

export class Slab {
  #buffer = Buffer.allocUnsafeSlow(0);
  #position = 0;

  /** UTF-8 bytes of a text. */
  utf8(text: string): Uint8Array {
    const most = text.length * 3;
    if (most > SLAB_BYTES / 4) return Buffer.from(text, 'utf8');
    if (this.#position + most > this.#buffer.length) this.#renew();
    const start = this.#position;
    this.#position += this.#buffer.utf8Write(text, start, most);
    return this.#buffer.subarray(start, this.#position);
  }

  /**
   * Bytes that `fill` writes into `most` bytes of room: it gets the buffer and where to begin, and answers where it
   * ended. Null when it answers -1.
   */
  fill(most: number, fill: (buffer: Buffer, start: number) => number): Uint8Array | null {
    const own = most > SLAB_BYTES / 4;
    if (!own && this.#position + most > this.#buffer.length) this.#renew();
    const buffer = own ? Buffer.allocUnsafe(most) : this.#buffer;
    const start = own ? 0 : this.#position;
    const end = fill(buffer, start);
    if (end < 0) return null;
    if (!own) this.#position = end;
    return buffer.subarray(start, end);
  }

  /** Room for `size` bytes to fill in. */
  take(size: number): Buffer {
    if (size > SLAB_BYTES / 4) return Buffer.allocUnsafe(size);
    if (this.#position + size > this.#buffer.length) this.#renew();
    const start = this.#position;
    this.#position += size;
    return this.#buffer.subarray(start, this.#position);
  }

  #renew(): void {
    this.#buffer = Buffer.allocUnsafeSlow(SLAB_BYTES);
    this.#position = 0;
  }
}
