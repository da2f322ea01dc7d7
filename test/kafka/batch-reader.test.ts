import type { BatchReader, RawBatch, ReaderOptions } from '../../src/kafka/port';
import * as layout from '../../src/kafka/wire/batch-layout';
import { openTestKafka, type TestKafka } from '../support/kafka';
import { stackAddresses } from '../support/stack';
import type { TcpProxy } from '../support/tcp-proxy';
import { waitFor } from '../support/wait';
import { type DataPlane, encodeTexts, openDataPlane, proxyTo, readToEnd, valuesOf } from './data-plane';

let broker: string;
let kafka: TestKafka;
let plane: DataPlane;
const readers: BatchReader[] = [];

beforeAll(async () => {
  broker = (await stackAddresses()).kafka;
  kafka = await openTestKafka([broker]);
  plane = openDataPlane(broker);
});

afterEach(() => Promise.all(readers.splice(0).map((reader) => reader.close())));

afterAll(async () => {
  await plane[Symbol.asyncDispose]();
  await kafka[Symbol.asyncDispose]();
});

function open(options?: ReaderOptions, from = plane): BatchReader {
  const reader = from.reader(options);
  readers.push(reader);
  return reader;
}

/** One batch per list of values. */
async function write(topic: string, partition: number, ...batches: readonly string[][]): Promise<void> {
  const producer = plane.producer();
  await Promise.all(batches.map((values) => producer.send(topic, partition, encodeTexts(values))));
  await producer.close();
}

const at = (topic: string, offset: number, partition = 0) => ({ topic, partition, offset });

/** As `name:offset` and what `records` gives. */
function recordsOf(batches: readonly RawBatch[]): string[] {
  return batches.flatMap((batch) => {
    const texts: string[] = [];
    const cursor = batch.records();
    while (cursor.next()) texts.push(`${batch.partition}:${cursor.offset}:${cursor.value}`);
    return texts;
  });
}

/** At least so many; rejects as soon as the reader does. */
async function readCount(reader: BatchReader, count: number, records: string[] = []): Promise<string[]> {
  for (const end = Date.now() + 20_000; records.length < count; ) {
    if (Date.now() > end) throw new Error(`only ${records.length} records came`);
    records.push(...recordsOf(await reader.next(500)));
  }
  return records;
}

const elapsed = async (work: Promise<unknown>): Promise<number> => {
  const start = performance.now();
  await work;
  return performance.now() - start;
};

test('batches come with their headers, raw; positions and ends are those of the log', async () => {
  const topic = await kafka.topic({ partitions: 2 });
  await write(topic, 0, ['a', 'b'], ['c']);
  await write(topic, 1, ['d']);
  const reader = open();
  reader.assign([at(topic, 0), at(topic, 0, 1)]);
  expect((await readCount(reader, 4)).sort()).toEqual(['0:0:a', '0:1:b', '0:2:c', '1:0:d']);
  expect([0, 1].map((partition) => reader.position({ topic, partition }))).toEqual([3, 1]);
  expect([0, 1].map((partition) => reader.end({ topic, partition }))).toEqual([3, 1]);
  expect(reader.position({ topic, partition: 2 })).toBeUndefined();
});

test('reading begins inside a batch where the position says so', async () => {
  const topic = await kafka.topic();
  await write(topic, 0, ['a', 'b', 'c']);
  const reader = open();
  reader.assign([at(topic, 1)]);
  const [batch] = await reader.next(5000);
  expect(batch).toMatchObject({
    baseOffset: 0,
    lastOffset: 2,
    count: 3,
    firstOffset: 1,
    timestampType: 'create',
  });
  expect(recordsOf([batch!])).toEqual(['0:1:b', '0:2:c']);
  expect(recordsOf([batch!])).toEqual(['0:1:b', '0:2:c']);
});

test('the end of an empty partition is known long before the poll ends', async () => {
  const topic = await kafka.topic();
  const reader = open({ maxWaitMs: 10_000 });
  reader.assign([at(topic, 0)]);
  expect(await elapsed(readToEnd(reader, { topic, partition: 0 }))).toBeLessThan(3000);
  expect(reader.end({ topic, partition: 0 })).toBe(0);
});

test('next ends with its time, with its signal and with the reader, whatever the poll does', async () => {
  const topic = await kafka.topic();
  const reader = open({ maxWaitMs: 10_000 });
  reader.assign([at(topic, 0)]);
  await readToEnd(reader, { topic, partition: 0 });
  expect(await reader.next(20)).toEqual([]);
  const abort = new AbortController();
  setTimeout(() => abort.abort(), 20);
  expect(await elapsed(reader.next(10_000, abort.signal))).toBeLessThan(3000);
  const last = reader.next(10_000);
  expect(await elapsed(reader.close())).toBeLessThan(1000);
  expect(await last).toEqual([]);
  expect(await reader.next(10_000)).toEqual([]);
});

test('a record written during a poll arrives at once', async () => {
  const topic = await kafka.topic();
  const reader = open({ maxWaitMs: 10_000 });
  reader.assign([at(topic, 0)]);
  await readToEnd(reader, { topic, partition: 0 });
  const next = reader.next(10_000);
  await write(topic, 0, ['late']);
  expect(await elapsed(next)).toBeLessThan(3000);
  expect(recordsOf(await next)).toEqual(['0:0:late']);
});

test('a partition assigned or resumed during a long poll is read at once', async () => {
  const [idle, other, paused] = [await kafka.topic(), await kafka.topic(), await kafka.topic()];
  await write(other, 0, ['x']);
  await write(paused, 0, ['y']);
  const reader = open({ maxWaitMs: 20_000 });
  reader.assign([at(idle, 0)]);
  await readToEnd(reader, { topic: idle, partition: 0 });
  reader.assign([at(paused, 0)]);
  reader.pause([at(paused, 0)]);
  reader.assign([at(other, 0)]);
  expect(await elapsed(readCount(reader, 1))).toBeLessThan(5000);
  reader.resume([at(paused, 0)]);
  expect(await elapsed(readCount(reader, 1))).toBeLessThan(5000);
});

test('batches larger than any limit are delivered, those of every partition', async () => {
  const topic = await kafka.topic({ partitions: 4 });
  for (let partition = 0; partition < 4; partition++) {
    await write(topic, partition, ...Array.from({ length: 5 }, (_, n) => [`${n}`.repeat(5000)]));
  }
  const reader = open({ maxPartitionBytes: 1, maxBytes: 1 });
  reader.assign([0, 1, 2, 3].map((partition) => at(topic, 0, partition)));
  const partitions = (await readCount(reader, 20)).map((record) => record[0]);
  expect(partitions.sort().join('')).toBe('00000111112222233333');
});

test('after a seek nothing comes that was fetched before it', async () => {
  const topic = await kafka.topic();
  await write(topic, 0, ...Array.from({ length: 100 }, (_, n) => [`${n}`]));
  const reader = open({ maxPartitionBytes: 500 });
  reader.assign([at(topic, 0)]);
  for (let n = 0; n < 60; n++) {
    const offset = (n * 37) % 100;
    reader.seek(at(topic, offset));
    expect(reader.position(at(topic, 0))).toBe(offset);
    if (n % 3 === 0) await new Promise((resolve) => setTimeout(resolve, n % 10));
    if (n % 2 === 0) reader.seek(at(topic, offset));
    const [first] = await readCount(reader, 1);
    expect(first).toBe(`0:${offset}:${offset}`);
  }
  expect(() => reader.seek(at(topic, 0, 5))).toThrow(/not assigned/);
});

test('a partition that was taken away delivers nothing, one that comes back begins where it is told', async () => {
  const topic = await kafka.topic({ partitions: 2 });
  await write(topic, 0, ['a', 'b', 'c']);
  await write(topic, 1, ['d']);
  const reader = open();
  reader.assign([at(topic, 0), at(topic, 0, 1)]);
  await waitFor(() => reader.end(at(topic, 0)) !== undefined && reader.end(at(topic, 0, 1)) !== undefined);
  reader.unassign([at(topic, 0)]);
  expect(await readCount(reader, 1)).toEqual(['1:0:d']);
  expect(reader.position(at(topic, 0))).toBeUndefined();
  reader.assign([at(topic, 2)]);
  expect(await readCount(reader, 1)).toEqual(['0:2:c']);
});

test('a paused partition delivers nothing, also of what was fetched; the others go on', async () => {
  const topic = await kafka.topic({ partitions: 2 });
  await write(topic, 0, ['a']);
  const reader = open();
  reader.assign([at(topic, 0), at(topic, 0, 1)]);
  await waitFor(() => reader.end(at(topic, 0)) === 1);
  reader.pause([at(topic, 0)]);
  await write(topic, 1, ['b']);
  expect(await readCount(reader, 1)).toEqual(['1:0:b']);
  expect(await reader.next(50)).toEqual([]);
  reader.resume([at(topic, 0)]);
  expect(await readCount(reader, 1)).toEqual(['0:0:a']);
});

test('paused partitions that fill the buffer do not starve the others, and lose nothing', async () => {
  const topic = await kafka.topic({ partitions: 2 });
  await write(topic, 0, ['a'.repeat(4000)], ['b'.repeat(4000)], ['c']);
  const reader = open({ bufferBytes: 6000, maxPartitionBytes: 5000 });
  reader.assign([at(topic, 0), at(topic, 0, 1)]);
  await waitFor(() => reader.end(at(topic, 0)) !== undefined);
  reader.pause([at(topic, 0)]);
  await write(topic, 1, ['d'.repeat(4000)], ['e']);
  expect((await readCount(reader, 2)).map((record) => record.slice(0, 5))).toEqual(['1:0:d', '1:1:e']);
  reader.resume([at(topic, 0)]);
  expect((await readCount(reader, 3)).map((record) => record.slice(0, 5))).toEqual([
    '0:0:a',
    '0:1:b',
    '0:2:c',
  ]);
});

describe('a position that is not in the log', () => {
  test.each([
    ['earliest', ['0:2:c', '0:3:d']],
    ['latest', ['0:4:new']],
  ] as const)('goes to the %s offset', async (outOfRange, expected) => {
    const topic = await kafka.topic();
    await write(topic, 0, ['a', 'b'], ['c', 'd']);
    const partition = { topic, partition: 0 };
    await plane.deleteRecords(topic, 0, 2);
    const reader = open({ outOfRange });
    const asked = outOfRange === 'earliest' ? 0 : 1000;
    reader.assign([at(topic, asked)]);
    await waitFor(() => reader.position(partition) !== asked);
    if (outOfRange === 'latest') await write(topic, 0, ['new']);
    expect(await readCount(reader, expected.length)).toEqual(expected);
  });

  test('is an error that stays when there is no policy, until the position is another', async () => {
    const topic = await kafka.topic();
    await write(topic, 0, ['a']);
    const reader = open({ outOfRange: 'none' });
    reader.assign([at(topic, 1000)]);
    const error = { kafkaCode: 1, message: expect.stringContaining(`${topic}-0 at offset 1000`) };
    await expect(readCount(reader, 1)).rejects.toMatchObject(error);
    await expect(reader.next(100)).rejects.toMatchObject(error);
    reader.seek(at(topic, 0));
    expect(await readCount(reader, 1)).toEqual(['0:0:a']);
  });
});

describe('through a connection that can be watched and broken', () => {
  let proxy: TcpProxy;
  let watched: DataPlane;

  beforeAll(async () => {
    proxy = await proxyTo(broker);
    watched = openDataPlane(broker, proxy);
  });

  afterEach(() => {
    proxy.tamper = null;
  });

  afterAll(async () => {
    await watched[Symbol.asyncDispose]();
    await proxy.close();
  });

  test('a reader that nobody reads from stops fetching when its buffer is full', async () => {
    const topic = await kafka.topic({ partitions: 4 });
    for (let partition = 0; partition < 4; partition++) {
      await write(topic, partition, ...Array.from({ length: 30 }, () => ['x'.repeat(100_000)]));
    }
    const before = proxy.answerBytes;
    const reader = open({ bufferBytes: 1_000_000, maxBytes: 500_000, maxPartitionBytes: 300_000 }, watched);
    reader.assign([0, 1, 2, 3].map((partition) => at(topic, 0, partition)));
    await waitFor(() => proxy.answerBytes - before > 900_000);
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(proxy.answerBytes - before).toBeLessThan(2_000_000);
    expect((await readCount(reader, 120)).length).toBe(120);
  });

  test('connections that break cost nothing but time: every record once, in order', async () => {
    const topic = await kafka.topic();
    await write(topic, 0, ...Array.from({ length: 300 }, (_, n) => [`${n}`]));
    const reader = open({ maxPartitionBytes: 700 }, watched);
    reader.assign([at(topic, 0)]);
    const records: string[] = [];
    await waitFor(
      async () => {
        if (records.length % 7 === 0) proxy.cut();
        return records.push(...recordsOf(await reader.next(200))) >= 300;
      },
      { timeoutMs: 25_000 },
    );
    expect(records).toEqual(Array.from({ length: 300 }, (_, n) => `0:${n}:${n}`));
  });

  describe('damaged batches', () => {
    /** Begin of the batch whose only record has this value and no key, in bytes from the broker. */
    const batchAt = (chunk: Buffer, value: string): number => {
      const found = chunk.indexOf(value);
      return found < 0 ? -1 : found - layout.RECORDS - 6;
    };

    async function damaged(damage: (batch: Buffer, seen: number) => void): Promise<BatchReader> {
      const topic = await kafka.topic();
      await write(topic, 0, ['before'], ['MARKER'], ['after']);
      let seen = 0;
      proxy.tamper = (chunk) => {
        const start = batchAt(chunk, 'MARKER');
        if (start >= 0) damage(chunk.subarray(start), ++seen);
      };
      const reader = open({}, watched);
      reader.assign([at(topic, 0)]);
      return reader;
    }

    test('bytes damaged on the way are fetched again', async () => {
      const reader = await damaged((batch, seen) => {
        if (seen <= 2) batch[layout.RECORDS + 6]! ^= 1;
      });
      expect(await readCount(reader, 3)).toEqual(['0:0:before', '0:1:MARKER', '0:2:after']);
    });

    test('a batch that stays damaged is handed out, and its records are an error that names it', async () => {
      const reader = await damaged((batch) => {
        batch[layout.RECORDS + 6]! ^= 1;
      });
      const batches: RawBatch[] = [];
      await waitFor(async () => batches.push(...(await reader.next(500))) >= 3);
      expect(batches.map(({ baseOffset }) => baseOffset)).toEqual([0, 1, 2]);
      expect(() => batches[1]!.records()).toThrow(
        /Topic test_topic_\w+, partition 0: the record batch at offset 1 is corrupt: its checksum does not fit/,
      );
      expect(recordsOf([batches[2]!])).toEqual(['0:2:after']);
    });

    test.each([
      ['claims too many records', (batch: Buffer) => batch.writeInt32BE(9, layout.RECORD_COUNT)],
      ['has a negative offset', (batch: Buffer) => batch.writeInt32BE(-1, layout.LAST_OFFSET_DELTA)],
      ['has an impossible length', (batch: Buffer) => batch.writeInt32BE(3, layout.LENGTH)],
      ['does not end', (batch: Buffer) => batch.writeInt32BE(2 ** 30, layout.LENGTH)],
      ['is of an old format', (batch: Buffer) => batch.writeInt8(1, layout.MAGIC)],
    ])('a batch that %s ends the partition with an error that names it', async (_, damage) => {
      const reader = await damaged(damage);
      const records: string[] = [];
      await expect(readCount(reader, 3, records)).rejects.toThrow(/partition 0: the record.* at offset 1 /);
      expect(records).toEqual(['0:0:before']);
    });
  });
});

test('values of all sizes come back whole', async () => {
  const topic = await kafka.topic();
  const sizes = [0, 1, 63, 64, 8191, 8192, 200_000, 900_000];
  await write(topic, 0, ...sizes.map((size) => ['v'.repeat(size)]));
  const reader = open();
  reader.assign([at(topic, 0)]);
  const values = valuesOf(await readToEnd(reader, { topic, partition: 0 }));
  expect(values.map((value) => value!.length)).toEqual(sizes);
});
