import type { ChunkReader } from './chunk-reader';

const LF = 10;
const CR = 13;
const NEVER = Number.POSITIVE_INFINITY;

export interface LineOptions {
  /** Longer lines are not kept: `tooLong` tells of them. */
  readonly maxLineBytes: number;
  /** Whether a \r without \n ends a line too, as Java's readers have it. */
  readonly loneCr: boolean;
}

export type LateEnd = 'none' | 'any' | 'lf';

/**
 * Cuts the window of a chunk reader into lines at \n and \r\n (and \r). After `next` answered true, the line without
 * its end is `window.bytes[from, to)`, and the window begins behind its end.
 */
export class LineReader {
  from = 0;
  to = 0;
  /** Bytes of the current line when it was longer than the limit and its text is gone, else 0. */
  tooLong = 0;
  /** The line before was taken without (all of) its end: what of it comes later is no line of its own. */
  lateEnd: LateEnd = 'none';
  readonly window: ChunkReader;
  readonly #options: LineOptions;
  #generation = -1;
  #view: Buffer;
  #nextCr = 0;
  #dropped = 0;

  constructor(window: ChunkReader, options: LineOptions) {
    this.window = window;
    this.#options = options;
    this.#view = window.bytes;
  }

  /** The beginning of a line that waits for its end, its length in bytes. */
  get partial(): number {
    return this.#dropped + this.window.length;
  }

  /** Takes the next whole line; with `last`, also one without an end. False: the window must be filled first. */
  next(last: boolean): boolean {
    const { window } = this;
    if (this.#generation !== window.generation) this.#look();
    if (this.lateEnd !== 'none' && !this.#skipEnd(last)) return false;
    const start = window.start;
    const lf = this.#view.indexOf(LF, start);
    if (this.#options.loneCr && this.#crBefore(lf === -1 ? this.#view.length : lf)) {
      const cr = this.#nextCr;
      if (cr + 1 < this.#view.length) return this.#take(cr, this.#view[cr + 1] === LF ? cr + 2 : cr + 1);
      if (last) return this.#take(cr, cr + 1, 'lf');
      return this.#wait();
    }
    if (lf === -1) return last && this.partial > 0 ? this.#takeRest() : this.#wait();
    return this.#take(lf > start && this.#view[lf - 1] === CR ? lf - 1 : lf, lf + 1);
  }

  #look(): void {
    this.#generation = this.window.generation;
    this.#view = this.window.bytes.subarray(0, this.window.end);
    this.#nextCr = -1;
  }

  #crBefore(limit: number): boolean {
    const { start } = this.window;
    if (this.#nextCr < start) {
      const found = this.#view.indexOf(CR, start);
      this.#nextCr = found === -1 ? NEVER : found;
    }
    return this.#nextCr < limit;
  }

  #take(to: number, next: number, lateEnd: LateEnd = 'none'): true {
    const { window } = this;
    this.from = window.start;
    this.to = to;
    this.lateEnd = lateEnd;
    const length = to - this.from + this.#dropped;
    this.tooLong = length > this.#options.maxLineBytes ? length : 0;
    this.#dropped = 0;
    window.consume(next - window.start);
    return true;
  }

  #takeRest(): true {
    const end = this.#view.length;
    const cr = end > this.window.start && this.#view[end - 1] === CR;
    return this.#take(cr ? end - 1 : end, end, cr ? 'lf' : 'any');
  }

  /** False; a line that is over the limit already is dropped, all but a \r that a \n may follow. */
  #wait(): false {
    const { window } = this;
    if (this.partial > this.#options.maxLineBytes + 2 && window.length > 1) {
      this.#dropped += window.length - 1;
      window.consume(window.length - 1);
    }
    return false;
  }

  /** Skips the late end of a line that was taken without; false when its bytes are not there yet. */
  #skipEnd(last: boolean): boolean {
    const { window } = this;
    if (window.length === 0) return false;
    if (this.lateEnd === 'any' && this.#view[window.start] === CR) {
      if (window.length === 1 && !last) return false;
      window.consume(1);
    }
    if (window.length > 0 && this.#view[window.start] === LF) window.consume(1);
    this.lateEnd = 'none';
    return true;
  }
}
