/** Where JSON text stops being JSON: V8 names the place for some mistakes only. */

// biome-ignore lint/suspicious/noControlCharactersInRegex: JSON forbids them in strings.
const STRING = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
const LITERAL = /(?:true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)(?![\w.])/y;
const BLANK = /[ \t\r\n]*/y;

/** Offset of the first character that cannot stand where it is; the length of the text when it ends too early. */
export function jsonErrorOffset(text: string): number {
  const scanner = new Scanner(text);
  if (scanner.value()) scanner.skip(BLANK);
  return scanner.at;
}

class Scanner {
  at = 0;

  constructor(readonly text: string) {}

  skip(token: RegExp): boolean {
    token.lastIndex = this.at;
    if (!token.test(this.text)) return false;
    this.at = token.lastIndex;
    return true;
  }

  #char(char: string): boolean {
    this.skip(BLANK);
    if (this.text[this.at] !== char) return false;
    this.at++;
    return true;
  }

  /** False with `at` on the mistake. */
  value(): boolean {
    if (this.#char('{')) return this.#items('}', () => this.#member());
    if (this.#char('[')) return this.#items(']', () => this.value());
    return this.skip(STRING) || this.skip(LITERAL);
  }

  #member(): boolean {
    this.skip(BLANK);
    return this.skip(STRING) && this.#char(':') && this.value();
  }

  #items(close: string, item: () => boolean): boolean {
    if (this.#char(close)) return true;
    do {
      if (!item()) return false;
    } while (this.#char(','));
    return this.#char(close);
  }
}
