/**
 * The common payload read straight from its bytes: an object without blanks whose members are the fields of the schema,
 * in their order, all of them numbers, booleans, strings or null. Anything else is left to the general reader, which
 * also knows what is wrong with it. Four times as fast as JSON.parse and a walk over its result.
 */
import { type Schema, Struct } from '../../kernel';

/** Returned when the bytes are not of the simple form; a struct otherwise. */
export const NOT_SIMPLE = Symbol('not simple');

export type FlatReader = (bytes: Buffer, start: number, end: number) => Struct | typeof NOT_SIMPLE;

type Kind = 'integer' | 'float' | 'boolean' | 'string';

interface Member {
  /** `{"name":` of the first field, `,"name":` of the others. */
  readonly head: Buffer;
  readonly kind: Kind;
  readonly optional: boolean;
  readonly low: number;
  readonly high: number;
  readonly float32: boolean;
}

const INTEGER_LIMITS: Readonly<Record<string, number>> = {
  int8: 2 ** 7,
  int16: 2 ** 15,
  int32: 2 ** 31,
  int64: Number.MAX_SAFE_INTEGER,
};

const POWERS = Array.from({ length: 23 }, (_, exponent) => 10 ** exponent);

const [QUOTE, BACKSLASH, MINUS, POINT, ZERO, NINE, CLOSE] = [0x22, 0x5c, 0x2d, 0x2e, 0x30, 0x39, 0x7d];

/** A reader for a struct of simple fields, null when the schema has others. */
export function flatReaderOf(schema: Schema): FlatReader | null {
  if (schema.type !== 'struct' || schema.fields.length === 0) return null;
  const members: Member[] = [];
  for (const field of schema.fields) {
    const kind = kindOf(field.schema);
    if (kind === null || field.schema.defaultValue !== undefined) return null;
    const limit = INTEGER_LIMITS[field.schema.type] ?? 0;
    members.push({
      head: Buffer.from(`${members.length === 0 ? '{' : ','}${JSON.stringify(field.name)}:`),
      kind,
      optional: field.schema.optional,
      low: -limit,
      high: field.schema.type === 'int64' ? limit : limit - 1,
      float32: field.schema.type === 'float32',
    });
  }
  const scanner = new Scanner();
  return (bytes, start, end) => scanner.read(schema, members, bytes, start, end);
}

function kindOf({ type }: Schema): Kind | null {
  if (type in INTEGER_LIMITS) return 'integer';
  if (type === 'float32' || type === 'float64') return 'float';
  return type === 'boolean' || type === 'string' ? type : null;
}

class Scanner {
  #bytes: Buffer = Buffer.alloc(0);
  #at = 0;

  read(
    schema: Schema,
    members: readonly Member[],
    bytes: Buffer,
    start: number,
    end: number,
  ): Struct | typeof NOT_SIMPLE {
    this.#bytes = bytes;
    this.#at = start;
    const values: unknown[] = new Array(members.length);
    for (let i = 0; i < members.length; i++) {
      const member = members[i]!;
      if (!this.#skip(member.head)) return NOT_SIMPLE;
      const value = this.#value(member);
      if (value === undefined) return NOT_SIMPLE;
      values[i] = value;
    }
    return bytes[this.#at] === CLOSE && this.#at + 1 === end ? new Struct(schema, values) : NOT_SIMPLE;
  }

  /** Undefined when it is not of the simple form. */
  #value(member: Member): unknown {
    if (this.#bytes[this.#at] === 0x6e) return member.optional && this.#word('null') ? null : undefined;
    switch (member.kind) {
      case 'integer':
        return this.#integer(member);
      case 'float':
        return this.#float(member);
      case 'boolean':
        if (this.#word('true')) return true;
        return this.#word('false') ? false : undefined;
      case 'string':
        return this.#string();
    }
  }

  #skip(head: Buffer): boolean {
    const bytes = this.#bytes;
    const at = this.#at;
    for (let i = 0; i < head.length; i++) if (bytes[at + i] !== head[i]) return false;
    this.#at = at + head.length;
    return true;
  }

  #word(word: string): boolean {
    for (let i = 0; i < word.length; i++) if (this.#bytes[this.#at + i] !== word.charCodeAt(i)) return false;
    this.#at += word.length;
    return true;
  }

  #integer({ low, high }: Member): number | undefined {
    const number = this.#number();
    if (number === undefined || this.#scale !== 0) return undefined;
    return number >= low && number <= high ? number : undefined;
  }

  /** A quotient of two exact doubles is correctly rounded, so this is what JSON.parse answers. */
  #float({ float32 }: Member): number | undefined {
    const number = this.#number();
    if (number === undefined) return undefined;
    const value = this.#scale === 0 ? number : number / POWERS[this.#scale]!;
    return float32 ? Math.fround(value) : value;
  }

  /** Digits behind the point of the number read last. */
  #scale = 0;

  /** Up to 15 digits without exponent, as an integer; the point is in `#scale`. */
  #number(): number | undefined {
    const bytes = this.#bytes;
    let at = this.#at;
    const negative = bytes[at] === MINUS;
    if (negative) at++;
    const first = at;
    let point = -1;
    let number = 0;
    for (; ; at++) {
      const byte = bytes[at]!;
      if (byte >= ZERO && byte <= NINE) number = number * 10 + (byte - ZERO);
      else if (byte === POINT && point < 0 && at > first) point = at;
      else break;
    }
    const next = bytes[at];
    const digits = at - first - (point < 0 ? 0 : 1);
    if ((next !== 0x2c && next !== CLOSE) || digits === 0 || digits > 15 || point === at - 1)
      return undefined;
    if (bytes[first] === ZERO && at > first + 1 && point !== first + 1) return undefined;
    // The integer minus zero is zero, the float is not: the general reader decides.
    if (negative && number === 0) return undefined;
    this.#scale = point < 0 ? 0 : at - point - 1;
    this.#at = at;
    return negative ? -number : number;
  }

  #string(): string | undefined {
    const bytes = this.#bytes;
    if (bytes[this.#at] !== QUOTE) return undefined;
    const start = this.#at + 1;
    let at = start;
    let ascii = true;
    for (; bytes[at] !== QUOTE; at++) {
      const byte = bytes[at];
      if (byte === undefined || byte === BACKSLASH || byte < 0x20) return undefined;
      if (byte >= 0x80) ascii = false;
    }
    this.#at = at + 1;
    return ascii ? bytes.latin1Slice(start, at) : bytes.utf8Slice(start, at);
  }
}
