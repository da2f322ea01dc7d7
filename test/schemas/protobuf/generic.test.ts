import { readFileSync } from 'node:fs';
import path from 'node:path';
import { decodeMessage, encodeMessage } from '../../../src/schemas/protobuf/generic';
import { linkProto } from '../../../src/schemas/protobuf/link';
import { MessageTypes } from '../../../src/schemas/protobuf/message-type';
import { parseProto } from '../../../src/schemas/protobuf/parse';
import { repositoryRoot } from '../../support/process';

interface Golden {
  readonly descriptors: Readonly<Record<string, { readonly text: string }>>;
  readonly vectors: readonly {
    readonly name: string;
    readonly file: string;
    readonly message: string;
    readonly hex: string;
  }[];
}

const golden = JSON.parse(
  readFileSync(path.join(repositoryRoot, 'test/golden/protobuf/vectors.json'), 'utf8'),
) as Golden;

const typeOf = (file: string, message: string) =>
  new MessageTypes(linkProto(parseProto(golden.descriptors[file]!.text), [])).message(message)!;
const all = typeOf('all3', 'vec.All');

test.each(golden.vectors)('$file, $name: read and written back as it was', ({ file, message, hex }) => {
  const type = typeOf(file, message);
  expect(encodeMessage(type, decodeMessage(type, Buffer.from(hex, 'hex'))).toString('hex')).toBe(hex);
});

test('plain values, and those of JSON', () => {
  const value = {
    i64: '9007199254740993',
    u64: 18446744073709551615n,
    by: 'AP8=',
    f: 'NaN',
    counts: { a: 1, __proto__x: 2 },
    inners: { '-5': { x: 7 } },
    colors: ['BLUE', -2],
    number: 0,
    self: { s: 'ü' },
  };
  expect(decodeMessage(all, encodeMessage(all, value))).toMatchObject({
    i64: 9007199254740993n,
    u64: 18446744073709551615n,
    by: Buffer.from([0, 255]),
    f: Number.NaN,
    counts: { a: 1, __proto__x: 2 },
    inners: { '-5': { x: 7, zig: [] } },
    colors: ['BLUE', 'MINUS'],
    number: 0,
    self: { s: 'ü', i32: 0 },
  });
  expect(decodeMessage(all, encodeMessage(all, value))).not.toHaveProperty('text');
});

test.each<[object, string]>([
  [{ nope: 1 }, 'vec.All has no field nope'],
  [{ i32: 2 ** 31 }, 'Field i32: 2147483648 is not an integer from'],
  [{ i64: 1.5 }, 'Field i64: 1.5 is not an integer'],
  [{ inner: { x: 'a' } }, 'Field inner.x: a is not an integer'],
  [{ color: 'GREEN' }, 'Field color: GREEN is not a constant of vec.All.Color'],
  [{ packed: 1 }, 'Field packed: 1 is not a list'],
  [{ b: 1 }, 'Field b: 1 is not true or false'],
  [{ s: 1 }, 'Field s: 1 is not a string'],
])('refuses %j', (value, problem) => {
  expect(() => encodeMessage(all, value)).toThrow(problem);
});
