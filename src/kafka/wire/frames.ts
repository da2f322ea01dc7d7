/** Cuts a stream of bytes into the size-prefixed messages of Kafka's protocol. */

/** Far above any answer we ask for; what claims more is not Kafka's protocol (`HTTP` as a size is 1.2 GB). */
const MAX_FRAME_BYTES = 256 * 1024 * 1024;

/** Thrown for a size no Kafka broker would send. */
export class FrameError extends RangeError {}

export class FrameReader {
  readonly #onFrame: (frame: Buffer) => void;
  /** Bytes of an unfinished size prefix. */
  #prefix: Buffer | null = null;
  /** A message that began in an earlier chunk, and how much of it is there. */
  #frame: Buffer | null = null;
  #filled = 0;

  constructor(onFrame: (frame: Buffer) => void) {
    this.#onFrame = onFrame;
  }

  /**
   * Takes the next bytes of the stream. A message within one chunk is handed out as a view of it; a larger one is
   * gathered in a buffer of its final size, so that every byte is copied at most once.
   */
  push(chunk: Buffer): void {
    let at = this.#frame === null ? 0 : this.#fill(chunk);
    if (this.#prefix !== null) {
      chunk = Buffer.concat([this.#prefix, chunk.subarray(at)]);
      at = 0;
      this.#prefix = null;
    }
    while (chunk.length - at >= 4) {
      const size = readSize(chunk, at);
      at += 4;
      if (chunk.length - at < size) {
        this.#begin(size, chunk.subarray(at));
        return;
      }
      this.#onFrame(chunk.subarray(at, at + size));
      at += size;
    }
    if (at < chunk.length) this.#prefix = chunk.subarray(at);
  }

  #begin(size: number, first: Buffer): void {
    this.#frame = Buffer.allocUnsafeSlow(size);
    first.copy(this.#frame);
    this.#filled = first.length;
  }

  /** Returns how much of the chunk belonged to the message under way. */
  #fill(chunk: Buffer): number {
    const frame = this.#frame!;
    const taken = chunk.copy(frame, this.#filled);
    this.#filled += taken;
    if (this.#filled === frame.length) {
      this.#frame = null;
      this.#onFrame(frame);
    }
    return taken;
  }
}

function readSize(chunk: Buffer, at: number): number {
  const size = chunk.readInt32BE(at);
  if (size < 4 || size > MAX_FRAME_BYTES) throw new FrameError(`a message of ${size} bytes was announced`);
  return size;
}
