/**
 * JSON, token by token, because what is said of a wrong body depends on how far it was read: other than JSON.parse it tells
 * numbers as they are written, and where each token stands. Texts and places are those of Jackson.
 */
import { BodyProblem, type Place, placeText } from './problem';

export type Token =
  | '{'
  | '}'
  | '['
  | ']'
  | 'name'
  | 'string'
  | 'int'
  | 'float'
  | 'true'
  | 'false'
  | 'null'
  | 'end';

interface Level {
  readonly kind: 'Object' | 'Array';
  readonly start: Place;
  /** Entries read so far. */
  count: number;
}

const [TAB, LF, CR, SPACE, QUOTE, PLUS, COMMA, MINUS, DOT, SLASH] = [9, 10, 13, 32, 34, 43, 44, 45, 46, 47];
const [ZERO, NINE, COLON, OPEN_ARRAY, BACKSLASH, CLOSE_ARRAY, OPEN, CLOSE] = [
  48, 57, 58, 91, 92, 93, 123, 125,
];
const EOF = -1;
const VALUES = "(JSON String, Number, Array, Object or token 'null', 'true' or 'false')";
const SPACING: Readonly<Record<'Object' | 'Array', string>> = {
  Object: 'was expecting comma to separate Object entries',
  Array: 'was expecting comma to separate Array entries',
};
const ESCAPES: ReadonlyMap<string, string> = new Map([
  ['"', '"'],
  ['\\', '\\'],
  ['/', '/'],
  ['b', '\b'],
  ['f', '\f'],
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
]);
/** As deep as Jackson goes. */
const MAX_DEPTH = 1000;

export class JsonReader {
  readonly #bytes: Buffer;
  readonly #levels: Level[] = [];
  #at = 0;
  #line = 1;
  #lineStart = 0;
  #expectsValue = false;
  /** A string is read when somebody wants it, or when the next token is wanted. */
  #isPending = false;
  #text = '';
  token: Token | null = null;
  /** Of the token. */
  start: Place = { line: 1, column: 1 };

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
    // A byte order mark is passed over.
    if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) this.#at = 3;
  }

  /** Behind what was read. */
  get place(): Place {
    return { line: this.#line, column: this.#at - this.#lineStart + 1 };
  }

  /** Of a name, a string or a number as it is written. */
  text(): string {
    if (this.#isPending) {
      this.#isPending = false;
      this.#text = this.#string('in VALUE_STRING', 'string value');
    }
    return this.#text;
  }

  next(): Token {
    this.text();
    this.token = this.#next();
    return this.token;
  }

  /** Passes over the rest of the value whose first token was read. */
  skip(): void {
    let depth = 0;
    for (;;) {
      if (this.token === '{' || this.token === '[') depth++;
      if (this.token === '}' || this.token === ']') depth--;
      if (depth === 0) return;
      this.next();
    }
  }

  #next(): Token {
    const level = this.#levels.at(-1);
    const byte = this.#afterBlanks();
    this.start = this.place;
    if (byte === EOF) return this.#endOfInput(level);
    if (this.#expectsValue) {
      this.#expectsValue = false;
      return this.#value(byte);
    }
    if (byte === CLOSE || byte === CLOSE_ARRAY) return this.#close(byte, level);
    if (level === undefined) return this.#value(byte);
    const first = level.count++ === 0 ? byte : this.#comma(byte, level);
    return level.kind === 'Object' ? this.#name(first) : this.#value(first);
  }

  #endOfInput(level: Level | undefined): Token {
    if (level === undefined) return 'end';
    if (this.#expectsValue) throw this.#between(level);
    throw this.#problem(
      `Unexpected end-of-input: expected close marker for ${level.kind} (start marker at ${placeText(level.start)})`,
    );
  }

  #between({ kind }: Level): BodyProblem {
    return this.#problem(`Unexpected end-of-input within/between ${kind} entries`);
  }

  #comma(byte: number, level: Level): number {
    if (byte !== COMMA) throw this.#unexpected(byte, SPACING[level.kind]);
    this.#at++;
    const next = this.#afterBlanks();
    this.start = this.place;
    if (next === EOF) throw this.#between(level);
    return next;
  }

  #name(byte: number): Token {
    if (byte !== QUOTE) throw this.#unexpected(byte, 'was expecting double-quote to start field name');
    this.#at++;
    this.#text = this.#string('in field name', 'name');
    const colon = this.#afterBlanks();
    if (colon === EOF) throw this.#between(this.#levels.at(-1)!);
    if (colon !== COLON)
      throw this.#unexpected(colon, 'was expecting a colon to separate field name and value');
    this.#at++;
    this.#expectsValue = true;
    return 'name';
  }

  #value(byte: number): Token {
    if (byte === QUOTE) {
      this.#at++;
      this.#isPending = true;
      return 'string';
    }
    if (byte === OPEN || byte === OPEN_ARRAY) return this.#open(byte);
    if (byte === MINUS || isDigit(byte)) return this.#number();
    if (byte === PLUS) {
      this.#at++;
      throw this.#unexpected(
        byte,
        'JSON spec does not allow numbers to have plus signs: enable `JsonReadFeature.ALLOW_LEADING_PLUS_SIGN_FOR_NUMBERS` to allow',
        ' in numeric value',
      );
    }
    if (isNamePart(byte)) return this.#literal();
    throw this.#unexpected(byte, notAValue(byte));
  }

  #open(byte: number): Token {
    const kind = byte === OPEN ? 'Object' : 'Array';
    this.#levels.push({ kind, start: this.start, count: 0 });
    this.#at++;
    if (this.#levels.length > MAX_DEPTH) {
      throw this.#problem(
        `Document nesting depth (${MAX_DEPTH + 1}) exceeds the maximum allowed (${MAX_DEPTH}, from \`StreamReadConstraints.getMaxNestingDepth()\`)`,
      );
    }
    return byte === OPEN ? '{' : '[';
  }

  #close(byte: number, level: Level | undefined): Token {
    const kind = byte === CLOSE ? 'Object' : 'Array';
    const mark = `Unexpected close marker '${String.fromCharCode(byte)}'`;
    if (level === undefined) throw this.#problem(`${mark}: no open ${kind} to close`);
    if (level.kind !== kind) {
      const wanted = level.kind === 'Object' ? '}' : ']';
      throw this.#problem(
        `${mark}: expected '${wanted}' (for ${level.kind} starting at ${placeText(level.start)})`,
      );
    }
    this.#levels.pop();
    this.#at++;
    return byte === CLOSE ? '}' : ']';
  }

  #literal(): Token {
    const from = this.#at;
    let byte = this.#bytes[from]!;
    while (isNamePart(byte)) byte = this.#bytes[++this.#at] ?? EOF;
    const word = this.#bytes.toString('utf8', from, this.#at);
    if (word === 'true' || word === 'false' || word === 'null') {
      this.#text = word;
      return word;
    }
    if (word === 'NaN' || word === 'Infinity') throw this.#nonStandard(word);
    // Jackson has read the one character that told it where the word ends.
    if (byte !== EOF) this.#at++;
    throw this.#problem(`Unrecognized token '${word}': was expecting ${VALUES}`);
  }

  #nonStandard(word: string): BodyProblem {
    return this.#problem(
      `Non-standard token '${word}': enable \`JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS\` to allow`,
    );
  }

  #number(): Token {
    const from = this.#at;
    if (this.#bytes[this.#at] === MINUS) this.#sign();
    if (this.#bytes[this.#at] === ZERO) {
      this.#at++;
      if (isDigit(this.#peek())) throw this.#problem('Invalid numeric value: Leading zeroes not allowed');
    }
    this.#digits();
    let token: Token = 'int';
    if (this.#peek() === DOT) {
      token = 'float';
      this.#at++;
      this.#requireDigits('Decimal point not followed by a digit');
    }
    if ((this.#peek() | 32) === 0x65) {
      token = 'float';
      this.#at++;
      if (this.#peek() === PLUS || this.#peek() === MINUS) this.#at++;
      this.#requireDigits('Exponent indicator not followed by a digit');
    }
    if (this.#levels.length === 0 && this.#peek() !== EOF && !isBlank(this.#peek()))
      throw this.#unexpected(this.#peek(), 'Expected space separating root-level values');
    this.#text = this.#bytes.toString('latin1', from, this.#at);
    return token;
  }

  #sign(): void {
    this.#at++;
    const byte = this.#peek();
    if (isDigit(byte)) return;
    if (this.#bytes.toString('latin1', this.#at, this.#at + 8) === 'Infinity') {
      this.#at += 8;
      throw this.#nonStandard('-Infinity');
    }
    this.#refuseNumber('expected digit (0-9) to follow minus sign, for valid numeric value');
  }

  #digits(): void {
    while (isDigit(this.#peek())) this.#at++;
  }

  #requireDigits(why: string): void {
    if (!isDigit(this.#peek())) this.#refuseNumber(why);
    this.#digits();
  }

  #refuseNumber(why: string): never {
    if (this.#peek() === EOF) throw this.#problem('Unexpected end-of-input in a Number value');
    throw this.#unexpected(this.#peek(), why, ' in numeric value');
  }

  /** From behind the opening quote to behind the closing one. */
  #string(where: string, what: string): string {
    const parts: string[] = [];
    for (let from = this.#at; ; ) {
      const byte = this.#peek();
      if (byte === EOF) throw this.#problem(`Unexpected end-of-input ${where}`);
      if (byte === QUOTE || byte === BACKSLASH) {
        parts.push(this.#bytes.toString('utf8', from, this.#at++));
        if (byte === QUOTE) return parts.join('');
        parts.push(this.#escape());
        from = this.#at;
      } else if (byte < SPACE) {
        throw this.#problem(
          `Illegal unquoted character ((CTRL-CHAR, code ${byte})): has to be escaped using backslash to be included in ${what}`,
        );
      } else if (byte < 0x80) this.#at++;
      else this.#wideCharacter(byte);
    }
  }

  #escape(): string {
    const byte = this.#peek();
    if (byte === EOF) throw this.#problem('Unexpected end-of-input in character escape sequence');
    const name = String.fromCharCode(byte);
    if (name !== 'u') {
      const plain = ESCAPES.get(name);
      if (plain === undefined) throw this.#problem(`Unrecognized character escape ${described(byte)}`);
      this.#at++;
      return plain;
    }
    let code = 0;
    this.#at++;
    for (let i = 0; i < 4; i++, this.#at++) {
      const digit = this.#peek();
      if (digit === EOF) throw this.#problem('Unexpected end-of-input in character escape sequence');
      const value = Number.parseInt(String.fromCharCode(digit), 16);
      if (Number.isNaN(value))
        throw this.#unexpected(digit, 'expected a hex-digit for character escape sequence');
      code = code * 16 + value;
    }
    return String.fromCharCode(code);
  }

  #wideCharacter(first: number): void {
    const length =
      first >= 0xf0 && first < 0xf8
        ? 4
        : first >= 0xe0 && first < 0xf0
          ? 3
          : first >= 0xc0 && first < 0xe0
            ? 2
            : 0;
    this.#at++;
    if (length === 0) throw this.#problem(`Invalid UTF-8 start byte 0x${first.toString(16)}`);
    for (let i = 1; i < length; i++) {
      const byte = this.#peek();
      if (byte !== EOF && (byte & 0xc0) !== 0x80)
        throw this.#problem(`Invalid UTF-8 middle byte 0x${byte.toString(16)}`);
      if (byte !== EOF) this.#at++;
    }
  }

  #peek(): number {
    return this.#bytes[this.#at] ?? EOF;
  }

  #afterBlanks(): number {
    for (;;) {
      const byte = this.#peek();
      if (!isBlank(byte) && (byte >= SPACE || byte === EOF)) return byte;
      this.#at++;
      if (!isBlank(byte)) {
        throw this.#problem(
          `Illegal character ((CTRL-CHAR, code ${byte})): only regular white space (\\r, \\n, \\t) is allowed between tokens`,
        );
      }
      if (byte === LF || (byte === CR && this.#peek() !== LF)) {
        this.#line++;
        this.#lineStart = this.#at;
      }
    }
  }

  #problem(why: string): BodyProblem {
    return new BodyProblem(why, this.place, true);
  }

  #unexpected(byte: number, why: string, where = ''): BodyProblem {
    return this.#problem(`Unexpected character (${described(byte)})${where}: ${why}`);
  }
}

const isDigit = (byte: number): boolean => byte >= ZERO && byte <= NINE;
const isBlank = (byte: number): boolean => byte === SPACE || byte === LF || byte === CR || byte === TAB;
const isNamePart = (byte: number): boolean => byte > 0 && /[\w$]/.test(String.fromCharCode(byte));
const described = (code: number): string =>
  code < SPACE ? `(CTRL-CHAR, code ${code})` : `'${String.fromCodePoint(code)}' (code ${code})`;

function notAValue(byte: number): string {
  if (byte === CLOSE || byte === CLOSE_ARRAY || byte === COMMA) return 'expected a value';
  if (byte === SLASH)
    return "maybe a (non-standard) comment? (not recognized as one since Feature 'ALLOW_COMMENTS' not enabled for parser)";
  return `expected a valid value ${VALUES}`;
}
