import { readFileSync } from 'node:fs';
import path from 'node:path';
import {
  readConfig,
  readCreateRequest,
  readLevel,
  readOffsets,
  readPatch,
  readTaskConfigs,
} from '../../src/rest/bodies';

const READERS = {
  config: readConfig,
  create: readCreateRequest,
  offsets: readOffsets,
  tasks: readTaskConfigs,
  level: readLevel,
  patch: readPatch,
} as const;

interface Recorded {
  readonly kind: keyof typeof READERS;
  readonly body: string;
  readonly message: string;
}

/** What Kafka Connect 4.1.1 answered, with 500, to each body. */
const RECORDED = JSON.parse(readFileSync(path.join(__dirname, 'bodies.json'), 'utf8')) as Recorded[];

describe('bodies that cannot be read', () => {
  test.each(RECORDED.map(({ kind, body, message }) => [kind, body, message] as const))(
    '%s %j',
    (kind, body, message) => {
      expect(() => READERS[kind](Buffer.from(body))).toThrow(
        expect.objectContaining({ status: 500, message }) as Error,
      );
    },
  );

  test('bytes that are no UTF-8', () => {
    const bytes = (text: string) => Buffer.from(text, 'latin1');
    expect(() => readConfig(bytes('{"a":"\xff"}'))).toThrow('Invalid UTF-8 start byte 0xff');
    expect(() => readConfig(bytes('{"a":"\xc3"}'))).toThrow('Invalid UTF-8 middle byte 0x22');
  });

  test('depth has an end', () => {
    const deep = `{"offsets":[{"partition":{"a":${'['.repeat(100_000)}`;
    expect(() => readOffsets(Buffer.from(deep))).toThrow('nesting depth (1001) exceeds the maximum allowed');
  });
});

describe('bodies that can be read', () => {
  const config = (text: string) => readConfig(Buffer.from(text));

  test('scalars become their text as written; null stays', () => {
    expect(config('{"a":1,"b":true,"c":1.50,"d":-1e5,"e":null,"f":"x","g":12345678901234567890.10}')).toEqual(
      {
        a: '1',
        b: 'true',
        c: '1.50',
        d: '-1e5',
        e: null,
        f: 'x',
        g: '12345678901234567890.10',
      },
    );
  });

  test('strings: escapes, all planes, and what JavaScript would take for a prototype', () => {
    const body = '\ufeff{"\\u00e4\\n\\"":"\\ud83d\\ude00\u65e5","__proto__":"p","toString":"t"}';
    const entries = Object.entries(config(body));
    expect(entries).toEqual([
      ['\u00e4\n"', '\u{1f600}\u65e5'],
      ['__proto__', 'p'],
      ['toString', 't'],
    ]);
  });

  test('of a key that is there twice the last value counts', () => {
    expect(config('{"a":1,"b":2,"a":3}')).toEqual({ a: '3', b: '2' });
  });

  test('a new connector: the name is trimmed, the state in any case of letters', () => {
    const read = (text: string) => readCreateRequest(Buffer.from(text));
    expect(read('{"name":" a ","config":{"x":1},"initial_state":"Running"}')).toEqual({
      name: 'a',
      config: { x: '1' },
      initialState: 'STARTED',
    });
    expect(read('{"config":{},"initial_state":null}')).toEqual({ name: '', config: {}, initialState: null });
    expect(read('{"config":{},"name":5,"initial_state":"stopped"}')).toMatchObject({
      name: '5',
      initialState: 'STOPPED',
    });
  });

  test('offsets: exact integers, null for what is not there, the last of equal partitions', () => {
    const body = `{"offsets":[
      {"partition":{"a":1,"b":"x"},"offset":{"p":1}},
      {"partition":{"b":"x","a":1},"offset":{"p":9007199254740993,"q":[1.5,null,{"r":true}]}},
      {"partition":{"f":9007199254740993}}, {"offset":{"p":2}}
    ]}`;
    expect(readOffsets(Buffer.from(body))).toEqual([
      { partition: { b: 'x', a: 1 }, offset: { p: 9007199254740993n, q: [1.5, null, { r: true }] } },
      { partition: { f: 9007199254740993n }, offset: null },
      { partition: null, offset: { p: 2 } },
    ]);
  });

  test.each(['', '   ', '{}', '{"offsets":[]}', '{"offsets":null}'])('no offsets in %j', (text) => {
    expect(() => readOffsets(Buffer.from(text))).toThrow(/Partitions \/ offsets need|is null/);
  });
});
