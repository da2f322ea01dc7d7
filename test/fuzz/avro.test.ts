/** Foreign bytes against the Avro codecs: they give a value or a DataError, promptly, and never take the process along. */

import { compileReader } from '../../src/convert/avro/reader';
import { toAvroSchema } from '../../src/convert/avro/to-avro';
import { toConnectSchema } from '../../src/convert/avro/to-connect';
import {
  array,
  DataError,
  Decimal,
  decimalSchema,
  map,
  Schema,
  type SchemaType,
  STRING_SCHEMA,
  Struct,
  setFields,
  struct,
} from '../../src/kernel';
import { BinaryReader } from '../../src/schemas/avro/binary-reader';
import { decodeGeneric, genericType } from '../../src/schemas/avro/generic';
import { parseAvro } from '../../src/schemas/avro/parse';
import { canonicalAvro, normalizedAvro } from '../../src/schemas/avro/schema-text';
import { avroText, decode, encode, options } from '../convert/avro/support';
import { type Random, randomOf } from '../support/random';

const SEED = Number(process.env['FUZZ_SEED'] ?? 20_261_121);
const ROUNDS = Number(process.env['FUZZ_ROUNDS'] ?? 300);

const PRIMITIVES: readonly SchemaType[] = [
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

function anySchema(rng: Random, depth: number): Schema {
  const optional = rng.next() < 0.4;
  const kind = depth <= 0 ? 0 : rng.below(10);
  if (kind < 5) return new Schema(rng.pick(PRIMITIVES), { optional });
  if (kind === 5) return decimalSchema(rng.below(5), { optional });
  if (kind === 6) return array(anySchema(rng, depth - 1), { optional });
  if (kind === 7) return map(STRING_SCHEMA, anySchema(rng, depth - 1), { optional });
  if (kind === 8)
    return map(new Schema(rng.pick(['int32', 'string']), { optional: true }), anySchema(rng, depth - 1), {
      optional,
    });
  return anyStruct(rng, depth - 1).with({ optional });
}

let structs = 0;
const anyStruct = (rng: Random, depth: number): Schema =>
  struct(
    Array.from({ length: rng.below(6) }, (_, i) => [`f${i}`, anySchema(rng, depth)] as const),
    { name: `S${structs++}` },
  );

const many = <T>(rng: Random, make: () => T): T[] => Array.from({ length: rng.below(4) }, make);

function anyValue(rng: Random, schema: Schema): unknown {
  if (schema.optional && rng.next() < 0.3) return null;
  switch (schema.type) {
    case 'int8':
      return rng.below(256) - 128;
    case 'int16':
      return rng.below(65536) - 32768;
    case 'int32':
      return (rng.next() * 2 ** 32) | 0;
    case 'int64':
      return anyLong(rng);
    case 'float32':
      return Math.fround(rng.next() * 1e6);
    case 'float64':
      return rng.next() * 10 ** (rng.below(600) - 300);
    case 'boolean':
      return rng.next() < 0.5;
    case 'string':
      return Array.from({ length: rng.below(rng.next() < 0.1 ? 3000 : 12) }, () =>
        rng.pick(['a', 'Z', '0', 'é', '☃', '😀']),
      ).join('');
    case 'bytes':
      return schema.name === null
        ? Buffer.from(many(rng, () => rng.below(256)))
        : new Decimal(BigInt(anyLong(rng)), Number(schema.parameters!.get('scale')));
    case 'array':
      return many(rng, () => anyValue(rng, schema.valueSchema!));
    case 'map':
      return new Map(
        many(rng, () => [anyValue(rng, schema.keySchema!), anyValue(rng, schema.valueSchema!)] as const),
      );
    case 'struct':
      return new Struct(
        schema,
        schema.fields.map((field) => anyValue(rng, field.schema)),
      );
  }
}

function anyLong(rng: Random): number | bigint {
  if (rng.next() < 0.5) return rng.below(1000) - 500;
  const value = BigInt.asIntN(64, BigInt(Math.floor(rng.next() * 2 ** 52)) * BigInt(rng.below(2 ** 31)));
  return Number.isSafeInteger(Number(value)) ? Number(value) : value;
}

const plain = (value: unknown): unknown => {
  if (value instanceof Struct) return value.values.map(plain);
  if (value instanceof Decimal) return String(value);
  if (value instanceof Map) return [...value].map(([key, item]) => [plain(key), plain(item)]);
  return Array.isArray(value) ? value.map(plain) : value;
};

/** Bytes that are nearly right, or not at all. */
function damaged(rng: Random, bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes);
  switch (rng.below(6)) {
    case 0:
      return copy.subarray(0, rng.below(copy.length + 1));
    case 1:
      return Buffer.from(Array.from({ length: rng.below(64) }, () => rng.below(256)));
    case 2:
      return Buffer.concat([copy, Buffer.from([rng.below(256)])]);
    case 3: {
      const at = rng.below(copy.length + 1);
      const huge = Buffer.from(
        rng.pick([[0xff, 0xff, 0xff, 0xff, 0x0f], [0x80, 0x80, 0x80, 0x80, 0x08], new Array(10).fill(0xff)]),
      );
      return Buffer.concat([copy.subarray(0, at), huge, copy.subarray(at)]);
    }
    default: {
      for (let i = 0; i <= rng.below(4); i++)
        if (copy.length > 0)
          copy[rng.below(copy.length)] = rng.pick([0, 1, 2, 3, 0x7f, 0x80, 0xff, rng.below(256)]);
      return copy;
    }
  }
}

/** Nothing that a few bytes describe may take long or much. */
const SLOW_MS = 1000;
const MUCH_BYTES = 100e6;

function expectValueOrDataError(read: () => unknown, what: () => string): void {
  const begin = performance.now();
  try {
    read();
  } catch (error) {
    if (!(error instanceof DataError)) throw new Error(`${what()}: ${String(error)}`, { cause: error });
  }
  const took = performance.now() - begin;
  if (took > SLOW_MS) throw new Error(`${what()} took ${took} ms`);
}

function node(): Schema {
  const schema = new Schema('struct', { name: 'Node' });
  const next = schema.with({ optional: true });
  setFields(schema, [
    ['v', new Schema('int32')],
    ['next', next],
    ['all', array(schema)],
  ]);
  next.fields = schema.fields;
  return schema;
}

/** Schemas whose data can be short and mean much. */
const DANGEROUS = [
  '{"type":"array","items":"null"}',
  '{"type":"array","items":{"type":"array","items":"null"}}',
  '{"type":"array","items":{"type":"record","name":"E","fields":[]}}',
  '{"type":"array","items":{"type":"fixed","name":"F","size":0}}',
  '{"type":"map","values":{"type":"map","values":"null"}}',
  '{"type":"array","items":["null","string"]}',
  '{"type":"record","name":"N","fields":[{"name":"next","type":["null","N"]},{"name":"all","type":{"type":"array","items":"N"}}]}',
  '{"type":"fixed","name":"Big","size":2000000000}',
  '{"type":"array","items":{"type":"fixed","name":"Big","size":2000000000}}',
];

describe('Avro codecs under fuzz', () => {
  it(`gives back what it wrote, as avsc does (seed ${SEED})`, () => {
    const rng = randomOf(SEED);
    for (let round = 0; round < ROUNDS; round++) {
      const schema = anyStruct(rng, 3);
      const avro = parseAvro(avroText(schema), [], { strict: true }).schema;
      const type = genericType(avroText(schema));
      for (let i = 0; i < 5; i++) {
        const value = anyValue(rng, schema);
        const bytes = encode(schema, value);
        expect(plain(decode(avro, bytes))).toEqual(plain(value));
        expect(() => decodeGeneric(type, bytes)).not.toThrow();
      }
    }
  });

  it(`survives damaged data of any schema (seed ${SEED})`, () => {
    const rng = randomOf(SEED + 1);
    const reader = new BinaryReader();
    const before = process.memoryUsage().rss;
    for (let round = 0; round < ROUNDS; round++) {
      const schema = round % 10 === 0 ? node() : anyStruct(rng, 3);
      const avro = toAvroSchema(schema, options());
      const read = compileReader(avro, toConnectSchema(avro, options()), options());
      const type = genericType(avroText(schema));
      const bytes =
        round % 10 === 0
          ? Buffer.from([2, 2, 4, 0, 0, 2, 6, 0, 0, 0])
          : encode(schema, anyValue(rng, schema));
      for (let i = 0; i < 40; i++) {
        const bad = damaged(rng, bytes);
        const what = () => `${avroText(schema)} from ${bad.toString('hex')}`;
        expectValueOrDataError(() => {
          reader.reset(bad, 0, bad.length);
          read(reader);
          reader.finish();
        }, what);
        expectValueOrDataError(() => decodeGeneric(type, bad), what);
      }
    }
    expect(process.memoryUsage().rss - before).toBeLessThan(3 * MUCH_BYTES);
  });

  it.each(DANGEROUS)('survives data of %s', (text) => {
    const rng = randomOf(SEED + 2);
    const avro = parseAvro(text).schema;
    // Connect has no type of null alone: only avsc reads those.
    const read = text.includes(':"null"')
      ? null
      : compileReader(avro, toConnectSchema(avro, options()), options());
    const type = genericType(text);
    const reader = new BinaryReader();
    const inputs = [
      Buffer.from([0x80, 0x80, 0x80, 0x80, 0x08]),
      Buffer.from([0xff, 0xff, 0xff, 0xff, 0x0f, 0, 0]),
      Buffer.from([1, 3, 2, 0, 0x0e]),
      Buffer.alloc(5000, 2),
      Buffer.alloc(20_000, 2),
      Buffer.alloc(20_000, 0xfe),
      ...Array.from({ length: 500 }, () => damaged(rng, Buffer.from([4, 2, 0, 2, 65, 0, 0]))),
    ];
    for (const bytes of inputs) {
      const what = () => `${text} from ${bytes.subarray(0, 40).toString('hex')}`;
      const before = process.memoryUsage().heapUsed;
      expectValueOrDataError(() => {
        reader.reset(bytes, 0, bytes.length);
        read?.(reader);
        reader.finish();
      }, what);
      expectValueOrDataError(() => decodeGeneric(type, bytes), what);
      expect(process.memoryUsage().heapUsed - before).toBeLessThan(MUCH_BYTES);
    }
  });

  it(`takes any text for a schema, or says what is wrong with it (seed ${SEED})`, () => {
    const rng = randomOf(SEED + 3);
    const texts = [...DANGEROUS, avroText(null), avroText(node())];
    for (let round = 0; round < ROUNDS * 10; round++) {
      const text = rng.pick(texts);
      const at = rng.below(text.length);
      const piece = rng.pick([
        '',
        '"',
        '{',
        ']',
        ',',
        'null',
        '"name"',
        '1e999',
        '\\u0000',
        text.slice(rng.below(text.length)),
      ]);
      const bad = text.slice(0, at) + piece + text.slice(at + rng.below(5));
      const what = () => bad;
      expectValueOrDataError(() => {
        const { canonical } = canonicalAvro(bad);
        if (canonicalAvro(canonical).canonical !== canonical)
          throw new Error('printed again, it is another text');
      }, what);
      expectValueOrDataError(() => normalizedAvro(bad), what);
      expectValueOrDataError(
        () => toConnectSchema(canonicalAvro(bad, [], { strict: true }).schema, options()),
        what,
      );
    }
  });
});
