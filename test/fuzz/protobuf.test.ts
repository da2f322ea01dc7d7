/** Random schemas and data through Protobuf and back; foreign text is a schema or a DataError, promptly. */
import { toConnectSchema } from '../../src/convert/protobuf/to-connect';
import {
  array,
  DataError,
  Decimal,
  dateSchema,
  decimalSchema,
  map,
  Schema,
  type SchemaType,
  STRING_SCHEMA,
  Struct,
  sameSchema,
  struct,
  timeSchema,
  timestampSchema,
} from '../../src/kernel';
import { checkProto } from '../../src/schemas/protobuf/check';
import { encodeDescriptor } from '../../src/schemas/protobuf/descriptor-encode';
import { linkProto } from '../../src/schemas/protobuf/link';
import { normalizeProto } from '../../src/schemas/protobuf/normalize';
import { parseProto } from '../../src/schemas/protobuf/parse';
import { printProto } from '../../src/schemas/protobuf/print';
import { readProto } from '../../src/schemas/protobuf/schema-text';
import { decode, encode, options, ownMessage, plain, protoText } from '../convert/protobuf/support';
import { type Random, randomOf } from '../support/random';

const SEED = Number(process.env['FUZZ_SEED'] ?? 20_261_121);
const ROUNDS = Number(process.env['FUZZ_ROUNDS'] ?? 300);

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
const ENUM = 'io.confluent.connect.protobuf.Enum';

/** Values of a schema: a schema and how to make its values. */
interface Kind {
  readonly schema: Schema;
  readonly value: () => unknown;
}

class Maker {
  #names = 0;

  constructor(readonly random: Random) {}

  kind(depth: number, optional: boolean): Kind {
    const { random } = this;
    switch (random.below(depth > 0 ? 9 : 6)) {
      case 0:
      case 1:
      case 2:
        return this.scalar(random.pick(SCALARS), optional);
      case 3:
        return random.pick([
          { schema: dateSchema({ optional }), value: () => random.below(100_000) - 50_000 },
          { schema: timeSchema({ optional }), value: () => random.below(86_400_000) },
          { schema: timestampSchema({ optional }), value: () => random.below(2 ** 42) - 2 ** 41 },
        ]);
      case 4:
        return {
          schema: decimalSchema(3, { optional }),
          value: () => new Decimal(BigInt(random.below(2 ** 40)) ** BigInt(1 + random.below(3)) * -1n, 3),
        };
      case 5:
        return this.enum(optional);
      case 6:
        return this.list(depth, optional);
      case 7:
        return this.map(depth, optional);
      default:
        return this.struct(depth, optional);
    }
  }

  scalar(type: SchemaType, optional: boolean): Kind {
    const { random } = this;
    const values: Readonly<Record<string, () => unknown>> = {
      int8: () => random.below(256) - 128,
      int16: () => random.below(65_536) - 32_768,
      int32: () => random.pick([0, 1, -1, 2147483647, -2147483648, random.below(1e9)]),
      int64: () => random.pick([0, -1, 2 ** 53 - 1, (1n << 63n) - 1n, -(1n << 63n), random.below(2 ** 50)]),
      float32: () => Math.fround(random.next()),
      float64: () => random.pick([0, -0, 1e-300, random.next()]),
      boolean: () => random.below(2) === 1,
      string: () => random.pick(['', 'a', 'ü', '😀'.repeat(60), 'x'.repeat(random.below(300))]),
      bytes: () => Buffer.alloc(random.below(200), random.below(256)),
    };
    return { schema: new Schema(type, { optional }), value: values[type]! };
  }

  enum(optional: boolean): Kind {
    const name = `E${this.#names++}`;
    const parameters = new Map([
      [ENUM, name],
      [`${ENUM}.${name}_A`, '0'],
      [`${ENUM}.${name}_B`, '7'],
    ]);
    const value = () => this.random.pick([`${name}_A`, `${name}_B`]);
    return { schema: new Schema('string', { optional, name, parameters }), value };
  }

  list(depth: number, optional: boolean): Kind {
    const item = this.kind(depth - 1, false);
    const value = () => Array.from({ length: this.random.below(5) }, () => item.value());
    return { schema: array(item.schema, { optional }), value };
  }

  map(depth: number, optional: boolean): Kind {
    const key = this.scalar(this.random.pick(['int8', 'int32', 'string', 'boolean'] as const), false);
    const item = this.kind(depth - 1, false);
    const value = () =>
      new Map(Array.from({ length: this.random.below(4) }, () => [key.value(), item.value()]));
    return { schema: map(key.schema, item.schema, { optional, name: `m${this.#names++}` }), value };
  }

  struct(depth: number, optional: boolean): Kind {
    const fields: [string, Kind][] = Array.from({ length: 1 + this.random.below(5) }, (_, i) => [
      `f${i}`,
      this.kind(depth - 1, this.random.below(2) === 1),
    ]);
    const schema = struct(
      fields.map(([name, kind]) => [name, kind.schema] as const),
      { optional, name: `S${this.#names++}` },
    );
    const value = () =>
      new Struct(
        schema,
        fields.map(([, kind]) => kind.value()),
      );
    return { schema, value };
  }
}

test.each([
  ['by default', {}],
  ['optional.for.nullables', { optionalForNullables: true }],
  ['wrapper.for.nullables', { wrapperForNullables: true }],
])('random schemas and data come back, %s', (_how, changed) => {
  const source = randomOf(SEED);
  for (let round = 0; round < ROUNDS; round++) {
    const { schema, value } = new Maker(source).struct(3, false);
    const message = ownMessage(schema, changed);
    for (let i = 0; i < 3; i++) {
      const written = value();
      const bytes = encode(schema, written, changed, message);
      const back = decode(message, bytes, changed) as Struct;
      expect(plain(back)).toEqual(plain(written));
      // What was read, written with the schema it was read with, is the same bytes.
      expect(encode(back.schema, back, changed, message).equals(bytes)).toBe(true);
    }
  }
});

test('random schemas: text, descriptor and Connect schema are fixed points', () => {
  const source = randomOf(SEED + 1);
  for (let round = 0; round < ROUNDS; round++) {
    const { schema } = new Maker(source).struct(3, false);
    const text = protoText(schema);
    expect(printProto(parseProto(text))).toBe(text);
    const linked = linkProto(parseProto(text), []);
    checkProto(linked);
    const compiled = readProto(encodeDescriptor(linked, 'default').toString('base64'));
    expect(printProto(compiled)).toBe(printProto(readProto(printProto(compiled))));
    const normal = printProto(normalizeProto(linked));
    expect(printProto(normalizeProto(linkProto(compiled, [])))).toBe(normal);
    expect(printProto(normalizeProto(linkProto(parseProto(normal), [])))).toBe(normal);
    const read = toConnectSchema(ownMessage(schema), options());
    expect(sameSchema(toConnectSchema(ownMessage(read), options()), read)).toBe(true);
  }
});

const TEXT = `syntax = "proto3"; package a.b; import "google/protobuf/any.proto"; option (x.y).z = { a: 1, b: ["c", -1.5e3] };
  message M { reserved 2, 5 to max; oneof o { string s = 1; } map<string, N> m = 3; message N { optional bytes y = 1 [json_name = "q"]; } }
  enum E { option allow_alias = true; A = 0; B = -1; } service S { rpc R (M) returns (stream M) { option deprecated = true; } }`;

test('changed text is a schema or a DataError', () => {
  const source = randomOf(SEED + 2);
  const pieces = [
    '{',
    '}',
    ';',
    '=',
    '"',
    "'",
    '/*',
    '//',
    '\\',
    '[',
    '(',
    '<',
    ',',
    '1e',
    '0x',
    'message ',
    '.',
    '\0',
    '\u00fc',
  ];
  for (let round = 0; round < ROUNDS * 10; round++) {
    let text = TEXT;
    for (let n = 1 + source.below(4); n > 0; n--) {
      const at = source.below(text.length);
      text = text.slice(0, at) + source.pick(pieces) + text.slice(at + source.below(8));
    }
    try {
      const printed = printProto(readProto(text));
      expect(printProto(readProto(printed))).toBe(printed);
      const linked = linkProto(parseProto(text), []);
      checkProto(linked);
      encodeDescriptor(linked, 'default');
    } catch (error) {
      expect(error).toBeInstanceOf(DataError);
    }
  }
});

test('changed descriptors are a schema or an error in words', () => {
  const source = randomOf(SEED + 3);
  const bytes = encodeDescriptor(linkProto(parseProto(TEXT), []), 'a.proto');
  for (let round = 0; round < ROUNDS * 10; round++) {
    const changed = Buffer.from(bytes);
    for (let n = 1 + source.below(5); n > 0; n--) changed[source.below(changed.length)] = source.below(256);
    try {
      const printed = printProto(readProto(changed.toString('base64')));
      expect(printProto(readProto(printed))).toBe(printed);
    } catch (error) {
      expect(error).toBeInstanceOf(DataError);
    }
  }
});

test('a string schema has no message of its own', () => {
  expect(protoText(STRING_SCHEMA)).toContain('message StringValue');
});
