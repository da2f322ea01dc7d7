/** The words of a .proto file, each with its place. */
import { DataError } from '../../kernel';

export type TokenKind = 'word' | 'number' | 'string' | 'symbol' | 'end';

export interface Token {
  readonly kind: TokenKind;
  /** Of a string: what it says, escapes replaced (latin1: a byte per character where it had octal or hex escapes). */
  readonly text: string;
  readonly line: number;
  readonly column: number;
}

const WORD = /[A-Za-z_][A-Za-z0-9_]*/y;
const NUMBER = /0[xX][0-9a-fA-F]+|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?[fF]?/y;
const BLANK = /[\s\uFEFF]+|\/\/[^\n]*|\/\*[\s\S]*?\*\//y;

const ESCAPES: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
  "'": "'",
  '"': '"',
  '?': '?',
};

/** Reads one token after the other; `peek` is the next one. */
export class Lexer {
  readonly #text: string;
  #at = 0;
  #line = 1;
  #lineStart = 0;
  #next: Token;

  constructor(text: string) {
    this.#text = text;
    this.#next = this.#read();
  }

  get peek(): Token {
    return this.#next;
  }

  next(): Token {
    const token = this.#next;
    this.#next = this.#read();
    return token;
  }

  /** An error that names the place of a token, the next one unless given. */
  error(problem: string, at: Token = this.#next): DataError {
    const found = at.kind === 'end' ? 'the end of the file' : `"${at.text.slice(0, 40)}"`;
    return new DataError(`line ${at.line}, column ${at.column}: ${problem}, found ${found}`);
  }

  #read(): Token {
    this.#skipBlanks();
    const place = { line: this.#line, column: this.#at - this.#lineStart + 1 };
    const first = this.#text[this.#at];
    if (first === undefined) return { kind: 'end', text: '', ...place };
    if (first === '"' || first === "'") return { kind: 'string', text: this.#string(first), ...place };
    const word = this.#match(WORD);
    if (word !== null) return { kind: 'word', text: word, ...place };
    const number = this.#match(NUMBER);
    if (number !== null) return { kind: 'number', text: number, ...place };
    this.#at++;
    return { kind: 'symbol', text: first, ...place };
  }

  #skipBlanks(): void {
    for (let blank = this.#match(BLANK); blank !== null; blank = this.#match(BLANK)) {
      for (let i = blank.indexOf('\n'); i >= 0; i = blank.indexOf('\n', i + 1)) {
        this.#line++;
        this.#lineStart = this.#at - blank.length + i + 1;
      }
    }
  }

  #match(pattern: RegExp): string | null {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text);
    if (found === null) return null;
    this.#at += found[0].length;
    return found[0];
  }

  #string(quote: string): string {
    const start = this.#at++;
    let text = '';
    for (;;) {
      const char = this.#text[this.#at];
      if (char === undefined || char === '\n') {
        const place = { line: this.#line, column: start - this.#lineStart + 1 };
        throw new DataError(`line ${place.line}, column ${place.column}: the string does not end`);
      }
      this.#at++;
      if (char === quote) return text;
      text += char === '\\' ? this.#escape() : char;
    }
  }

  #escape(): string {
    const coded = this.#match(/[xX]([0-9a-fA-F]{1,2})|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[0-7]{1,3}/y);
    if (coded !== null) {
      const isHex = /^[xXuU]/.test(coded);
      const code = isHex ? Number.parseInt(coded.slice(1), 16) : Number.parseInt(coded, 8);
      return code <= 0x10ffff ? String.fromCodePoint(code) : '\uFFFD';
    }
    const char = this.#text[this.#at++] ?? '';
    return ESCAPES[char] ?? char;
  }
}
