const BUFFER_BYTES = 64 * 1024;
/** A buffer that one value made larger than this is not kept for the others. */
const MOST_KEPT_BYTES = 1024 * 1024;

/**
 * The one buffer of a converter: what was encoded last is valid until the next call. The runtime copies it into a record
 * batch at once, so a fresh buffer per value would only be garbage.
 */
export class Scratch {
  #buffer = Buffer.allocUnsafeSlow(BUFFER_BYTES);

  /** UTF-8 bytes of a text. */
  utf8(text: string): Uint8Array {
    const buffer = this.room(text.length * 3);
    return buffer.subarray(0, buffer.utf8Write(text, 0, text.length * 3));
  }

  /** Bytes that `fill` writes into `most` bytes of room: it answers where it ended. Null when it answers -1. */
  fill(most: number, fill: (buffer: Buffer) => number): Uint8Array | null {
    const buffer = this.room(most);
    const end = fill(buffer);
    return end < 0 ? null : buffer.subarray(0, end);
  }

  /** A buffer with so much room. */
  room(bytes: number): Buffer {
    const fits = this.#buffer.length >= bytes && this.#buffer.length <= MOST_KEPT_BYTES;
    if (!fits) this.#buffer = Buffer.allocUnsafeSlow(Math.max(BUFFER_BYTES, bytes));
    return this.#buffer;
  }
}
