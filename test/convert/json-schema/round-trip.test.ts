/** Random schemas and values of them, to JSON and back. A failure prints its seed. */
import {
  array,
  Decimal,
  dateSchema,
  decimalSchema,
  map,
  Schema,
  type SchemaOptions,
  type SchemaType,
  Struct,
  sameSchema,
  struct,
  timeSchema,
  timestampSchema,
} from '../../../src/kernel';
import { readJsonSchema } from '../../../src/schemas/json-schema/schema-text';
import { compileValidator } from '../../../src/schemas/json-validator';
import { connectSchemaOf, decode, encode, jsonSchemaOf } from './support';

type Random = () => number;

/** mulberry32 */
function randomOf(seed: number): Random {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

const upTo = (random: Random, most: number): number => Math.floor(random() * (most + 1));
const pick = <T>(random: Random, from: readonly T[]): T => from[upTo(random, from.length - 1)]!;

const SCALARS: readonly SchemaType[] = [
  'int8',
  'int16',
  'int32',
  'int64',
  'float32',
  'float64',
  'boolean',
  'string',
  'bytes',
];
const TEXTS = ['', 'a', 'ü"\\\n', '\u{1f600}', '1', '__proto__', 'key', 'value', '\u0000'];

function optionsOf(random: Random): SchemaOptions {
  return {
    optional: random() < 0.4,
    ...(random() < 0.2 ? { doc: pick(random, TEXTS) || null } : {}),
    ...(random() < 0.2 ? { version: upTo(random, 9) } : {}),
    ...(random() < 0.2
      ? { parameters: new Map([...Array(upTo(random, 4)).keys()].map((i) => [`p${i}`, pick(random, TEXTS)])) }
      : {}),
  };
}

function randomSchema(random: Random, depth: number): Schema {
  const options = optionsOf(random);
  const kind = random();
  if (depth <= 0 || kind < 0.5) return scalar(random, options);
  if (kind < 0.6) return array(randomSchema(random, depth - 1), options);
  if (kind < 0.7) return map(new Schema('string'), randomSchema(random, depth - 1), options);
  if (kind < 0.75) return map(randomKey(random), randomSchema(random, depth - 1), options);
  return randomStruct(random, depth, options);
}

/** Names of members have no attributes. */
function randomKey(random: Random): Schema {
  const schema = randomSchema(random, 0);
  return schema.type === 'string' ? schema.with({ optional: true, default: undefined }) : schema;
}

function randomStruct(random: Random, depth: number, options: SchemaOptions): Schema {
  const count = upTo(random, 14);
  const fields = [...Array(count).keys()].map(
    (i) =>
      [
        i < TEXTS.length && random() < 0.2 ? `${TEXTS[i]}${i}` : `field_${i}`,
        randomSchema(random, depth - 1),
      ] as const,
  );
  return struct(fields, { ...options, ...(random() < 0.5 ? { name: `a.b.S${upTo(random, 99)}` } : {}) });
}

function scalar(random: Random, options: SchemaOptions): Schema {
  const kind = random();
  const schema =
    kind < 0.08
      ? decimalSchema(upTo(random, 6), { ...options, version: 1, parameters: null })
      : kind < 0.13
        ? dateSchema({ ...options, version: 1 })
        : kind < 0.18
          ? timeSchema({ ...options, version: 1 })
          : kind < 0.23
            ? timestampSchema({ ...options, version: 1 })
            : new Schema(pick(random, SCALARS), options);
  return random() < 0.15
    ? schema.with({ default: randomValue(random, schema.with({ optional: false })) })
    : schema;
}

function randomValue(random: Random, schema: Schema): unknown {
  // A null where there is a default is written as the default.
  if (schema.optional && schema.defaultValue === undefined && random() < 0.3) return null;
  switch (schema.type) {
    case 'int8':
      return upTo(random, 255) - 128;
    case 'int16':
      return upTo(random, 65535) - 32768;
    case 'int32':
      return (random() * 4294967296) | 0;
    case 'int64':
      return random() < 0.5 ? upTo(random, 1e15) - 5e14 : 2n ** 62n + BigInt(upTo(random, 1e9));
    case 'float32':
      return Math.fround(random() * 1e6);
    case 'float64':
      return pick(random, [0, -0, 1.5, random(), 1e-300, Number.MAX_VALUE, Number.NaN]);
    case 'boolean':
      return random() < 0.5;
    case 'string':
      return pick(random, TEXTS);
    case 'bytes':
      return bytesValue(random, schema);
    case 'array':
      return [...Array(upTo(random, 3)).keys()].map(() => randomValue(random, schema.valueSchema!));
    case 'map':
      return mapValue(random, schema);
    case 'struct':
      return new Struct(
        schema,
        schema.fields.map((field) => randomValue(random, field.schema)),
      );
  }
}

function bytesValue(random: Random, schema: Schema): unknown {
  if (schema.name === null) return Buffer.from(pick(random, TEXTS), 'utf8');
  const unscaled = BigInt(upTo(random, 1e12)) * (random() < 0.3 ? 10n ** 20n : 1n);
  return new Decimal(random() < 0.5 ? unscaled : -unscaled, Number(schema.parameters!.get('scale')));
}

function mapValue(random: Random, schema: Schema): Map<unknown, unknown> {
  const entries = new Map<unknown, unknown>();
  for (let i = upTo(random, 3); i > 0; i--) {
    entries.set(randomValue(random, schema.keySchema!), randomValue(random, schema.valueSchema!));
  }
  return entries;
}

/** Keeps -0, NaN, bigints. */
function shown(value: unknown): string {
  return JSON.stringify(value, function (this: Record<string, unknown>, key, item) {
    const own = this[key];
    if (typeof own === 'bigint') return `${own}n`;
    if (typeof own === 'number') return Object.is(own, -0) ? '-0' : String(own);
    if (Buffer.isBuffer(own)) return own.toString('hex');
    if (own instanceof Decimal) return `${own.unscaled}e-${own.scale}`;
    // JS objects give names that are numbers first.
    if (own instanceof Map) return [...own].map((entry) => shown(entry)).sort();
    return own instanceof Struct ? own.values : item;
  });
}

const CASES = 150;

describe('random schemas', () => {
  it.each(['base64', 'numeric'] as const)('come back with their values, decimals as %s', (decimalFormat) => {
    for (let seed = 1; seed <= CASES; seed++) {
      const random = randomOf(seed);
      const schema = randomSchema(random, 4);
      const text = jsonSchemaOf(schema, { decimalFormat });
      const back = connectSchemaOf(text, { decimalFormat })!;
      if (!sameSchema(back, schema)) throw new Error(`seed ${seed}: ${text.slice(0, 500)}`);
      expect(jsonSchemaOf(back, { decimalFormat })).toBe(text);
      const value = randomValue(random, schema);
      const json = encode(schema, value, { decimalFormat });
      const read = shown(decode(back, json));
      if (read !== shown(value)) throw new Error(`seed ${seed}: ${json.slice(0, 500)}`);
    }
  });

  it('fit the values that are written with them', () => {
    for (let seed = 1; seed <= CASES; seed++) {
      const random = randomOf(seed);
      const schema = randomSchema(random, 3);
      const text = jsonSchemaOf(schema);
      const parsed = readJsonSchema(text, [], { normalize: false, strict: true });
      const json = encode(schema, randomValue(random, schema));
      // Numbers that JSON has not are written as texts, as Confluent does.
      if (json.includes('NaN')) continue;
      const problem = compileValidator(parsed.schema)(JSON.parse(json));
      if (problem !== null)
        throw new Error(`seed ${seed}: ${json.slice(0, 500)} does not fit its schema: ${problem}`);
    }
  });
});
