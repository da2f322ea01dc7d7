/** Bytes of another implementation, read and written back; see the file for where they come from. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { compileReader } from '../../../src/convert/protobuf/reader';
import { toConnectSchema } from '../../../src/convert/protobuf/to-connect';
import { DataError, Struct } from '../../../src/kernel';
import { BinaryReader } from '../../../src/schemas/protobuf/binary-reader';
import { repositoryRoot } from '../../support/process';
import { decode, encode, messageOf, options, plain } from './support';

interface Vector {
  readonly name: string;
  readonly file: string;
  readonly message: string;
  readonly hex: string;
}

const golden = JSON.parse(
  readFileSync(path.join(repositoryRoot, 'test/golden/protobuf/vectors.json'), 'utf8'),
) as { descriptors: Record<string, { text: string }>; vectors: Vector[] };

const typeOf = ({ file, message }: Vector) => messageOf(golden.descriptors[file]!.text, message);

test.each(golden.vectors)('$file, $name: read and written back as it was', (vector) => {
  const message = typeOf(vector);
  const value = decode(message, Buffer.from(vector.hex, 'hex'));
  const schema = toConnectSchema(message, options());
  expect(encode(schema, value, {}, message).toString('hex')).toBe(vector.hex);
});

/** What differs from a message of defaults. */
const EXPECTED: Readonly<Record<string, Record<string, unknown>>> = {
  empty: {},
  ones: {
    d: 1.5,
    f: -2.25,
    i32: 1,
    i64: 2,
    u32: 3,
    u64: 4,
    s32: 5,
    s64: 6,
    f32: 7,
    f64: 8,
    sf32: 9,
    sf64: 10,
    b: true,
    s: 'é',
    by: Buffer.from([0, 255]),
  },
  negative: { d: -0, i32: -1, i64: -2, s32: -3, s64: -4, sf32: -5, sf64: -6 },
  largest: {
    i32: 2147483647,
    i64: (1n << 63n) - 1n,
    u32: 4294967295,
    u64: -1,
    s32: 2147483647,
    s64: (1n << 63n) - 1n,
    f32: 4294967295,
    f64: -1,
    sf32: 2147483647,
    sf64: (1n << 63n) - 1n,
  },
  least: {
    i32: -2147483648,
    i64: -(1n << 63n),
    s32: -2147483648,
    s64: -(1n << 63n),
    sf32: -2147483648,
    sf64: -(1n << 63n),
  },
  middle: { i64: 9007199254740992n, u64: 2 ** 49, s64: -9007199254740993n, sf64: 2 ** 40 },
  repeated: {
    packed: [0, 1, -1, 300],
    loose: [0, 1, -1],
    words: ['', 'a'],
    colors: ['RED', 'BLUE', 'MINUS'],
  },
  map: {
    counts: new Map([
      ['', 0],
      ['a', 1],
    ]),
  },
  'map of messages': { inners: new Map([[-5, { x: 7, zig: [] }]]) },
  inner: { color: 'BLUE', inner: { x: 3, zig: [-1, 1] }, maybe: 0 },
  text: { pick_0: { text: '', other: null, number: null } },
  other: { pick_0: { text: null, other: { x: 0, zig: [] }, number: null } },
  number: { pick_0: { text: null, other: null, number: 0 } },
  'well known': { at: Date.UTC(2024, 1, 29, 12, 34, 56, 789), wrapped: { value: '' } },
};

test.each(Object.entries(EXPECTED))('all3, %s: what it says', (name, expected) => {
  const vector = golden.vectors.find((each) => each.name === name)!;
  const message = typeOf(vector);
  const none = plain(decode(message, Buffer.alloc(0))) as object;
  expect(plain(decode(message, Buffer.from(vector.hex, 'hex')))).toEqual({ ...none, ...expected });
});

test('groups and labels of proto2', () => {
  const vector = golden.vectors.find(({ name }) => name === 'groups')!;
  const message = typeOf(vector);
  expect(plain(decode(message, Buffer.from(vector.hex, 'hex')))).toEqual({
    must: 1,
    may: '',
    loose: [1, 2],
    tight: [3, 4],
    part: { a: 5, sub: [{ b: 'q' }, { b: null }] },
    level: 'LOW',
  });
  const bare = Buffer.from([8, 0]);
  expect(plain(decode(message, bare))).toMatchObject({ may: null, level: null, part: null });
  expect(plain(decode(message, bare, { optionalForProto2: false }))).toMatchObject({
    may: 'dflt',
    level: 'HIGH',
  });
  expect(() => decode(message, Buffer.alloc(0))).toThrow('the required field must is missing');
});

test('numbers packed or not, whatever the schema says; unknown fields; a message in parts; the last member', () => {
  const message = messageOf(golden.descriptors.all3!.text, 'vec.All');
  const bytes = (hex: string) => Buffer.from(hex.replaceAll(' ', ''), 'hex');
  const read = (hex: string) => plain(decode(message, bytes(hex))) as Record<string, unknown>;
  expect(read('800101 8001ac02 82010103').packed).toEqual([1, 300, 3]);
  expect(read('8a01020102').loose).toEqual([1, 2]);
  // Field 500 of each wire type, around i32.
  expect(read('a01f05 a11f0102030405060708 a21f02aabb a31f0801a41f a51f01020304 1807').i32).toBe(7);
  expect(read('ba01020803 ba0103120101').inner).toEqual({ x: 3, zig: [-1] });
  expect(read('ca010161 d80105').pick_0).toEqual({ text: null, other: null, number: 5 });
});

test('cut and changed bytes are errors or values, nothing else', () => {
  let seed = 7;
  const random = (below: number) => (seed = (Math.imul(seed, 1103515245) + 12345) & 0x7fffffff) % below;
  const outcomes = { value: 0, error: 0 };
  for (const vector of golden.vectors) {
    const message = typeOf(vector);
    const schema = toConnectSchema(message, options());
    const read = compileReader(message, schema, options());
    const bytes = Buffer.from(vector.hex, 'hex');
    for (let i = 0; i < 200; i++) {
      const changed = Buffer.from(bytes.subarray(0, random(bytes.length + 1)));
      for (let n = random(3); n > 0 && changed.length > 0; n--) changed[random(changed.length)] = random(256);
      const reader = new BinaryReader();
      reader.reset(changed, 0, changed.length);
      try {
        expect(read(reader)).toBeInstanceOf(Struct);
        outcomes.value++;
      } catch (error) {
        expect(error).toBeInstanceOf(DataError);
        outcomes.error++;
      }
    }
  }
  expect(Math.min(outcomes.value, outcomes.error)).toBeGreaterThan(100);
});
