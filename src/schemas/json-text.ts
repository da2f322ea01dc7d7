/**
 * JSON as schema texts need it: numbers keep their spelling (`1.0`, `1e3`, 64-bit longs), members keep their order,
 * integer-like keys and `__proto__` included. `JSON.parse` keeps none of these, and identity is a hash of the text.
 */
import { DataError } from '../kernel';

/** A number as it is spelt. */
export class JsonNumber {
  constructor(readonly text: string) {}

  get isInteger(): boolean {
    return !/[.eE]/.test(this.text);
  }
}

/** A repeated member keeps its first place and its last value, as in Java's parsers. */
export type JsonObject = Map<string, Json>;
export type Json = null | boolean | string | JsonNumber | Json[] | JsonObject;

/** Deeper nesting is refused: every walker of the tree recurses. */
const MAX_DEPTH = 256;

const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const BLANK = /[ \t\n\r]*/y;
/** All but quotes, backslashes and control characters. */
const PLAIN = /[\x20-!#-[\]-\uffff]*/y;
const SPECIAL = /[^\x20-!#-[\]-\uffff]/g;
const ESCAPED: Readonly<Record<string, string>> = {
  '"': '"',
  '\\': '\\',
  '/': '/',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
};

/** Parses one JSON text. Throws DataError with line and column. */
export function parseJson(text: string): Json {
  const reader = new JsonReader(text);
  const value = reader.value(0);
  reader.end();
  return value;
}

class JsonReader {
  #at = 0;

  constructor(readonly text: string) {}

  value(depth: number): Json {
    if (depth > MAX_DEPTH) throw this.#error(`nested deeper than ${MAX_DEPTH}`);
    this.#blank();
    switch (this.text[this.#at]) {
      case '{':
        return this.#object(depth);
      case '[':
        return this.#array(depth);
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

  end(): void {
    this.#blank();
    if (this.#at < this.text.length) throw this.#error('text after the end of the value');
  }

  #object(depth: number): JsonObject {
    const object: JsonObject = new Map();
    this.#at++;
    if (this.#accept('}')) return object;
    do {
      this.#blank();
      if (this.text[this.#at] !== '"') throw this.#error('a member name in quotes is missing');
      const key = this.#string();
      this.#expect(':');
      object.set(key, this.value(depth + 1));
    } while (this.#accept(','));
    this.#expect('}');
    return object;
  }

  #array(depth: number): Json[] {
    const items: Json[] = [];
    this.#at++;
    if (this.#accept(']')) return items;
    do items.push(this.value(depth + 1));
    while (this.#accept(','));
    this.#expect(']');
    return items;
  }

  #string(): string {
    let parsed = '';
    this.#at++;
    for (;;) {
      parsed += this.#match(PLAIN);
      const next = this.text[this.#at++];
      if (next === '"') return parsed;
      if (next !== '\\') {
        this.#at--;
        throw this.#error(next === undefined ? 'a string does not end' : 'a control character in a string');
      }
      parsed += this.#escape();
    }
  }

  #escape(): string {
    const code = this.text[this.#at++] ?? '';
    if (code === 'u') {
      const hex = this.text.slice(this.#at, this.#at + 4);
      if (!/^[0-9a-fA-F]{4}$/.test(hex)) throw this.#error('\\u needs four hexadecimal digits');
      this.#at += 4;
      return String.fromCharCode(Number.parseInt(hex, 16));
    }
    const character = Object.hasOwn(ESCAPED, code) ? ESCAPED[code] : undefined;
    if (character === undefined) throw this.#error(`\\${code} is no escape`);
    return character;
  }

  #number(): JsonNumber {
    const text = this.#match(NUMBER);
    if (text === '') {
      throw this.#error(this.#at < this.text.length ? 'a value is missing' : 'the text ends too early');
    }
    return new JsonNumber(text);
  }

  #word<T>(word: string, value: T): T {
    if (!this.text.startsWith(word, this.#at)) throw this.#error('a value is missing');
    this.#at += word.length;
    return value;
  }

  #accept(character: string): boolean {
    this.#blank();
    if (this.text[this.#at] !== character) return false;
    this.#at++;
    return true;
  }

  #expect(character: string): void {
    if (!this.#accept(character)) throw this.#error(`${character} is missing`);
  }

  #blank(): void {
    this.#match(BLANK);
  }

  #match(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.text)?.[0] ?? '';
    this.#at += found.length;
    return found;
  }

  #error(reason: string): DataError {
    const before = this.text.slice(0, this.#at);
    const line = before.split('\n').length;
    const column = this.#at - before.lastIndexOf('\n');
    return new DataError(`Not valid JSON: ${reason} (line ${line}, column ${column})`);
  }
}

/** Compact text; numbers as they were spelt. */
export function printJson(value: Json): string {
  if (value === null || typeof value === 'boolean') return String(value);
  if (typeof value === 'string') return quote(value);
  if (value instanceof JsonNumber) return value.text;
  if (Array.isArray(value)) return `[${value.map(printJson).join(',')}]`;
  const members: string[] = [];
  for (const [key, item] of value) members.push(`${quote(key)}:${printJson(item)}`);
  return `{${members.join(',')}}`;
}

const SHORT: Readonly<Record<string, string>> = {
  '"': '\\"',
  '\\': '\\\\',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
};

/** A JSON string as Jackson writes it: other control characters as \u00XX in upper case, all else as it is. */
export const quote = (text: string): string =>
  `"${text.replace(SPECIAL, (character) => SHORT[character] ?? unicode(character))}"`;

const unicode = (character: string): string =>
  `\\u${character.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}`;

/** The number as JS holds it exactly: a bigint when it is an integer outside the safe range. */
export function numberOf(number: JsonNumber): number | bigint {
  const value = Number(number.text);
  return number.isInteger && !Number.isSafeInteger(value) ? BigInt(number.text) : value;
}
