import { DataError, type Schema, Struct } from '../../../src/plugin';
import type { ChunkReader } from '../io/chunk-reader';
import type { Column } from '../values/column-type';
import { CsvRow, dropEscapes, ESCAPED, PLAIN } from '../values/csv-row';
import { parseText } from '../values/text-value';
import { type FileFormat, NOT_UTF8, Utf8Check } from './format';
import type { Layout } from './layout';
import type { DirectoryOptions } from './options';
import type { RecordBuilder } from './record-builder';

const LF = 10;

/**
 * Rows of CSV. The window is scanned as latin1 text, one character per byte, so that places in it are byte positions;
 * only cells of text that are not ASCII are decoded, each from its bytes.
 */
export class CsvFormat implements FileFormat {
  readonly #window: ChunkReader;
  readonly #options: DirectoryOptions;
  readonly #columns: readonly Column[];
  readonly #schema: Schema;
  /** Cells per row; columns beyond are declared ones that the file lacks. */
  readonly #width: number;
  readonly #row: CsvRow;
  readonly #utf8: Utf8Check | null;
  #generation = -1;
  #text = '';
  #base = 0;
  dropped = 0;

  constructor(window: ChunkReader, options: DirectoryOptions, layout: Layout) {
    this.#window = window;
    this.#options = options;
    this.#columns = layout.columns!;
    this.#schema = layout.valueSchema!;
    this.#width = this.#columns.filter(({ absent }) => absent !== true).length;
    this.#row = new CsvRow(options.dialect);
    this.#utf8 = options.latin1 ? null : new Utf8Check(window);
  }

  take(out: RecordBuilder, last: boolean): void {
    const window = this.#window;
    this.#look();
    const to = last ? this.#text.length : this.#text.lastIndexOf('\n') + 1;
    if (this.dropped > 0 && !this.#endDropped(out, last)) return;
    for (let at = window.start - this.#base; at < to && !out.full; at = window.start - this.#base) {
      const result = this.#row.parse(this.#text, at, to, last);
      if (result === 'incomplete' && to - at <= this.#options.maxLineBytes) return;
      if (result !== 'row') {
        if (!this.#refuseMalformed(out, at, to, result)) return;
      } else if (!this.#takeRow(out, at)) {
        return;
      }
    }
    if (!out.full && !last && window.length > this.#options.maxLineBytes) this.#drop();
  }

  #look(): void {
    const window = this.#window;
    if (this.#generation === window.generation) return;
    this.#generation = window.generation;
    this.#base = window.start;
    this.#text = window.bytes.latin1Slice(window.start, window.end);
  }

  #takeRow(out: RecordBuilder, at: number): boolean {
    const window = this.#window;
    const { next, count, innerLines, starts, ends, kinds } = this.#row;
    const lines = 1 + innerLines;
    if (count === 1 && starts[0] === ends[0] && kinds[0] === PLAIN) {
      window.consume(next - at);
      out.skipLines(1);
      return true;
    }
    try {
      if (next - at > this.#options.maxLineBytes) throw tooLong(next - at);
      const struct = this.#struct(at);
      window.consume(next - at);
      out.add(struct, window.position, lines);
    } catch (error) {
      if (!out.refuse(error, window.position, lines)) return false;
      window.consume(next - at);
    }
    return true;
  }

  /** A row whose quotes are wrong costs its first line, or all up to the line with the problem. */
  #refuseMalformed(out: RecordBuilder, at: number, to: number, result: 'incomplete' | 'malformed'): boolean {
    const window = this.#window;
    const endless = result === 'incomplete';
    const next = endless ? this.#text.indexOf('\n', at) + 1 || to : this.#row.next;
    const problem = endless ? `a quote is not closed within max.line.bytes` : this.#row.problem;
    let lines = 0;
    for (let i = at; i < next; i++) if (this.#text.charCodeAt(i) === LF) lines++;
    if (!out.refuse(new DataError(problem), window.position, Math.max(1, lines))) return false;
    window.consume(next - at);
    return true;
  }

  #struct(at: number): Struct {
    const row = this.#row;
    const columns = this.#columns;
    if (row.count !== this.#width) {
      throw new DataError(`the row has ${row.count} cells, not ${this.#width}`);
    }
    if (row.codes > 127 && this.#utf8?.isValid(this.#base + at, this.#base + row.next) === false) {
      throw new DataError(`the row ${NOT_UTF8}`);
    }
    const values = new Array<unknown>(columns.length);
    for (let i = 0; i < this.#width; i++) values[i] = this.#cell(i, columns[i]!);
    for (let i = this.#width; i < columns.length; i++) values[i] = null;
    return new Struct(this.#schema, values);
  }

  #cell(index: number, { name, type }: Column): unknown {
    const row = this.#row;
    const from = row.starts[index]!;
    const to = row.ends[index]!;
    const plain = row.kinds[index] === PLAIN;
    if (plain && this.#isNull(from, to)) {
      if (type.required !== true) return null;
      if (type.kind === 'string' && from === to) return '';
      throw new DataError(`column ${name} is required`);
    }
    if (type.kind === 'string') return this.#string(index, from, to);
    if (from === to && type.required !== true) return null;
    try {
      return parseText(this.#text, from, to, type);
    } catch (error) {
      if (error instanceof DataError) throw new DataError(`column ${name}: ${error.message}`);
      throw error;
    }
  }

  #isNull(from: number, to: number): boolean {
    if (from === to) return true;
    const { nullTexts } = this.#options;
    return nullTexts.size > 0 && nullTexts.has(this.#text.slice(from, to));
  }

  #string(index: number, from: number, to: number): string {
    const { latin1, dialect } = this.#options;
    const text =
      this.#row.codes > 127 && !latin1
        ? this.#window.bytes.utf8Slice(this.#base + from, this.#base + to)
        : this.#text.slice(from, to);
    return this.#row.kinds[index] === ESCAPED ? dropEscapes(text, dialect) : text;
  }

  /** All but a byte, so that the window tells that something is left. */
  #drop(): void {
    const window = this.#window;
    this.dropped += window.length - 1;
    window.consume(window.length - 1);
  }

  /** The end of a line that was too long; false while it is not there, or not yet reported. */
  #endDropped(out: RecordBuilder, last: boolean): boolean {
    const window = this.#window;
    const at = window.start - this.#base;
    const end = this.#text.indexOf('\n', at) + 1 || (last ? this.#text.length : 0);
    if (end === 0) {
      this.#drop();
      return false;
    }
    const length = this.dropped + end - at;
    if (!out.refuse(tooLong(length), window.position - this.dropped, 1)) return false;
    this.dropped = 0;
    window.consume(end - at);
    return true;
  }
}

const tooLong = (length: number): DataError =>
  new DataError(`the row has ${length} bytes, more than max.line.bytes`);
