/** Values of a body as the types of Kafka Connect's entities. Each reader stands at the first token of the value. */
import type { Int64 } from '../../kernel';
import { int64 } from '../../kernel';
import { BodyProblem, type Place, within } from './problem';
import type { JsonReader, Token } from './reader';

const TOKENS: Readonly<Partial<Record<Token, readonly [string, string]>>> = {
  '{': ['Object', 'START_OBJECT'],
  '[': ['Array', 'START_ARRAY'],
  string: ['String', 'VALUE_STRING'],
  int: ['Integer', 'VALUE_NUMBER_INT'],
  float: ['Floating-point', 'VALUE_NUMBER_FLOAT'],
  true: ['Boolean', 'VALUE_TRUE'],
  false: ['Boolean', 'VALUE_FALSE'],
  null: ['Null', 'VALUE_NULL'],
};

const SCALARS: Readonly<Partial<Record<Token, readonly [argument: string, value: string]>>> = {
  string: ['String', 'String'],
  int: ['int/Int', 'Number'],
  float: ['double/Double', 'Number'],
  true: ['boolean/Boolean', 'boolean'],
  false: ['boolean/Boolean', 'boolean'],
};

export const tokenName = (token: Token): string => TOKENS[token]![1];

export const other = (reader: JsonReader, why: string, place: Place = reader.start): BodyProblem =>
  new BodyProblem(why, place, false);

/** A value of another kind than its type takes. */
export function mismatch(reader: JsonReader, type: string): BodyProblem {
  const [kind, name] = TOKENS[reader.token!]!;
  return other(
    reader,
    `Cannot deserialize value of type \`${type}\` from ${kind} value (token \`JsonToken.${name}\`)`,
  );
}

/** A scalar where an object is wanted, for types that could have a constructor for it. */
export function notConstructible(reader: JsonReader, type: string): BodyProblem {
  const [argument, value] = SCALARS[reader.token!]!;
  const { start } = reader;
  const text = reader.token === 'string' ? `'${reader.text()}'` : reader.text();
  return other(
    reader,
    `Cannot construct instance of \`${type}\` (although at least one Creator exists): no ${argument}-argument ` +
      `constructor/factory method to deserialize from ${value} value (${text})`,
    start,
  );
}

const notCoercible = (reader: JsonReader, what: string): BodyProblem =>
  other(
    reader,
    `Cannot coerce empty String ("") to ${what} (but could if coercion was enabled using \`CoercionConfig\`)`,
  );

/** Numbers and booleans become their text, as they are written. */
export function readString(reader: JsonReader): string | null {
  const { token } = reader;
  if (token === '{' || token === '[') throw mismatch(reader, 'java.lang.String');
  return token === 'null' ? null : reader.text();
}

const isNested = (problem: BodyProblem): boolean => !problem.isSyntax;

/** Keys like `__proto__` are keys like others. Of a key that is there twice the last value counts. */
function readMap<V>(
  reader: JsonReader,
  valueType: string,
  readValue: (reader: JsonReader) => V,
): Record<string, V> | null {
  const { token } = reader;
  if (token === 'null') return null;
  if (token === 'string') {
    if (reader.text().trim() === '') throw notCoercible(reader, 'element of `java.util.LinkedHashMap`');
    throw notConstructible(reader, 'java.util.LinkedHashMap');
  }
  if (token !== '{') throw mismatch(reader, `java.util.LinkedHashMap<java.lang.String,${valueType}>`);
  const entries: [string, V][] = [];
  while (reader.next() === 'name') {
    const name = reader.text();
    reader.next();
    const step = `java.util.LinkedHashMap["${name}"]`;
    entries.push([name, within(step, () => readValue(reader), isNested)]);
  }
  return Object.fromEntries(entries);
}

export type Strings = Readonly<Record<string, string | null>>;
export type Members = Readonly<Record<string, unknown>>;

export const readStrings = (reader: JsonReader): Strings | null =>
  readMap(reader, 'java.lang.String', readString);

export const readMembers = (reader: JsonReader): Members | null =>
  readMap(reader, 'java.lang.Object', readAny);

export function readList<V>(
  reader: JsonReader,
  elementType: string,
  readElement: (reader: JsonReader) => V,
): V[] | null {
  if (reader.token === 'null') return null;
  if (reader.token !== '[') throw mismatch(reader, `java.util.ArrayList<${elementType}>`);
  const list: V[] = [];
  while (reader.next() !== ']') {
    const step = `java.util.ArrayList[${list.length}]`;
    list.push(
      within(
        step,
        () => readElement(reader),
        () => true,
      ),
    );
  }
  return list;
}

/** Integers are exact. */
export function readAny(reader: JsonReader): unknown {
  switch (reader.token) {
    case '{':
      return readAnyObject(reader);
    case '[':
      return readAnyList(reader);
    case 'int':
      return integer(reader.text());
    case 'float':
      return Number(reader.text());
    case 'string':
      return reader.text();
    default:
      return reader.token === 'null' ? null : reader.token === 'true';
  }
}

function readAnyObject(reader: JsonReader): unknown {
  const entries: [string, unknown][] = [];
  while (reader.next() === 'name') {
    const name = reader.text();
    reader.next();
    entries.push([name, readAny(reader)]);
  }
  return Object.fromEntries(entries);
}

function readAnyList(reader: JsonReader): unknown[] {
  const list: unknown[] = [];
  while (reader.next() !== ']') list.push(readAny(reader));
  return list;
}

const integer = (text: string): Int64 => (text.length < 16 ? Number(text) : int64(BigInt(text)));

export interface BeanType<T> {
  readonly name: string;
  /** In the order in which they are told. */
  readonly members: { readonly [K in keyof T]: (reader: JsonReader) => T[K] };
}

/** Null for `null`. Members that are not there are undefined. */
export function readBean<T>(reader: JsonReader, type: BeanType<T>): Partial<T> | null {
  const { token } = reader;
  if (token === 'null') return null;
  if (token === 'string' && reader.text().trim() === '') throw notCoercible(reader, `\`${type.name}\` value`);
  if (token === '[') throw mismatch(reader, type.name);
  if (token !== '{') throw notConstructible(reader, type.name);
  const bean: Partial<T> = {};
  let unknown: string | null = null;
  while (reader.next() === 'name') {
    const name = reader.text();
    reader.next();
    if (Object.hasOwn(type.members, name)) {
      const key = name as keyof T & string;
      bean[key] = within(
        `${type.name}["${name}"]`,
        () => type.members[key](reader),
        () => true,
      );
    } else if (Object.keys(type.members).every((member) => Object.hasOwn(bean, member))) {
      // Nothing more is needed, so that the next one is told where it stands.
      throw unrecognized(reader, type, name);
    } else {
      unknown ??= name;
      reader.skip();
    }
  }
  if (unknown !== null) throw unrecognized(reader, type, unknown);
  return bean;
}

function unrecognized<T>(reader: JsonReader, { name, members }: BeanType<T>, member: string): BodyProblem {
  const known = Object.keys(members).map((each) => `"${each}"`);
  const count = known.length === 1 ? 'one known property' : `${known.length} known properties`;
  const why = `Unrecognized field "${member}" (class ${name}), not marked as ignorable (${count}: ${known.join(', ')}])`;
  return other(reader, why, reader.place).within(`${name}["${member}"]`);
}
