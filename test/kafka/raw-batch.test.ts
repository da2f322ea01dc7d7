import { AbortFilter } from '../../src/kafka/abort-filter';
import { type CutOptions, cutBatches } from '../../src/kafka/raw-batch';
import * as layout from '../../src/kafka/wire/batch-layout';
import { crc32c } from '../../src/kafka/wire/crc32c';
import { createRecordBatchBuilder } from '../../src/kafka/wire/record-batch';

const place = { topic: 'orders', partition: 3 };

interface Shape {
  readonly producerId?: number;
  readonly transactional?: boolean;
  /** Of a control batch. */
  readonly marker?: 'abort' | 'commit' | 'nonsense';
  /** Records of the batch; compaction leaves the offsets of those that are gone. */
  readonly values?: readonly string[];
  readonly offsets?: number;
}

const markerKeys = { abort: '00000000', commit: '00000001', nonsense: '00' };

/** A batch as a broker keeps it. */
function batchAt(baseOffset: number, shape: Shape = {}): Buffer {
  const { producerId = -1, transactional = false, marker, values = ['a', 'b'] } = shape;
  const builder = createRecordBatchBuilder();
  if (marker) builder.append(1, Buffer.from(markerKeys[marker], 'hex'), Buffer.alloc(6), []);
  else
    for (const value of values.length > 0 ? values : ['gone'])
      builder.append(1, null, Buffer.from(value), []);
  let { bytes, count } = builder.build('none');
  if (values.length === 0) bytes = Buffer.from(bytes.subarray(0, layout.RECORDS));
  count = values.length === 0 ? 0 : count;
  layout.writeInt64(bytes, baseOffset, layout.BASE_OFFSET);
  bytes.writeInt32BE(bytes.length - layout.PREFIX_BYTES, layout.LENGTH);
  const flags =
    (transactional || marker ? layout.FLAG_TRANSACTIONAL : 0) | (marker ? layout.FLAG_CONTROL : 0);
  bytes.writeInt16BE(flags, layout.ATTRIBUTES);
  bytes.writeInt32BE((shape.offsets ?? Math.max(1, count)) - 1, layout.LAST_OFFSET_DELTA);
  layout.writeInt64(bytes, producerId, layout.PRODUCER_ID);
  bytes.writeInt32BE(count, layout.RECORD_COUNT);
  return sealed(bytes);
}

function sealed(bytes: Buffer): Buffer {
  bytes.writeUInt32BE(crc32c(bytes.subarray(layout.ATTRIBUTES)), layout.CHECKSUM);
  return bytes;
}

const plain: CutOptions = { isolation: 'read_uncommitted', aborted: [], acceptDamaged: false };

const cut = (offset: number, batches: readonly Buffer[], options: Partial<CutOptions> = {}) =>
  cutBatches(Buffer.concat(batches), place, offset, { ...plain, ...options });

const offsetsOf = ({ batches }: ReturnType<typeof cut>) => batches.map(({ baseOffset }) => baseOffset);

test('whole batches are cut out, one that is cut off is left for the next fetch', () => {
  const last = batchAt(14);
  const answer = cut(10, [batchAt(10), batchAt(12), last.subarray(0, last.length - 1)]);
  expect(offsetsOf(answer)).toEqual([10, 12]);
  expect(answer).toMatchObject({ nextOffset: 14, failure: null });
  expect(answer.sizeBytes).toBe(2 * last.length);
});

test('nothing is nothing', () => {
  expect(cut(10, [])).toEqual({ batches: [], sizeBytes: 0, nextOffset: 10, failure: null });
});

test('batches before the offset are skipped; one around it says where to begin', () => {
  const answer = cut(13, [batchAt(10), batchAt(12)]);
  expect(answer.batches).toMatchObject([{ baseOffset: 12, firstOffset: 13, count: 2 }]);
  expect(answer.nextOffset).toBe(14);
});

test('control batches and batches that compaction emptied move the position and are not handed out', () => {
  const answer = cut(10, [
    batchAt(10, { producerId: 1, marker: 'commit' }),
    batchAt(11, { values: [], offsets: 5 }),
    batchAt(16, { values: ['x'], offsets: 4 }),
  ]);
  expect(answer.batches).toMatchObject([{ baseOffset: 16, lastOffset: 19, count: 1 }]);
  expect(answer.nextOffset).toBe(20);
});

describe('read_committed', () => {
  const committed = (aborted: CutOptions['aborted']): Partial<CutOptions> => ({
    isolation: 'read_committed',
    aborted,
  });
  const data = (offset: number, producerId: number) =>
    batchAt(offset, { producerId, transactional: true, values: ['x'] });
  const marker = (offset: number, producerId: number, kind: 'abort' | 'commit') =>
    batchAt(offset, { producerId, marker: kind });

  test('two transactions that were open before the first batch are both known', () => {
    const batches = [data(10, 1), data(11, 2), marker(12, 1, 'abort'), marker(13, 2, 'abort'), data(14, 1)];
    const aborted = [
      { producerId: 2, firstOffset: 5 },
      { producerId: 1, firstOffset: 3 },
    ];
    const answer = cut(10, batches, committed(aborted));
    expect(offsetsOf(answer)).toEqual([14]);
    expect(answer.nextOffset).toBe(15);
  });

  test('a producer aborts, commits and aborts again', () => {
    const batches = [
      data(10, 1),
      marker(11, 1, 'abort'),
      data(12, 1),
      marker(13, 1, 'commit'),
      data(14, 1),
      marker(15, 1, 'abort'),
    ];
    const aborted = [
      { producerId: 1, firstOffset: 10 },
      { producerId: 1, firstOffset: 14 },
    ];
    expect(offsetsOf(cut(10, batches, committed(aborted)))).toEqual([12]);
  });

  test('what the same producer wrote outside a transaction stays', () => {
    const outside = batchAt(11, { producerId: 1, values: ['x'] });
    const answer = cut(10, [data(10, 1), outside], committed([{ producerId: 1, firstOffset: 10 }]));
    expect(offsetsOf(answer)).toEqual([11]);
  });

  test('a marker that compaction emptied ends nothing', () => {
    const empty = batchAt(11, { producerId: 1, values: [], transactional: true });
    empty.writeInt16BE(layout.FLAG_CONTROL | layout.FLAG_TRANSACTIONAL, layout.ATTRIBUTES);
    const filter = new AbortFilter([{ producerId: 1, firstOffset: 10 }]);
    expect(filter.drops(data(10, 1), 10, place)).toBe(true);
    expect(filter.drops(sealed(empty), 11, place)).toBe(false);
    expect(filter.drops(data(12, 1), 12, place)).toBe(true);
  });

  test('a marker of nonsense is an error that names its place', () => {
    const nonsense = batchAt(10, { producerId: 1, marker: 'nonsense' });
    nonsense.writeInt8(0x7f, layout.RECORDS);
    const answer = cut(10, [sealed(nonsense)], committed([{ producerId: 1, firstOffset: 1 }]));
    expect(answer.failure?.message).toMatch(/orders, partition 3: the record batch at offset 10 is corrupt/);
  });
});

test('damage to any bytes ends in batches, a failure or nothing new; positions never go back', () => {
  const whole = Buffer.concat([
    batchAt(10, { producerId: 7, transactional: true }),
    batchAt(12, { producerId: 7, marker: 'abort' }),
    batchAt(13, { values: [] }),
    batchAt(14),
  ]);
  let state = 99;
  const random = (below: number) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  let failures = 0;
  for (let round = 0; round < 20_000; round++) {
    const damaged = Buffer.from(whole.subarray(0, whole.length - (round % 3 ? 0 : random(60))));
    for (let n = random(3); n >= 0; n--) damaged[random(damaged.length)] = random(256);
    if (round % 2) sealed(damaged.subarray(0, 12 + whole.readInt32BE(layout.LENGTH)));
    const answer = cutBatches(damaged, place, 10, {
      isolation: 'read_committed',
      aborted: [{ producerId: 7, firstOffset: 10 }],
      acceptDamaged: round % 5 === 0,
    });
    expect(answer.nextOffset).toBeGreaterThanOrEqual(10);
    expect(answer.nextOffset > 10 || answer.failure !== null).toBe(true);
    if (answer.failure !== null) failures++;
  }
  expect(failures).toBeGreaterThan(1000);
});
