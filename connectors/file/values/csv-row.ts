/**
 * One row of CSV out of a text: where its cells are, not what they mean. The text is the bytes one to one (latin1), so
 * that places in it are byte positions; separators and quotes are ASCII and never part of another UTF-8 character.
 */
export interface CsvDialect {
  readonly separator: number;
  /** -1: nothing quotes. */
  readonly quote: number;
  /** Escapes a quote. Equal to `quote`: a doubled quote stands for one. */
  readonly mark: number;
}

const LF = 10;
const CR = 13;

/** Kinds of cells. */
export const PLAIN = 0;
export const QUOTED = 1;
/** Quoted, with escapes inside. */
export const ESCAPED = 2;

export type RowResult = 'row' | 'incomplete' | 'malformed';

export class CsvRow {
  count = 0;
  /** Places of the cells, without their quotes. */
  starts = new Int32Array(64);
  ends = new Int32Array(64);
  kinds = new Uint8Array(64);
  /** Behind the row and its line end; of a malformed row, where reading can go on. */
  next = 0;
  /** Line ends inside of the row's quotes. */
  innerLines = 0;
  /** All character codes of the row or-ed: above 127 when it is not ASCII. */
  codes = 0;
  /** Why the row is malformed. */
  problem = '';
  readonly #dialect: CsvDialect;

  constructor(dialect: CsvDialect) {
    this.#dialect = dialect;
  }

  /** Parses the row at `from`; `last` says that nothing follows `to`. */
  parse(text: string, from: number, to: number, last: boolean): RowResult {
    const { separator, quote } = this.#dialect;
    this.count = 0;
    this.innerLines = 0;
    this.codes = 0;
    let at = from;
    let codes = 0;
    for (;;) {
      const start = at;
      let code = at < to ? text.charCodeAt(at) : -1;
      if (code === quote && at < to) {
        const end = this.#quoted(text, at, to, last);
        if (end === -1) return this.problem === '' ? 'incomplete' : 'malformed';
        at = end;
        code = at < to ? text.charCodeAt(at) : -1;
      } else {
        while (at < to && (code = text.charCodeAt(at)) !== separator && code !== LF) {
          codes |= code;
          at++;
        }
        if (at === to) code = -1;
        this.#add(start, at, PLAIN);
      }
      if (code === separator) {
        at++;
        continue;
      }
      if (code === -1 && !last) return 'incomplete';
      this.codes |= codes;
      this.#trimReturn(text);
      this.next = code === LF ? at + 1 : at;
      return 'row';
    }
  }

  #add(start: number, end: number, kind: number): void {
    const index = this.count++;
    if (index === this.starts.length) this.#grow();
    this.starts[index] = start;
    this.ends[index] = end;
    this.kinds[index] = kind;
  }

  #grow(): void {
    const size = this.starts.length * 2;
    const grown = <T extends Int32Array | Uint8Array>(from: T, to: T): T => {
      to.set(from);
      return to;
    };
    this.starts = grown(this.starts, new Int32Array(size));
    this.ends = grown(this.ends, new Int32Array(size));
    this.kinds = grown(this.kinds, new Uint8Array(size));
  }

  /** A \r before the line end belongs to it, unless it was quoted. */
  #trimReturn(text: string): void {
    const index = this.count - 1;
    const end = this.ends[index]!;
    if (this.kinds[index] === PLAIN && end > this.starts[index]! && text.charCodeAt(end - 1) === CR) {
      this.ends[index] = end - 1;
    }
  }

  /** A quoted cell at `from`; the place behind it and a \r, or -1 with or without a problem. */
  #quoted(text: string, from: number, to: number, last: boolean): number {
    const { separator, quote, mark } = this.#dialect;
    this.problem = '';
    let kind: number = QUOTED;
    let codes = 0;
    let at = from + 1;
    for (; at < to; at++) {
      const code = text.charCodeAt(at);
      codes |= code;
      if (code === LF) this.innerLines++;
      if (code !== quote && code !== mark) continue;
      const following = at + 1 < to ? text.charCodeAt(at + 1) : -1;
      if (code === quote && (mark !== quote || following !== quote)) break;
      if (following === -1) return this.#unterminated(text, from, to, last);
      kind = ESCAPED;
      at++;
      if (following === LF) this.innerLines++;
    }
    if (at >= to || (at + 1 === to && !last)) return this.#unterminated(text, from, to, last);
    this.codes |= codes;
    this.#add(from + 1, at, kind);
    at++;
    if (at < to && text.charCodeAt(at) === CR) at++;
    if (at === to) return last ? at : -1;
    const code = text.charCodeAt(at);
    if (code === separator || code === LF) return at;
    return this.#malformed(text, at, to, 'text follows a closing quote');
  }

  #unterminated(text: string, from: number, to: number, last: boolean): number {
    return last ? this.#malformed(text, from, to, 'a quote is not closed') : -1;
  }

  /** Reading goes on behind the line end after the problem, so that one stray quote costs one line. */
  #malformed(text: string, at: number, to: number, problem: string): number {
    this.problem = problem;
    const end = text.indexOf('\n', at);
    this.next = end === -1 || end >= to ? to : end + 1;
    return -1;
  }
}

/** The text of a cell without its escapes; what follows one is taken as it is. */
export function dropEscapes(text: string, dialect: CsvDialect): string {
  const mark = String.fromCharCode(dialect.mark);
  let plain = '';
  let from = 0;
  for (let at = text.indexOf(mark); at !== -1; at = text.indexOf(mark, at + 2)) {
    plain += text.slice(from, at);
    from = at + 1;
  }
  return plain + text.slice(from);
}
