/**
 * Reads a value out of text with the narrowest type the text has, as Kafka does for headers and for literals of
 * InsertHeader: null, true, false, the smallest integer, float32, float64, decimal, ISO 8601 date, time and timestamp,
 * lists, maps, else a string. Its oddities are kept, since records that a JVM worker would read must read the same:
 * `1.0` is an integer, what follows a complete value at the top is dropped, escapes in quotes stay as written.
 */
import { Decimal } from './decimal';
import { DataError } from './errors';
import { int64 } from './int64';
import { NULL_SCHEMA_AND_VALUE, type SchemaAndValue } from './record';
import {
  array,
  BOOLEAN_SCHEMA,
  dateSchema,
  decimalSchema,
  FLOAT32_SCHEMA,
  FLOAT64_SCHEMA,
  INT8_SCHEMA,
  INT16_SCHEMA,
  INT32_SCHEMA,
  INT64_SCHEMA,
  map,
  Schema,
  STRING_SCHEMA,
  timeSchema,
  timestampSchema,
} from './schema';

const DAY_MS = 86_400_000;
const DATE_SCHEMA = dateSchema();
const TIME_SCHEMA = timeSchema();
const TIMESTAMP_SCHEMA = timestampSchema();
const TRUE: SchemaAndValue = { schema: BOOLEAN_SCHEMA, value: true };
const FALSE: SchemaAndValue = { schema: BOOLEAN_SCHEMA, value: false };

/** Lists and maps without a type in common for their items have none: no schema stands at its place. */
const UNTYPED_LIST = new Schema('array');
const UNTYPED_MAP = new Schema('map');

/** Runs of text between the delimiters, and those; a backslash keeps the delimiter behind it in its run. */
const TOKENS = /[:,{}[\]"]|(?:\\.|\\$|[^\\:,{}[\]"])+/gs;

export function parseValueText(text: string): SchemaAndValue {
  if (text === '') return { schema: STRING_SCHEMA, value: text };
  return new ValueParser(text).parse(false);
}

class ValueParser {
  readonly #text: string;
  readonly #tokens: readonly string[];
  #at = 0;

  constructor(text: string) {
    this.#text = text;
    this.#tokens = text.match(TOKENS) ?? [];
  }

  /** `embedded`: inside a list or map, where text needs quotes. Throws DataError there for what is no value. */
  parse(embedded: boolean): SchemaAndValue {
    if (this.#ended()) return NULL_SCHEMA_AND_VALUE;
    if (embedded && this.#take('"')) return this.#quotedText();
    if (this.#takeWord('null', embedded)) return NULL_SCHEMA_AND_VALUE;
    if (this.#takeWord('true', embedded)) return TRUE;
    if (this.#takeWord('false', embedded)) return FALSE;
    return this.#container() ?? this.#single(embedded);
  }

  #ended(): boolean {
    return this.#at >= this.#tokens.length;
  }

  /** Consumes the token when it is the one expected; blank ones before it are skipped for good. */
  #take(expected: string): boolean {
    if (this.#ended()) return false;
    while (this.#at + 1 < this.#tokens.length && this.#tokens[this.#at]!.trim() === '') this.#at++;
    if (this.#tokens[this.#at]!.trim() !== expected) return false;
    this.#at++;
    return true;
  }

  /** At the top the word has to be all there is. */
  #takeWord(word: string, embedded: boolean): boolean {
    const start = this.#at;
    if (this.#take(word) && (embedded || this.#ended())) return true;
    this.#at = start;
    return false;
  }

  #container(): SchemaAndValue | null {
    const start = this.#at;
    try {
      if (this.#take('[')) return this.#list();
      if (this.#take('{')) return this.#map();
    } catch (error) {
      if (!(error instanceof DataError)) throw error;
      this.#at = start;
    }
    return null;
  }

  #single(embedded: boolean): SchemaAndValue {
    const token = this.#tokens[this.#at++]!;
    const word = token.trim();
    if (word === '') return { schema: STRING_SCHEMA, value: token };
    const found = (/^\d/.test(word) ? this.#temporal(word) : null) ?? parseNumber(word);
    if (found !== null) return found;
    if (embedded) throw new DataError(`${word} is no value`);
    return { schema: STRING_SCHEMA, value: this.#text };
  }

  /** A time has colons, which are tokens: five make one. */
  #temporal(word: string): SchemaAndValue | null {
    const rest = this.#tokens.slice(this.#at, this.#at + 4);
    const found = rest.length === 4 ? parseTemporal(word + rest.join('')) : null;
    if (found === null) return parseTemporal(word);
    this.#at += 4;
    return found;
  }

  #quotedText(): SchemaAndValue {
    let text = '';
    while (!this.#ended() && !this.#take('"')) text += this.#tokens[this.#at++];
    return parseTemporal(text) ?? { schema: STRING_SCHEMA, value: text };
  }

  #list(): SchemaAndValue {
    const items: unknown[] = [];
    const common = new CommonSchema();
    while (!this.#ended()) {
      if (this.#take(']')) {
        const schema = common.settled();
        if (schema === null) return { schema: UNTYPED_LIST, value: items };
        return { schema: array(schema), value: items.map((item) => align(schema, item)) };
      }
      if (this.#take(',')) throw new DataError('a list has an empty item');
      const item = this.parse(true);
      common.add(item);
      items.push(item.value);
      if (!this.#sees(']') && !this.#take(',')) throw new DataError('list items need commas between them');
    }
    throw new DataError('a list does not end');
  }

  #sees(expected: string): boolean {
    const found = this.#take(expected);
    if (found) this.#at--;
    return found;
  }

  #map(): SchemaAndValue {
    const entries: [unknown, unknown][] = [];
    const [keys, values] = [new CommonSchema(), new CommonSchema()];
    while (!this.#ended()) {
      if (this.#take('}')) return typedMap(entries, keys.settled(), values.settled());
      if (this.#take(',')) throw new DataError('a map has an empty entry');
      const key = this.parse(true);
      if (key.value === null || !this.#take(':')) throw new DataError('a map entry has no key or no value');
      const value = this.parse(true);
      this.#take(',');
      keys.add(key);
      values.add(value);
      entries.push([key.value, value.value]);
    }
    throw new DataError('a map does not end');
  }
}

function typedMap(
  entries: readonly (readonly [unknown, unknown])[],
  keys: Schema | null,
  values: Schema | null,
): SchemaAndValue {
  if (keys === null) return { schema: UNTYPED_MAP, value: new Map(entries) };
  const aligned = entries.map(
    ([key, value]) => [align(keys, key), values === null ? value : align(values, value)] as const,
  );
  const schema = values === null ? new Schema('map', {}, null, keys) : map(keys, values);
  return { schema, value: new Map(aligned) };
}

const NUMERIC = ['int8', 'int16', 'int32', 'int64', 'float32', 'float64'];

/** What items have in common: the wider of two numbers, the later of two schemas of one type, else nothing for good. */
class CommonSchema {
  schema: Schema | null = null;
  #open = true;
  #hasTimes = false;

  add({ schema }: SchemaAndValue): void {
    if (schema === null || !this.#open) return;
    this.#hasTimes ||= schema.name !== null;
    this.schema = this.schema === null ? schema : this.#merged(this.schema, schema);
    this.#open = this.schema !== null;
  }

  /** Throws DataError when the items cannot all be of the type in common: a time is no fraction. */
  settled(): Schema | null {
    const isFloat = this.schema?.type === 'float32' || this.schema?.type === 'float64';
    if (isFloat && this.#hasTimes) throw new DataError('a time stands among fractions');
    return this.schema;
  }

  #merged(before: Schema, next: Schema): Schema | null {
    if (before.type === next.type) return next;
    const [a, b] = [NUMERIC.indexOf(before.type), NUMERIC.indexOf(next.type)];
    if (a < 0 || b < 0) return null;
    return a > b ? before : next;
  }
}

/** An item as one of the type that all have in common. Throws DataError for null, which makes the whole a text. */
function align(schema: Schema, value: unknown): unknown {
  if (value === null) throw new DataError('null stands among typed items');
  return schema.type === 'float32' && typeof value !== 'object' ? Math.fround(Number(value)) : value;
}

const NUMBER = /^([+-]?)(\d+)(?:\.(\d*))?(?:[eE]([+-]?\d{1,9}))?$/;

/** The smallest integer, also for `1.0` and `1e3`; then float32 when it is in its range, float64, decimal. */
function parseNumber(word: string): SchemaAndValue | null {
  const match = NUMBER.exec(word) ?? /^([+-])()\.(\d+)(?:[eE]([+-]?\d{1,9}))?$/.exec(word);
  if (match === null) return null;
  const [, sign, whole, fraction = '', exponent = '0'] = match as unknown as string[];
  const scale = fraction.length - Number(exponent);
  const magnitude = BigInt(`${whole}${fraction}`);
  const unscaled = sign === '-' ? -magnitude : magnitude;
  const exact = integerOf(unscaled, scale);
  if (exact !== null) return exact;
  const number = Number(word);
  const single = Math.fround(number);
  if (scale !== 0 && Number.isFinite(single)) return { schema: FLOAT32_SCHEMA, value: single };
  if (scale !== 0 && Number.isFinite(number)) return { schema: FLOAT64_SCHEMA, value: number };
  return { schema: decimalSchema(scale), value: new Decimal(unscaled, scale) };
}

/** Digits beyond which nothing is an integer of 64 bits: 10^20 has 21. */
const MOST_DIGITS = 20;

function integerOf(unscaled: bigint, scale: number): SchemaAndValue | null {
  if (unscaled === 0n) return { schema: INT8_SCHEMA, value: 0 };
  if (scale < -MOST_DIGITS || scale > unscaled.toString().length) return null;
  const power = 10n ** BigInt(Math.abs(scale));
  if (scale > 0 && unscaled % power !== 0n) return null;
  const value = scale > 0 ? unscaled / power : unscaled * power;
  if (BigInt.asIntN(64, value) !== value) return null;
  return { schema: integerSchema(value), value: int64(value) };
}

function integerSchema(value: bigint): Schema {
  if (BigInt.asIntN(8, value) === value) return INT8_SCHEMA;
  if (BigInt.asIntN(16, value) === value) return INT16_SCHEMA;
  return BigInt.asIntN(32, value) === value ? INT32_SCHEMA : INT64_SCHEMA;
}

const DATE_TEXT = /^(\d+)-(\d+)-(\d+)/;
const TIME_TEXT = /^(\d+):(\d+):(\d+)\.(\d+)Z/;
const TIMESTAMP_TEXT = /^(\d+)-(\d+)-(\d+)T(\d+):(\d+):(\d+)\.(\d+)Z/;

/** The length chooses the form. Numbers may be out of range and carry over, as Java's lenient calendar lets them. */
function parseTemporal(written: string): SchemaAndValue | null {
  const text = written.replaceAll('\\:', ':');
  if (text.length === 10) {
    const ms = utc(DATE_TEXT.exec(text));
    return ms === null ? null : { schema: DATE_SCHEMA, value: Math.floor(ms / DAY_MS) };
  }
  if (text.length === 13) {
    const match = TIME_TEXT.exec(text);
    const ms = match === null ? null : utc(['', '1970', '1', '1', ...match.slice(1)]);
    return ms === null ? null : { schema: TIME_SCHEMA, value: ms };
  }
  if (text.length !== 24) return null;
  const ms = utc(TIMESTAMP_TEXT.exec(text));
  return ms === null ? null : { schema: TIMESTAMP_SCHEMA, value: ms };
}

function utc(parts: readonly string[] | null): number | null {
  if (parts === null) return null;
  const [year, month, day, hour = 0, minute = 0, second = 0, ms = 0] = parts.slice(1).map(Number) as [
    number,
    number,
    number,
    ...number[],
  ];
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  date.setUTCHours(hour, minute, second, ms);
  const time = date.getTime();
  return Number.isNaN(time) ? null : time;
}
