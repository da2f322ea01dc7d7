import { DataError } from '../../../src/plugin';
import type { ChunkReader } from '../io/chunk-reader';
import { STRING_TYPE } from '../values/column-type';
import { CsvRow, dropEscapes, ESCAPED, PLAIN } from '../values/csv-row';
import { type Guess, guessText, join, settle } from '../values/infer';
import type { Sample } from './layout';
import type { DirectoryOptions } from './options';

/** A look at the first rows of a CSV file in a window, which stays as it is. */
export class CsvSample {
  readonly #window: ChunkReader;
  readonly #options: DirectoryOptions;
  readonly #last: boolean;
  readonly #text: string;
  readonly #to: number;
  readonly #row: CsvRow;
  #at = 0;
  #lines = 0;

  constructor(window: ChunkReader, options: DirectoryOptions, last: boolean) {
    this.#window = window;
    this.#options = options;
    this.#last = last;
    this.#text = window.bytes.latin1Slice(window.start, window.end);
    this.#to = last ? this.#text.length : this.#text.lastIndexOf('\n') + 1;
    this.#row = new CsvRow(options.dialect);
  }

  /** Null while the header is not there. */
  read(): Sample | null {
    const { header, columns, sampleRows } = this.#options;
    if (!this.#skipLines()) return null;
    const names = header ? this.#header() : null;
    if (header && names === null) return null;
    const start = { position: this.#window.position + this.#at, record: 0, line: this.#lines };
    const { guesses, rows } = this.#guess(names?.length ?? null);
    const known = names ?? guesses.map((_, i) => columns[i]?.name ?? `column${i + 1}`);
    const typed = known.map((name, i) => ({
      name,
      type: sampleRows === 0 ? STRING_TYPE : settle(guesses[i] ?? null),
    }));
    return { rows, start, columns: typed };
  }

  #skipLines(): boolean {
    for (; this.#lines < this.#options.skipLines; this.#lines++) {
      const next = this.#text.indexOf('\n', this.#at) + 1;
      if (next === 0) return false;
      this.#at = next;
    }
    return true;
  }

  #header(): string[] | null {
    if (this.#at >= this.#to) return null;
    const row = this.#row;
    const result = row.parse(this.#text, this.#at, this.#to, this.#last);
    if (result === 'incomplete') return null;
    if (result === 'malformed') throw new DataError(`the header is no CSV: ${row.problem}`);
    this.#at = row.next;
    this.#lines += 1 + row.innerLines;
    const names = Array.from({ length: row.count }, (_, i) => this.#cell(i).trim() || `column${i + 1}`);
    const twice = names.find((name, i) => names.indexOf(name) !== i);
    if (twice !== undefined) throw new DataError(`the header names ${JSON.stringify(twice)} twice`);
    return names;
  }

  /** Rows that are wrong count, so that they are read and reported, but tell nothing. */
  #guess(width: number | null): { guesses: Guess[]; rows: number } {
    const row = this.#row;
    const limit = Math.max(1, this.#options.sampleRows);
    const guesses: Guess[] = [];
    let rows = 0;
    for (let at = this.#at; at < this.#to && rows < limit; at = row.next) {
      const result = row.parse(this.#text, at, this.#to, this.#last);
      if (result === 'incomplete') break;
      if (result === 'row' && row.count === 1 && row.starts[0] === row.ends[0]) continue;
      rows++;
      const expected = width ?? (guesses.length > 0 ? guesses.length : row.count);
      if (result === 'row' && row.count === expected) this.#learn(guesses);
    }
    return { guesses, rows };
  }

  #learn(guesses: Guess[]): void {
    const row = this.#row;
    for (let i = 0; i < row.count; i++) {
      const cell = this.#cell(i).trim();
      const isNull = cell === '' || (row.kinds[i] === PLAIN && this.#options.nullTexts.has(cell));
      guesses[i] = join(guesses[i] ?? null, isNull ? null : guessText(cell));
    }
  }

  #cell(index: number): string {
    const { bytes, start } = this.#window;
    const { latin1, dialect } = this.#options;
    const from = start + this.#row.starts[index]!;
    const to = start + this.#row.ends[index]!;
    const text = latin1 ? bytes.latin1Slice(from, to) : bytes.utf8Slice(from, to);
    return this.#row.kinds[index] === ESCAPED ? dropEscapes(text, dialect) : text;
  }
}
