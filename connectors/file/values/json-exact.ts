/** JSON whose integers stay exact: beyond 2^53 they come as bigint. `JSON.parse` would round them. */
import { DataError, int64 } from '../../../src/plugin';

/** A run of digits that a double may not hold; texts with none need no exact parser. */
const LONG_NUMBER = /\d{16}/;

/** Throws DataError that says where the text stops being JSON. */
export function parseJson(text: string): unknown {
  if (LONG_NUMBER.test(text)) return new ExactParser(text).parse();
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new DataError(`the line is not JSON: ${(error as Error).message}`);
  }
}

const NUMBER = /-?(?:0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?/y;
const STRING = /"(?:[ !#-[\]-\uffff]|\\(?:["\\/bfnrt]|u[\da-fA-F]{4}))*"/y;
const BLANKS = /[ \t\r\n]*/y;
const MAX_DEPTH = 1000;

class ExactParser {
  readonly #text: string;
  #at = 0;
  #depth = 0;

  constructor(text: string) {
    this.#text = text;
  }

  parse(): unknown {
    const value = this.#value();
    this.#match(BLANKS);
    if (this.#at < this.#text.length) throw this.#unexpected();
    return value;
  }

  #match(expression: RegExp): RegExpExecArray | null {
    expression.lastIndex = this.#at;
    const found = expression.exec(this.#text);
    if (found !== null) this.#at += found[0].length;
    return found;
  }

  #unexpected(): DataError {
    const found = this.#text[this.#at];
    const what = found === undefined ? 'the end' : JSON.stringify(found);
    return new DataError(`the line is not JSON: unexpected ${what} at position ${this.#at}`);
  }

  #skip(character: string): boolean {
    this.#match(BLANKS);
    if (this.#text[this.#at] !== character) return false;
    this.#at++;
    return true;
  }

  #expect(character: string): void {
    if (!this.#skip(character)) throw this.#unexpected();
  }

  #value(): unknown {
    this.#match(BLANKS);
    switch (this.#text[this.#at]) {
      case '{':
        return this.#nested(() => this.#object());
      case '[':
        return this.#nested(() => this.#array());
      case '"':
        return this.#string();
      case 't':
        return this.#word('true', true);
      case 'f':
        return this.#word('false', false);
      case 'n':
        return this.#word('null', null);
      default:
        return this.#number();
    }
  }

  #nested<T>(parse: () => T): T {
    if (++this.#depth > MAX_DEPTH) throw new DataError(`the line is nested deeper than ${MAX_DEPTH} levels`);
    this.#at++;
    const value = parse();
    this.#depth--;
    return value;
  }

  #object(): Record<string, unknown> {
    const entries: [string, unknown][] = [];
    if (this.#skip('}')) return {};
    do {
      this.#match(BLANKS);
      const key = this.#string();
      this.#expect(':');
      entries.push([key, this.#value()]);
    } while (this.#skip(','));
    this.#expect('}');
    return Object.fromEntries(entries);
  }

  #array(): unknown[] {
    const items: unknown[] = [];
    if (this.#skip(']')) return items;
    do items.push(this.#value());
    while (this.#skip(','));
    this.#expect(']');
    return items;
  }

  #string(): string {
    const found = this.#match(STRING);
    if (found === null) throw this.#unexpected();
    return JSON.parse(found[0]) as string;
  }

  #word<T>(word: string, value: T): T {
    if (!this.#text.startsWith(word, this.#at)) throw this.#unexpected();
    this.#at += word.length;
    return value;
  }

  #number(): number | bigint {
    const found = this.#match(NUMBER);
    if (found === null || found[0] === '') throw this.#unexpected();
    return found[1] === undefined && found[2] === undefined ? int64(BigInt(found[0])) : Number(found[0]);
  }
}
