import { DataError } from '../../../src/plugin';
import type { ChunkReader } from '../io/chunk-reader';
import { LineReader } from '../io/line-reader';
import { type FileFormat, NOT_UTF8, Utf8Check } from './format';
import type { DirectoryOptions } from './options';
import type { RecordBuilder } from './record-builder';

/** Makes the value of a line's text; undefined for a line without a record. Throws DataError. */
export type LineValue = (text: string) => unknown;

/** One record per line. */
export class LinesFormat implements FileFormat {
  readonly #lines: LineReader;
  readonly #utf8: Utf8Check | null;
  readonly #latin1: boolean;
  readonly #value: LineValue;

  constructor(
    window: ChunkReader,
    options: DirectoryOptions,
    lateEnd: LineReader['lateEnd'],
    value: LineValue,
  ) {
    this.#lines = new LineReader(window, { maxLineBytes: options.maxLineBytes, loneCr: false });
    this.#lines.lateEnd = lateEnd;
    this.#utf8 = options.latin1 ? null : new Utf8Check(window);
    this.#latin1 = options.latin1;
    this.#value = value;
  }

  get dropped(): number {
    return this.#lines.partial - this.#lines.window.length;
  }

  take(out: RecordBuilder, last: boolean): void {
    const lines = this.#lines;
    const { window } = lines;
    let before = window.position;
    while (!out.full && lines.next(last)) {
      try {
        const value = this.#value(this.#text());
        if (value === undefined) out.skipLines(1);
        else out.add(value, window.position, 1);
      } catch (error) {
        if (!out.refuse(error, before, 1)) {
          // The line comes again. A line too long to be kept is gone, but then its length is all that is told of it.
          window.consume(before - window.position);
          return;
        }
      }
      before = window.position;
    }
  }

  #text(): string {
    const { window, from, to, tooLong } = this.#lines;
    if (tooLong > 0) throw new DataError(`the line has ${tooLong} bytes, more than max.line.bytes`);
    if (this.#latin1) return window.bytes.latin1Slice(from, to);
    if (!this.#utf8!.isValid(from, to)) throw new DataError(`the line ${NOT_UTF8}`);
    return window.bytes.utf8Slice(from, to);
  }
}
