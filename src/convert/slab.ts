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
