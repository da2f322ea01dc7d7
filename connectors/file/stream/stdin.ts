import { type ByteSource, streamBytes } from '../io/byte-source';
import { ChunkReader } from '../io/chunk-reader';
import { LineReader } from '../io/line-reader';
import { pause } from '../io/pause';

/** Standard input as lines. It has no identity and no positions to come back to. */
export class StandardInput {
  readonly lines: LineReader;
  readonly identity = '';
  readonly #source: ByteSource;
  readonly #waitMs: number;
  readonly #signal: AbortSignal;
  #filling: Promise<void> | null = null;
  #filled = 0;
  final = false;
  last = false;

  constructor(maxLineBytes: number, waitMs: number, signal: AbortSignal) {
    this.#source = streamBytes(process.stdin);
    this.lines = new LineReader(new ChunkReader(this.#source, 0, 64 * 1024), { maxLineBytes, loneCr: true });
    this.#waitMs = waitMs;
    this.#signal = signal;
  }

  get exhausted(): boolean {
    return this.last && this.lines.partial === 0;
  }

  /** Waits a little for input; false when none came. */
  async more(): Promise<boolean> {
    if (this.last) return false;
    this.#filling ??= this.lines.window.fill().then((read) => {
      this.#filled = read;
      this.last = read === 0;
      this.#filling = null;
    });
    await Promise.race([this.#filling, pause(this.#waitMs, this.#signal)]);
    if (this.#filling !== null) return false;
    return this.#filled > 0 || this.lines.partial > 0;
  }

  async close(): Promise<void> {
    await this.lines.window.close();
    await this.#filling;
  }
}
