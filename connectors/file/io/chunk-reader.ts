import type { ByteSource } from './byte-source';

/** Room in front of each chunk for the beginning of a record that the chunk before left over. */
const HEADROOM = 64 * 1024;

/**
 * A window over a byte source: `bytes[start, end)` is read and not yet consumed, `position` is where `start` lies in
 * the source. Two buffers take turns, so that the next chunk is read while this one is parsed. What is kept of the
 * window beyond the next `fill` must be copied.
 */
export class ChunkReader {
  bytes: Buffer;
  start: number;
  end: number;
  position: number;
  /** Counts the fills, so that what was derived from the window can be kept until it changes. */
  generation = 0;
  readonly #source: ByteSource;
  readonly #chunkBytes: number;
  #spare: Buffer | null = null;
  #ahead: Promise<number> | null = null;

  constructor(source: ByteSource, position: number, chunkBytes: number) {
    this.#source = source;
    this.#chunkBytes = chunkBytes;
    this.bytes = Buffer.allocUnsafeSlow(HEADROOM + chunkBytes);
    this.start = HEADROOM;
    this.end = HEADROOM;
    this.position = position;
  }

  get length(): number {
    return this.end - this.start;
  }

  consume(count: number): void {
    this.start += count;
    this.position += count;
  }

  /** Adds the next bytes to the window; how many, 0 at the end of the source for now. */
  async fill(): Promise<number> {
    const ahead = this.#ahead ?? this.#readAhead();
    let read: number;
    try {
      read = await ahead;
    } finally {
      this.#ahead = null;
    }
    if (read === 0) return 0;
    this.#swap(read);
    this.generation++;
    if (read === this.#chunkBytes) {
      this.#ahead = this.#readAhead();
      // A failure is met by the next fill; unread, it must not end the process.
      this.#ahead.catch(() => {});
    }
    return read;
  }

  #readAhead(): Promise<number> {
    this.#spare ??= Buffer.allocUnsafeSlow(HEADROOM + this.#chunkBytes);
    return this.#source.read(this.#spare, this.#spare.length - this.#chunkBytes, this.#chunkBytes);
  }

  #swap(read: number): void {
    const fresh = this.#spare!;
    const rest = this.length;
    const from = fresh.length - this.#chunkBytes;
    if (rest <= from) {
      this.bytes.copy(fresh, from - rest, this.start, this.end);
      this.#spare = this.bytes.length === HEADROOM + this.#chunkBytes ? this.bytes : null;
      this.bytes = fresh;
      this.start = from - rest;
      this.end = from + read;
      return;
    }
    this.#append(fresh, from, read);
  }

  /** For a record longer than the headroom: rare, so it may cost a buffer of its own. Its room doubles: linear growth. */
  #append(fresh: Buffer, from: number, read: number): void {
    if (this.bytes.length - this.end < read) {
      const room = Buffer.allocUnsafeSlow(2 * this.length + this.#chunkBytes);
      this.bytes.copy(room, 0, this.start, this.end);
      this.end = this.length;
      this.start = 0;
      this.bytes = room;
    }
    fresh.copy(this.bytes, this.end, from, from + read);
    this.end += read;
  }

  async close(): Promise<void> {
    // Closing ends a read that is under way, so it comes first.
    const closed = this.#source.close();
    await this.#ahead?.catch(() => {});
    await closed;
  }
}
