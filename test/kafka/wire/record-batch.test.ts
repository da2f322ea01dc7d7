import type { Compression, EncodedBatch, RecordInput, WireHeader } from '../../../src/kafka/port';
import * as layout from '../../../src/kafka/wire/batch-layout';
import {
  createRecordBatchBuilder,
  recycleBatch,
  splitBatch,
  stampBatch,
} from '../../../src/kafka/wire/record-batch';
import { BatchCursor, checksumFits } from '../../../src/kafka/wire/record-cursor';
import { DataError } from '../../../src/kernel';

const place = { topic: 'orders', partition: 3 };
const stamp = { producerId: 2 ** 40 + 5, epoch: 7, sequence: 4711, transactional: true };

type Plain = Required<RecordInput>;

const plain = (
  timestamp: number,
  key: string | null,
  value: string | null,
  headers: readonly [string, string | null][] = [],
): Plain => ({
  timestamp,
  key: key === null ? null : Buffer.from(key),
  value: value === null ? null : Buffer.from(value),
  headers: headers.map(([name, text]) => ({ key: name, value: text === null ? null : Buffer.from(text) })),
});

function encode(records: readonly Plain[], compression: Compression = 'none'): EncodedBatch {
  const builder = createRecordBatchBuilder();
  for (const { timestamp, key, value, headers } of records) builder.append(timestamp, key, value, headers);
  return builder.build(compression);
}

function decode(bytes: Buffer, firstOffset = 0): (Plain & { offset: number })[] {
  const cursor = new BatchCursor(bytes, place, firstOffset);
  const records = [];
  while (cursor.next()) {
    const { offset, timestamp, key, value, headers } = cursor;
    records.push({ offset, timestamp, key, value, headers });
  }
  return records;
}

/** Comparing Buffers element by element takes seconds for what strings take milliseconds. */
const asText = (records: readonly (Plain & { offset?: number })[]): string[] =>
  records.map(({ timestamp, key, value, headers }, n) => {
    const texts = headers.flatMap((each) => [each.key, latin1(each.value)]);
    return [records[n]!.offset ?? n, timestamp, latin1(key), latin1(value), ...texts].join('|');
  });
const latin1 = (bytes: Uint8Array | null): string =>
  bytes === null ? 'null' : `"${Buffer.from(bytes).latin1Slice()}"`;

/** Small and repeatable (mulberry32): a failure names its seed. */
function randomNumbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}

test('every kind of record comes back: nulls, empty values, repeated and null headers in order, unordered times', () => {
  const records = [
    plain(1000, 'k', 'v'),
    plain(999, null, 'ü→🚚'),
    plain(0, '', null, [
      ['b', 'zwei'],
      ['a', null],
      ['b', 'vier'],
      ['', ''],
    ]),
    plain(-1, null, null),
    plain(1_763_000_000_000, 'x'.repeat(100), 'y'.repeat(100_000)),
    plain(-(2 ** 45), 'far back', 'z'),
  ];
  const { bytes, count } = encode(records);
  expect(count).toBe(6);
  expect(decode(bytes)).toEqual(records.map((record, offset) => ({ offset, ...record })));
});

test('the header says what the records have; times are compared as numbers', () => {
  const { bytes } = encode([plain(999, null, 'a'), plain(1000, null, 'b'), plain(5, null, 'c')]);
  stampBatch(bytes, stamp);
  expect(bytes.readInt32BE(layout.LENGTH)).toBe(bytes.length - 12);
  expect(bytes[layout.MAGIC]).toBe(2);
  expect(layout.readInt64(bytes, layout.BASE_TIMESTAMP)).toBe(999);
  expect(layout.readInt64(bytes, layout.MAX_TIMESTAMP)).toBe(1000);
  expect(bytes.readInt32BE(layout.LAST_OFFSET_DELTA)).toBe(2);
  expect(bytes.readInt32BE(layout.RECORD_COUNT)).toBe(3);
  expect(layout.readInt64(bytes, layout.PRODUCER_ID)).toBe(stamp.producerId);
  expect(bytes.readInt16BE(layout.PRODUCER_EPOCH)).toBe(7);
  expect(bytes.readInt32BE(layout.BASE_SEQUENCE)).toBe(4711);
  expect(bytes.readInt16BE(layout.ATTRIBUTES)).toBe(layout.FLAG_TRANSACTIONAL);
});

test('a batch is the same to the byte as the Java client writes it', () => {
  // Written by hand after the format: one record, key "k", value "v", header h=1, at 1000 ms.
  const body = '18' + '00' + '00' + '00' + '026b' + '0276' + '02' + '0268' + '0231';
  const { bytes } = encode([plain(1000, 'k', 'v', [['h', '1']])]);
  expect(bytes.subarray(layout.RECORDS).toString('hex')).toBe(body);
  stampBatch(bytes, { producerId: -1, epoch: -1, sequence: -1, transactional: false });
  expect(bytes.subarray(layout.ATTRIBUTES, layout.RECORDS).toString('hex')).toBe(
    '0000' +
      '00000000' +
      '00000000000003e8' +
      '00000000000003e8' +
      'ffffffffffffffff' +
      'ffff' +
      'ffffffff' +
      '00000001',
  );
});

test('a second stamp replaces the first and keeps the compression', () => {
  const { bytes } = encode([plain(1, null, 'v')], 'gzip');
  stampBatch(bytes, stamp);
  expect(checksumFits(bytes)).toBe(true);
  stampBatch(bytes, { producerId: 9, epoch: 0, sequence: 0, transactional: false });
  expect(checksumFits(bytes)).toBe(true);
  expect(bytes.readInt16BE(layout.ATTRIBUTES)).toBe(1);
  bytes[bytes.length - 1]! ^= 1;
  expect(checksumFits(bytes)).toBe(false);
});

test.each(['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const)('%s: 10,000 records', (compression) => {
  const records = Array.from({ length: 10_000 }, (_, n) => plain(n, `key-${n % 50}`, `value ${n}`));
  const { bytes } = encode(records, compression);
  expect(asText(decode(bytes))).toEqual(asText(records));
});

test('a batch stays as it is while its builder goes on', () => {
  const builder = createRecordBatchBuilder();
  const batches = [];
  for (let n = 0; n < 20; n++) {
    for (let i = 0; i <= n * 40; i++) builder.append(n, null, Buffer.alloc(100, n), []);
    expect(builder.count).toBe(n * 40 + 1);
    batches.push(builder.build(n % 3 === 2 ? 'lz4' : 'none'));
    expect(builder.count).toBe(0);
    expect(builder.sizeBytes).toBe(layout.RECORDS);
  }
  batches.forEach(({ bytes, count }, n) => {
    const records = decode(bytes);
    expect(records).toHaveLength(count);
    expect(records.every(({ value }) => value!.every((byte) => byte === n))).toBe(true);
  });
});

test('memory of acknowledged batches serves for new ones, and only that', () => {
  const builder = createRecordBatchBuilder();
  const fill = (n: number) => {
    for (let i = 0; i < 300; i++) builder.append(n, null, Buffer.alloc(100, n), []);
    return builder.build(n % 5 === 4 ? 'gzip' : 'none');
  };
  const kept: [number, EncodedBatch][] = [];
  const memory = new Set<ArrayBufferLike>();
  for (let n = 0; n < 60; n++) {
    const batch = fill(n);
    memory.add(batch.bytes.buffer);
    if (n % 3 === 0) kept.push([n, batch]);
    else recycleBatch(batch);
    if (n % 3 !== 0) expect(batch.bytes).toHaveLength(0);
  }
  expect(memory.size).toBeLessThan(40);
  for (const [n, { bytes }] of kept) expect(decode(bytes).every(({ value }) => value![0] === n)).toBe(true);
});

test('the builder tells its size, refuses impossible times and empty batches', () => {
  const builder = createRecordBatchBuilder();
  expect(() => builder.build('none')).toThrow(/without records/);
  expect(() => builder.append(Number.NaN, null, null, [])).toThrow(DataError);
  expect(() => builder.append(1.5, null, null, [])).toThrow(/timestamp cannot be 1.5/);
  builder.append(1, null, Buffer.alloc(1000), []);
  expect(builder.sizeBytes).toBe(encode([plain(1, null, '.'.repeat(1000))]).bytes.length);
});

test('a cursor begins at the offset asked for', () => {
  const { bytes } = encode([plain(1, null, 'a'), plain(2, null, 'b'), plain(3, null, 'c')]);
  layout.writeInt64(bytes, 2 ** 33, layout.BASE_OFFSET);
  expect(decode(bytes, 2 ** 33 + 1).map(({ offset }) => offset)).toEqual([2 ** 33 + 1, 2 ** 33 + 2]);
  expect(decode(bytes, 2 ** 33 + 3)).toEqual([]);
});

test('a broker that sets the time sets it for the whole batch', () => {
  const { bytes } = encode([plain(1, null, 'a'), plain(2, null, 'b')]);
  bytes.writeInt16BE(layout.FLAG_APPEND_TIME, layout.ATTRIBUTES);
  layout.writeInt64(bytes, 1_763_000_000_000, layout.MAX_TIMESTAMP);
  expect(decode(bytes).map(({ timestamp }) => timestamp)).toEqual([1_763_000_000_000, 1_763_000_000_000]);
});

test('splitting keeps all records in order', () => {
  const headers: WireHeader[] = [{ key: 'h', value: null }];
  const records = Array.from({ length: 7 }, (_, n) => ({ ...plain(n, null, `v${n}`), headers }));
  const [first, second] = splitBatch(encode(records, 'snappy'), 'gzip');
  expect([first.count, second.count]).toEqual([3, 4]);
  const both = [...decode(first.bytes), ...decode(second.bytes)];
  expect(both.map(({ offset: _, ...record }) => record)).toEqual(records);
});

describe('corrupt batches give a DataError that names topic, partition and offset', () => {
  const at = (offset: number) => `Topic orders, partition 3: the record batch at offset ${offset} is corrupt`;
  const sample = () => encode([plain(1, 'key', 'value', [['h', 'x']]), plain(2, 'key', 'value')]).bytes;

  test.each([
    ['more records than bytes', (bytes: Buffer) => bytes.writeInt32BE(2 ** 30, layout.RECORD_COUNT)],
    ['a negative count', (bytes: Buffer) => bytes.writeInt32BE(-1, layout.RECORD_COUNT)],
    ['one record more than there is', (bytes: Buffer) => bytes.writeInt32BE(3, layout.RECORD_COUNT)],
    ['one record less than there is', (bytes: Buffer) => bytes.writeInt32BE(1, layout.RECORD_COUNT)],
    ['a record longer than the batch', (bytes: Buffer) => bytes.writeUInt8(0x7e, layout.RECORDS)],
    ['a negative record size', (bytes: Buffer) => bytes.writeUInt8(0x03, layout.RECORDS)],
    ['an offset beyond the last', (bytes: Buffer) => bytes.writeUInt8(0x70, layout.RECORDS + 3)],
    ['a negative offset', (bytes: Buffer) => bytes.writeUInt8(0x03, layout.RECORDS + 3)],
    ['a key longer than the record', (bytes: Buffer) => bytes.writeUInt8(0x40, layout.RECORDS + 4)],
    ['a key size below -1', (bytes: Buffer) => bytes.writeUInt8(0x03, layout.RECORDS + 4)],
    ['a value longer than the record', (bytes: Buffer) => bytes.writeUInt8(0x20, layout.RECORDS + 8)],
    ['more headers than bytes', (bytes: Buffer) => bytes.writeUInt8(0x7e, layout.RECORDS + 14)],
    ['a header key beyond the record', (bytes: Buffer) => bytes.writeUInt8(0x10, layout.RECORDS + 15)],
    ['a codec that needs other bytes', (bytes: Buffer) => bytes.writeInt16BE(4, layout.ATTRIBUTES)],
    ['an unknown codec', (bytes: Buffer) => bytes.writeInt16BE(7, layout.ATTRIBUTES)],
  ])('%s', (_, damage) => {
    const bytes = sample();
    layout.writeInt64(bytes, 17, layout.BASE_OFFSET);
    damage(bytes);
    expect(() => decode(bytes)).toThrow(DataError);
    expect(() => decode(bytes)).toThrow(at(17));
  });

  test('numbers without end', () => {
    const bytes = encode([plain(1, null, '\xff'.repeat(40))]).bytes;
    bytes.fill(0xff, layout.RECORDS);
    expect(() => decode(bytes)).toThrow(/does not end/);
    bytes[layout.RECORDS] = 0x40;
    expect(() => decode(bytes)).toThrow(/does not end/);
  });

  test('any damage to any byte ends in a result or a DataError, never in anything else', () => {
    const random = randomNumbers(20251121);
    for (const compression of ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const) {
      const bytes = encode(
        Array.from({ length: 30 }, (_, n) => plain(n * 1000, `key ${n}`, 'v'.repeat(n), [['h', `${n}`]])),
        compression,
      ).bytes;
      for (let round = 0; round < 2000; round++) {
        const damaged = Buffer.from(bytes.subarray(0, bytes.length - random(3)));
        for (let n = random(4); n >= 0; n--) damaged[21 + random(damaged.length - 21)] = random(256);
        expect(outcome(damaged)).toMatch(/^(read|DataError)$/);
      }
    }
  });
});

function outcome(bytes: Buffer): string {
  try {
    decode(bytes);
    return 'read';
  } catch (error) {
    return (error as Error).name;
  }
}

test('random records survive the way there and back', () => {
  const random = randomNumbers(4);
  const pool = Buffer.from(Array.from({ length: 40_000 }, () => random(256)));
  const bytesOf = (size: number) => pool.subarray(random(20_000)).subarray(0, size);
  const maybe = () => (random(4) === 0 ? null : bytesOf(random(random(10) === 0 ? 20_000 : 100)));
  for (let round = 0; round < 50; round++) {
    const records = Array.from({ length: 1 + random(200) }, () => ({
      timestamp: random(2) ? 1_763_000_000_000 + random(1000) : (random(2) - 0.5) * 2 * random(2 ** 41),
      key: maybe(),
      value: maybe(),
      headers: Array.from({ length: random(4) }, (_, n) => ({ key: `h${n}`, value: maybe() })),
    }));
    const codec = (['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const)[random(5)]!;
    expect(asText(decode(encode(records, codec).bytes))).toEqual(asText(records));
  }
});
