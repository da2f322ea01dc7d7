/** The reader against brokers in memory: leaders that move, brokers that do not answer, requests that are refused. */
import { createBatchReader } from '../../src/kafka/batch-reader';
import type { ApiRequest, Lane } from '../../src/kafka/lane';
import type { Metadata } from '../../src/kafka/metadata';
import { ByteReader, ByteWriter } from '../../src/kafka/wire/bytes';
import type { FetchAnswer, PartitionFetched } from '../../src/kafka/wire/fetch';
import { stampBatch } from '../../src/kafka/wire/record-batch';
import { MillraceError, type Position, RetriableError } from '../../src/kernel';
import { waitFor } from '../support/wait';
import { encodeTexts } from './data-plane';

interface Asked {
  readonly node: number;
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}

type Answer = (asked: Asked) => PartitionFetched | Error | null;

const nobody = { producerId: -1, epoch: -1, sequence: -1, transactional: false };

function fetched(
  { topic, partition, offset }: Asked,
  change: Partial<PartitionFetched> = {},
): PartitionFetched {
  const { bytes } = encodeTexts([`${partition}:${offset}`]);
  bytes.writeInt32BE(offset, 4);
  stampBatch(bytes, nobody);
  const end = { highWatermark: 1000, lastStableOffset: 1000 };
  return { topic, partition, error: 0, ...end, aborted: [], records: bytes, ...change };
}

/** A lane over brokers that `answer` describes; null: no answer until the lane is closed. */
function laneTo(answer: Answer, log: Asked[]): Lane {
  let end: (error: Error) => void = () => undefined;
  const closed = new Promise<never>((_, reject) => {
    end = reject;
  });
  closed.catch(() => undefined);
  return {
    async send<T>(node: number | 'any', request: ApiRequest<T>): Promise<T> {
      const writer = new ByteWriter();
      request.encode(writer);
      const asked = parseFetch(node as number, new ByteReader(writer.bytes()));
      log.push(...asked);
      await new Promise((resolve) => setTimeout(resolve, 1));
      const partitions = asked.map(answer);
      const error = partitions.find((each) => each instanceof Error);
      if (error !== undefined) throw error;
      if (partitions.includes(null)) return closed;
      return {
        throttleMs: 0,
        error: 0,
        partitions: partitions as PartitionFetched[],
      } satisfies FetchAnswer as T;
    },
    async close() {
      end(new MillraceError('KAFKA_UNREACHABLE', 'closed', { retriable: false }));
    },
  };
}

function parseFetch(node: number, reader: ByteReader): Asked[] {
  reader.raw(4 + 4 + 4 + 4 + 1 + 4 + 4);
  return reader
    .array((r) => {
      const topic = r.string();
      return r.array((p) => {
        const partition = p.int32();
        p.raw(4);
        const offset = p.int64();
        p.raw(12);
        return { node, topic, partition, offset };
      });
    })
    .flat();
}

const at = (partition: number, offset = 0): Position => ({ topic: 't', partition, offset });

function readerOn(answer: Answer, leaders: number[]) {
  const log: Asked[] = [];
  let asked = 0;
  const metadata = {
    leader: async (_: string, partition: number) => {
      asked++;
      return leaders[partition]!;
    },
    invalidate() {},
  } as unknown as Metadata;
  const offsets = (): Promise<Position[]> => Promise.reject(new Error('not asked for'));
  const reader = createBatchReader(
    { openLane: () => laneTo(answer, log), metadata, offsets },
    { maxWaitMs: 50 },
  );
  return { reader, log, lookups: () => asked };
}

async function read(reader: ReturnType<typeof readerOn>['reader'], count: number): Promise<string[]> {
  const values: string[] = [];
  for (const end = Date.now() + 5000; values.length < count; ) {
    if (Date.now() > end) throw new Error(`only ${values}`);
    for (const batch of await reader.next(100)) {
      const cursor = batch.records();
      while (cursor.next()) values.push(String(cursor.value));
    }
  }
  return values;
}

test('a leader that moved is looked up and asked, from where reading stopped', async () => {
  const leaders = [1];
  const { reader, log, lookups } = readerOn((asked) => {
    if (asked.node === leaders[0]) return fetched(asked);
    return fetched(asked, { error: 6, records: Buffer.alloc(0) });
  }, leaders);
  reader.assign([at(0)]);
  const before = await read(reader, 3);
  leaders[0] = 2;
  const [next] = (await read(reader, 3)).slice(-1);
  expect(before).toEqual(['0:0', '0:1', '0:2']);
  expect(Number(next!.slice(2))).toBeGreaterThanOrEqual(5);
  await waitFor(() => log.some(({ node }) => node === 2));
  expect(lookups()).toBe(2);
  await reader.close();
});

test('a broker that does not answer, or is gone, does not hold up the others', async () => {
  for (const silence of [null, new RetriableError('gone', { code: 'KAFKA_UNREACHABLE' })]) {
    const { reader } = readerOn((asked) => (asked.node === 1 ? silence : fetched(asked)), [1, 2]);
    reader.assign([at(0), at(1)]);
    expect(await read(reader, 3)).toEqual(['1:0', '1:1', '1:2']);
    await reader.close();
  }
});

test('an error of one partition does not touch the others of its request', async () => {
  const { reader } = readerOn(
    (asked) =>
      asked.partition === 0 ? fetched(asked, { error: 3, records: Buffer.alloc(0) }) : fetched(asked),
    [1, 1],
  );
  reader.assign([at(0), at(1)]);
  expect(await read(reader, 3)).toEqual(['1:0', '1:1', '1:2']);
  await reader.close();
});

test('what no retry heals is told by next: a right that is missing by its partition, a login by all', async () => {
  const denied = readerOn((asked) => fetched(asked, { error: 29, records: Buffer.alloc(0) }), [1]);
  denied.reader.assign([at(0)]);
  await expect(read(denied.reader, 1)).rejects.toMatchObject({ code: 'KAFKA_REFUSED', kafkaCode: 29 });
  await denied.reader.close();
  const login = new MillraceError('KAFKA_REFUSED', 'the login was refused');
  const refused = readerOn(() => login, [1]);
  refused.reader.assign([at(0)]);
  await expect(read(refused.reader, 1)).rejects.toBe(login);
  await refused.reader.close();
});

test('an error that seldom passes is tried a few times, then told', async () => {
  const { reader, log } = readerOn((asked) => fetched(asked, { error: -1, records: Buffer.alloc(0) }), [1]);
  reader.assign([at(0)]);
  await expect(read(reader, 1)).rejects.toMatchObject({ kafkaCode: -1 });
  expect(log).toHaveLength(4);
  await reader.close();
});
