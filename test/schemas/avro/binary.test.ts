import { Type, types } from 'avsc';
import { DataError } from '../../../src/kernel';
import { BinaryReader } from '../../../src/schemas/avro/binary-reader';
import { BinaryWriter } from '../../../src/schemas/avro/binary-writer';

const written = (write: (writer: BinaryWriter) => void): Buffer => {
  const writer = new BinaryWriter();
  writer.begin();
  write(writer);
  return writer.end();
};

const readerOf = (bytes: Buffer | number[]): BinaryReader => {
  const buffer = Buffer.from(bytes);
  const reader = new BinaryReader();
  reader.reset(buffer, 0, buffer.length);
  return reader;
};

const avscLong = types.LongType.__with({
  fromBuffer: (buffer: Buffer) => buffer.readBigInt64LE(),
  toBuffer: (value: bigint) => {
    const buffer = Buffer.alloc(8);
    buffer.writeBigInt64LE(value);
    return buffer;
  },
  fromJSON: BigInt,
  toJSON: String,
  isValid: () => true,
  compare: () => 0,
});

const powers = Array.from({ length: 63 }, (_, i) => 1n << BigInt(i));
const longs = [
  0n,
  -1n,
  (1n << 63n) - 1n,
  -(1n << 63n),
  ...powers.flatMap((n) => [n, -n, n - 1n, -n - 1n, n + 1n]),
];

describe('Avro primitives', () => {
  it('writes and reads every size of long as avsc does, exactly', () => {
    for (const exact of longs) {
      const expected = avscLong.toBuffer(exact);
      const safe = BigInt(Number(exact)) === exact && Number.isSafeInteger(Number(exact));
      const forms = safe ? [exact, Number(exact)] : [exact];
      for (const form of forms) expect(written((writer) => writer.long(form))).toEqual(expected);
      expect(readerOf(expected).long()).toBe(safe ? Number(exact) : exact);
    }
  });

  it('refuses integers beyond 64 bits', () => {
    for (const value of [1n << 63n, -(1n << 63n) - 1n]) {
      expect(() => written((writer) => writer.long(value))).toThrow('does not fit into 64 bits');
    }
  });

  it('writes and reads every size of int', () => {
    const int = Type.forSchema('int');
    for (const big of longs.filter((value) => BigInt.asIntN(32, value) === value)) {
      const value = Number(big);
      expect(written((writer) => writer.int(value))).toEqual(int.toBuffer(value));
      expect(readerOf(int.toBuffer(value)).int()).toBe(value);
    }
  });

  const texts = [
    '',
    'a',
    'sensor-42',
    'ä',
    '日本語',
    '😀',
    'x'.repeat(24),
    'x'.repeat(25),
    `${'x'.repeat(23)}ß`,
    ...[62, 63, 64, 65, 2730, 2731, 4095, 4096, 8191, 8192, 70_000, 1_048_575, 1_048_576].map((n) =>
      'y'.repeat(n),
    ),
    ...[31, 32, 63, 64, 4096, 8191, 40_000].map((n) => 'é'.repeat(n)),
    'é'.repeat(30) + 'a'.repeat(4),
  ];

  it('writes and reads texts of every length and alphabet', () => {
    const string = Type.forSchema('string');
    for (const text of texts) {
      const bytes = written((writer) => writer.string(text));
      expect(bytes.equals(string.toBuffer(text))).toBe(true);
      // Twice: the second time from the texts seen lately.
      expect(readerOf(bytes).string()).toBe(text);
      expect(readerOf(bytes).string()).toBe(text);
    }
  });

  it('does not take one text for another of the same hash and length', () => {
    const reader = new BinaryReader();
    const wrong: string[] = [];
    for (let i = 0; i < 30_000; i++) {
      const text = `k${(i * 7919) % 100_003}`;
      const bytes = Buffer.from(`${String.fromCharCode(text.length * 2)}${text}`, 'latin1');
      reader.reset(bytes, 0, bytes.length);
      if (reader.string() !== text) wrong.push(text);
    }
    expect(wrong).toEqual([]);
  });

  it('replaces bytes that are no UTF-8, time after time', () => {
    for (let i = 0; i < 2; i++) expect(readerOf([4, 0xff, 0x41]).string()).toBe('\ufffdA');
  });

  it.each([0, 1.5, -1e300, Number.NaN, Infinity, -0, 5e-324])('writes and reads the double %p', (value) => {
    const bytes = written((writer) => writer.double(value));
    expect(bytes).toEqual(Type.forSchema('double').toBuffer(value));
    expect(readerOf(bytes).double()).toBe(value);
  });

  it('writes and reads floats', () => {
    const bytes = written((writer) => writer.float(0.1));
    expect(bytes).toEqual(Type.forSchema('float').toBuffer(0.1));
    expect(readerOf(bytes).float()).toBe(Math.fround(0.1));
  });

  it('writes record after record, and drops what was begun and not ended', () => {
    const writer = new BinaryWriter();
    for (let i = 0; i < 3000; i++) {
      writer.begin();
      writer.string('never ended');
      writer.begin();
      writer.string(`record ${i} ${'z'.repeat(i % 400)}`);
      expect(readerOf(writer.end()).string()).toBe(`record ${i} ${'z'.repeat(i % 400)}`);
    }
  });

  it('keeps a record that outgrows the buffer, and the next one after it', () => {
    const writer = new BinaryWriter();
    writer.begin();
    writer.bytes(Buffer.alloc(3_000_000, 7));
    expect(readerOf(writer.end()).bytes()).toHaveLength(3_000_000);
    writer.begin();
    writer.string('small');
    expect(readerOf(writer.end()).string()).toBe('small');
  });

  it('moves a record that outgrows its buffer', () => {
    const big = Buffer.alloc(300_000, 7);
    const bytes = written((writer) => {
      writer.int(1);
      for (let i = 0; i < 20_000; i++) writer.double(i);
      writer.bytes(big);
    });
    const reader = readerOf(bytes);
    expect(reader.int()).toBe(1);
    for (let i = 0; i < 20_000; i++) expect(reader.double()).toBe(i);
    expect(reader.bytes().equals(big)).toBe(true);
    reader.finish();
  });

  it('copies bytes, so that the fetch buffer can go', () => {
    const source = Buffer.from([4, 1, 2]);
    const reader = readerOf(source);
    const bytes = reader.bytes();
    source.fill(9);
    expect(bytes).toEqual(Buffer.from([1, 2]));
  });
});

describe('bad Avro bytes', () => {
  const bad = (bytes: number[], read: (reader: BinaryReader) => unknown, reason: string | RegExp) => {
    const reader = readerOf(bytes);
    expect(() => read(reader)).toThrow(reason);
    expect(() => read(readerOf(bytes))).toThrow(DataError);
  };

  it.each<[what: string, bytes: number[], read: (reader: BinaryReader) => unknown, reason: string]>([
    ['a long that ends early', [0x80], (reader) => reader.long(), 'Truncated'],
    ['a long tail that ends early', [0x80, 0x80, 0x80, 0x80, 0x80], (reader) => reader.long(), 'Truncated'],
    ['a long of 11 bytes', new Array(11).fill(0x80), (reader) => reader.long(), 'more than 64 bits'],
    ['a long of 65 bits', [...new Array(9).fill(0x80), 2], (reader) => reader.long(), 'more than 64 bits'],
    ['an int that ends early', [0xff], (reader) => reader.int(), 'Truncated'],
    ['an int of 33 bits', [0xff, 0xff, 0xff, 0xff, 0x1f], (reader) => reader.int(), 'more than 32 bits'],
    ['an int of 6 bytes', new Array(6).fill(0x80), (reader) => reader.int(), 'more than 32 bits'],
    ['no boolean', [], (reader) => reader.boolean(), 'Truncated'],
    ['a boolean of 2', [2], (reader) => reader.boolean(), '2 is no boolean'],
    ['half a float', [1, 2], (reader) => reader.float(), '4 bytes are wanted'],
    ['half a double', [1, 2, 3, 4], (reader) => reader.double(), '8 bytes are wanted'],
    ['a string beyond the end', [20, 65], (reader) => reader.string(), '10 bytes are wanted'],
    ['a string of negative length', [1], (reader) => reader.string(), 'a string of length -1'],
    [
      'a string of 2^40 bytes',
      [0x80, 0x80, 0x80, 0x80, 0x80, 0x40],
      (reader) => reader.string(),
      'Truncated',
    ],
    [
      'a string of 2^63-1 bytes',
      [0xfe, ...new Array(8).fill(0xff), 1],
      (reader) => reader.string(),
      'a string of length',
    ],
    ['bytes beyond the end', [4, 1], (reader) => reader.bytes(), '2 bytes are wanted'],
    ['half a fixed', [1], (reader) => reader.fixed(2), '2 bytes are wanted'],
    ['a branch that is not there', [4], (reader) => reader.branch(2), 'branch 2 of a union of 2'],
    ['a negative branch', [1], (reader) => reader.branch(2), 'branch -1'],
    ['a symbol that is not there', [6], (reader) => reader.symbol(3), 'symbol 3 of an enum of 3'],
    ['more items than bytes', [0xfe, 0xff, 0xff, 0xff, 0x0f], (reader) => reader.block(1), 'Truncated'],
    ['more items of nothing than allowed', [0x80, 0x80, 0x10], (reader) => reader.block(0), 'take no bytes'],
    ['a block of negative size', [1, 3], (reader) => reader.block(1), 'a block of -2 bytes'],
    ['a block larger than what is left', [1, 100], (reader) => reader.block(1), '50 bytes are wanted'],
    [
      'a block of -2^63 items',
      [0xff, ...new Array(8).fill(0xff), 1, 0],
      (reader) => reader.block(1),
      'a block of',
    ],
  ])('refuses %s', (_what, bytes, read, reason) => bad(bytes, read, reason));

  it('counts items of nothing over all blocks of a record', () => {
    const reader = readerOf([0xfe, 0xff, 7, 0xfe, 0xff, 7]);
    expect(reader.block(0)).toBe(65_535);
    expect(() => reader.block(0)).toThrow('take no bytes');
  });

  it('says how many bytes are left over', () => {
    const reader = readerOf([2, 0, 0]);
    reader.int();
    expect(() => reader.finish()).toThrow('2 bytes follow the end');
  });
});
