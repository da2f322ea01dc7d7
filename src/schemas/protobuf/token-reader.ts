/** What a parser of .proto text reads: words, strings and numbers in a row, and what is made of a few of them. */
import type { DataError } from '../../kernel';
import { MAX_TAG } from './ast';
import { Lexer, type Token } from './lexer';

/** Messages inside messages, and values inside values; deeper ones would end the stack. */
const MAX_DEPTH = 100;

/** Every method throws DataError that names line and column when something else comes. */
export class TokenReader {
  readonly #lexer: Lexer;
  #depth = 0;

  constructor(text: string) {
    this.#lexer = new Lexer(text);
  }

  /** The one that comes next. */
  get peek(): Token {
    return this.#lexer.peek;
  }

  next(): Token {
    return this.#lexer.next();
  }

  /** About `token`, or the one that comes next. */
  error(reason: string, token?: Token): DataError {
    return this.#lexer.error(reason, token);
  }

  /** Throws for too many levels inside one another. */
  nested<T>(read: () => T): T {
    if (++this.#depth > MAX_DEPTH)
      throw this.#lexer.error(`more than ${MAX_DEPTH} levels inside one another`);
    const value = read();
    this.#depth--;
    return value;
  }

  /** `{ … }`, `member` called for each thing in it. */
  block(member: () => void): void {
    this.symbol('{');
    this.nested(() => {
      while (!this.skip('}')) {
        if (!this.skip(';')) member();
      }
    });
  }

  fullName(): string {
    let name = this.word('a name').text;
    while (this.skip('.')) name += `.${this.word('a name').text}`;
    return name;
  }

  /** `a.B`, `.a.B` */
  typeName(first?: Token): string {
    let name = first?.text ?? '';
    if (first === undefined) name = (this.skip('.') ? '.' : '') + this.word('a type').text;
    while (this.skip('.')) name += `.${this.word('a name').text}`;
    return name;
  }

  tag(): number {
    const token = this.#lexer.peek;
    const tag = this.integer();
    if (tag < 1 || tag > MAX_TAG)
      throw this.#lexer.error(`a field number from 1 to ${MAX_TAG} was expected`, token);
    return tag;
  }

  integer(): number {
    const sign = this.skip('-') ? -1 : 1;
    const token = this.#lexer.next();
    const value = token.kind === 'number' ? integerOf(token.text) : Number.NaN;
    if (!Number.isSafeInteger(value)) throw this.#lexer.error('an integer was expected', token);
    return sign * value;
  }

  word(what: string): Token {
    const token = this.#lexer.next();
    if (token.kind !== 'word') throw this.#lexer.error(`${what} was expected`, token);
    return token;
  }

  string(): Token {
    const token = this.#lexer.peek;
    if (token.kind !== 'string') throw this.#lexer.error('a string was expected');
    return { ...token, text: this.strings() };
  }

  symbol(symbol: string): void {
    const token = this.#lexer.next();
    if (token.text !== symbol || token.kind !== 'symbol')
      throw this.#lexer.error(`"${symbol}" was expected`, token);
  }

  skipWord(word: string): boolean {
    const { kind, text } = this.#lexer.peek;
    if (kind !== 'word' || text !== word) return false;
    this.#lexer.next();
    return true;
  }

  skip(symbol: string): boolean {
    const { kind, text } = this.#lexer.peek;
    if (kind !== 'symbol' || text !== symbol) return false;
    this.#lexer.next();
    return true;
  }

  end(): void {
    this.symbol(';');
  }

  /** Neighbouring strings are one. */
  strings(): string {
    let text = '';
    while (this.#lexer.peek.kind === 'string') text += this.#lexer.next().text;
    return text;
  }
}

/** Decimal, hexadecimal, octal. */
function integerOf(text: string): number {
  if (/^0[0-7]+$/.test(text)) return Number.parseInt(text, 8);
  return /^(?:0[xX][0-9a-fA-F]+|\d+)$/.test(text) ? Number(text) : Number.NaN;
}
