import { type ExactlyOnceOptions, runSourceTask, type TransactionBoundary } from '../../src/flow';
import type { BatchProducer, KafkaPort } from '../../src/kafka';
import { SourceRecord, STRING_SCHEMA } from '../../src/kernel';
import type { SourceConnector, SourceTaskContext } from '../../src/plugin';
import { createKafkaOffsetStore, encodeOffsets } from '../../src/worker/offset-store-kafka';
import { openTestKafka, type TestKafka } from '../support/kafka';
import { waitFor } from '../support/wait';
import { countingSource, sourceOptions } from './support';

let bench: TestKafka;
let kafka: KafkaPort;
beforeAll(async () => {
  bench = await openTestKafka();
  kafka = bench.kafka;
});
afterAll(() => bench[Symbol.asyncDispose]());

interface World {
  readonly topic: string;
  readonly offsetsTopic: string;
  readonly id: string;
  openProducer(): BatchProducer;
  /** A run of the task, as a worker would start it. */
  run(plugin: SourceConnector, more?: RunParts): ReturnType<typeof runSourceTask>;
  /** The stored offset, as the next run would read it. */
  stored(): Promise<unknown>;
}

interface RunParts {
  readonly boundary?: TransactionBoundary;
  readonly exactlyOnce?: Partial<ExactlyOnceOptions>;
  readonly once?: boolean;
}

const EACH_POLL: TransactionBoundary = { kind: 'poll' };
const PARTITION = { source: 'count' };

async function newWorld(): Promise<World> {
  const topic = await bench.topic({ partitions: 3 });
  const offsetsTopic = bench.topicName();
  const id = bench.groupName();
  const openProducer = () => kafka.producer({ transactionalId: id });
  const openStore = () =>
    createKafkaOffsetStore(kafka, {
      topic: offsetsTopic,
      partitions: 3,
      replicationFactor: 1,
      isolation: 'read_committed',
    });
  return {
    topic,
    offsetsTopic,
    id,
    openProducer,
    run(plugin, { boundary = EACH_POLL, exactlyOnce = {}, once = true } = {}) {
      const offsets = openStore();
      const handle = runSourceTask(
        sourceOptions(kafka, {
          plugin,
          producer: null as never,
          offsets,
          once,
          topicCreation: null,
          exactlyOnce: {
            transactionalId: id,
            openProducer,
            offsets: { topic: offsetsTopic, encode: encodeOffsets },
            boundary,
            stillOwner: async () => true,
            ...exactlyOnce,
          },
        }),
      );
      void handle.done.catch(() => {}).then(() => offsets.close());
      return handle;
    },
    async stored() {
      const store = openStore();
      const [offset] = await store.get('c', [PARTITION]);
      await store.close();
      return offset;
    },
  };
}

/** As if the process died: Kafka is left with an open transaction that holds records and offsets. */
function dyingAfter(producer: BatchProducer, commits: number): BatchProducer {
  const { transaction } = producer;
  let left = commits;
  return {
    ...producer,
    transaction: {
      init: () => transaction!.init(),
      begin: () => transaction!.begin(),
      sendOffsets: (group, positions) => transaction!.sendOffsets(group, positions),
      async commit() {
        if (left-- > 0) return transaction!.commit();
        await producer.flush();
        throw new Error('killed');
      },
      abort: async () => {},
    },
  };
}

/** Values as a read_committed consumer sees them. */
async function committedValues(topic: string): Promise<string[]> {
  const [view] = await kafka.metadata([topic]);
  const partitions = view!.partitions.map(({ partition }) => ({ topic, partition }));
  const ends = await kafka.offsets(partitions, 'lso');
  const reader = kafka.reader({ isolation: 'read_committed' });
  reader.assign(partitions.map((partition) => ({ ...partition, offset: 0 })));
  const values: string[] = [];
  while (!ends.every((end) => reader.position(end)! >= end.offset)) {
    for (const batch of await reader.next(500)) {
      const cursor = batch.records();
      while (cursor.next()) values.push(cursor.value!.toString());
    }
  }
  await reader.close();
  return values;
}

const numbers = (from: number, to: number): string[] =>
  Array.from({ length: to - from }, (_, i) => String(from + i));
const sorted = (values: readonly string[]): string[] => [...values].sort((a, b) => Number(a) - Number(b));

/** Records of each poll in turn, with what the task says of transactions meanwhile. */
function scripted(
  topic: string,
  polls: readonly ((context: SourceTaskContext, make: (n: number) => SourceRecord) => SourceRecord[])[],
): SourceConnector {
  const make = (n: number): SourceRecord =>
    new SourceRecord(PARTITION, { next: n + 1 }, topic, 0, null, null, STRING_SCHEMA, String(n));
  const counting = countingSource(topic, 0, 0);
  return {
    ...counting,
    async open(context) {
      let at = 0;
      return {
        poll: async () => polls[at++]?.(context, make) ?? null,
        exhausted: () => at >= polls.length,
        async [Symbol.asyncDispose]() {},
      };
    },
  };
}

/** A source that takes its time for each poll. */
const slowly = (plugin: SourceConnector): SourceConnector => ({
  ...plugin,
  async open(context, config) {
    const task = await plugin.open(context, config);
    const poll: typeof task.poll = async (signal) => {
      await new Promise((resolve) => setTimeout(resolve, 1));
      return task.poll(signal);
    };
    return { ...task, poll };
  },
});

describe.each<TransactionBoundary>([{ kind: 'poll' }, { kind: 'interval', intervalMs: 5 }])(
  'boundary $kind',
  (boundary) => {
    test('every record once, and the offset is that of the last', async () => {
      const { run, topic, stored } = await newWorld();
      const handle = run(countingSource(topic, 20_000, 300), { boundary });
      await handle.done;
      expect(handle.progress.records).toBe(20_000);
      expect(sorted(await committedValues(topic))).toEqual(numbers(0, 20_000));
      expect(await stored()).toEqual({ next: 20_000 });
    });

    test('killed in the middle of transactions it goes on where the last committed one ended', async () => {
      const { run, topic, stored, openProducer } = await newWorld();
      const count = 40_000;
      for (const commits of [0, 1, 3]) {
        const killed = run(slowly(countingSource(topic, count, 100)), {
          boundary,
          exactlyOnce: { openProducer: () => dyingAfter(openProducer(), commits) },
        });
        await expect(killed.done).rejects.toThrow('killed');
      }
      expect((await committedValues(topic)).length).toBeLessThan(count);
      await run(countingSource(topic, count, 700), { boundary }).done;
      expect(sorted(await committedValues(topic))).toEqual(numbers(0, count));
      expect(await stored()).toEqual({ next: count });
    });

    test('pausing commits what is open', async () => {
      const { run, topic, stored } = await newWorld();
      const slow: TransactionBoundary =
        boundary.kind === 'interval' ? { kind: 'interval', intervalMs: 600_000 } : { kind: 'poll' };
      const handle = run(countingSource(topic, 500, 100), { boundary: slow, once: false });
      await waitFor(() => handle.state === 'RUNNING');
      await waitFor(async () => {
        handle.pause();
        const seen = (await committedValues(topic)).length;
        handle.resume();
        return seen === 500;
      });
      expect(await stored()).toEqual({ next: 500 });
      await handle.stop();
    });
  },
);

test('polls share a transaction, and none is split', async () => {
  const { run, topic } = await newWorld();
  let commits = 0;
  const counting = countingSource(topic, 10_000, 100);
  const handle = run({
    ...counting,
    async open(context, config) {
      const task = await counting.open(context, config);
      return { ...task, committed: () => void commits++ };
    },
  });
  await handle.done;
  expect(commits).toBeGreaterThanOrEqual(1);
  expect(commits).toBeLessThan(50);
});

test('what a stopped run had open is committed, and the next run begins behind it', async () => {
  const { run, topic } = await newWorld();
  const boundary = { kind: 'interval', intervalMs: 600_000 } as const;
  const first = run(slowly(countingSource(topic, 50_000, 100)), { boundary });
  await waitFor(() => first.state === 'RUNNING');
  await first.stop();
  expect(first.state).toBe('STOPPED');
  const seen = (await committedValues(topic)).length;
  await run(countingSource(topic, 50_000, 100), { boundary }).done;
  expect(seen).toBeLessThan(50_000);
  expect(sorted(await committedValues(topic))).toEqual(numbers(0, 50_000));
});

test('a failure aborts: neither records nor offsets of the open transaction are there', async () => {
  const { run, topic, stored } = await newWorld();
  const boundary = { kind: 'interval', intervalMs: 600_000 } as const;
  const plugin = scripted(topic, [
    (_, make) => [make(0), make(1)],
    () => {
      throw new Error('the source broke');
    },
  ]);
  const handle = run(plugin, { boundary });
  await expect(handle.done).rejects.toThrow('the source broke');
  expect(handle.state).toBe('FAILED');
  expect(await committedValues(topic)).toEqual([]);
  expect(await stored()).toBeNull();
});

test('a second run fences the first, which fails and says why; nothing comes twice', async () => {
  const { run, topic } = await newWorld();
  const first = run(slowly(countingSource(topic, 30_000, 10)), { once: false });
  await waitFor(() => first.progress.records > 100);
  const second = run(countingSource(topic, 30_000, 2000));
  await second.done;
  await expect(first.done).rejects.toMatchObject({ code: 'KAFKA_FENCED' });
  expect(first.state).toBe('FAILED');
  expect(first.error!.message).toContain('Task c-0 was fenced: another run of it has begun');
  expect(sorted(await committedValues(topic))).toEqual(numbers(0, 30_000));
});

test('a task that was given to another worker meanwhile ends before it opens', async () => {
  const { run, topic } = await newWorld();
  let opened = false;
  const counting = countingSource(topic, 10, 10);
  const plugin: SourceConnector = {
    ...counting,
    open: (context, config) => {
      opened = true;
      return counting.open(context, config);
    },
  };
  const handle = run(plugin, { exactlyOnce: { stillOwner: async () => false } });
  await expect(handle.done).rejects.toThrow('Task c-0 was given to another worker while it began');
  expect(opened).toBe(false);
  expect(await committedValues(topic)).toEqual([]);
});

test('a task may not write to the topic of its own offsets', async () => {
  const { run, offsetsTopic } = await newWorld();
  const handle = run(countingSource(offsetsTopic, 10, 10));
  await expect(handle.done).rejects.toThrow('Source tasks may not produce to their own offsets topics');
});

test('offsets are copied to the topic of the worker after the commit', async () => {
  const { run, topic } = await newWorld();
  const copied: unknown[] = [];
  const exactlyOnce = {
    offsets: {
      topic: bench.topicName(),
      encode: encodeOffsets,
      async mirror(connector: string, entries: readonly unknown[]) {
        copied.push([connector, ...entries]);
      },
    },
  };
  const other = createKafkaOffsetStore(kafka, {
    topic: exactlyOnce.offsets.topic,
    partitions: 1,
    replicationFactor: 1,
  });
  await other.get('c', []);
  await run(countingSource(topic, 10, 10), { exactlyOnce }).done;
  expect(copied).toEqual([['c', { partition: PARTITION, offset: { next: 10 } }]]);
  expect(await other.get('c', [PARTITION])).toEqual([{ next: 10 }]);
  await other.close();
});

describe('boundary connector', () => {
  const boundary = { kind: 'connector' } as const;

  test('the task ends transactions at records and after polls', async () => {
    const { run, topic, stored } = await newWorld();
    const plugin = scripted(topic, [
      ({ transaction }, make) => {
        const records = [make(0), make(1), make(2)];
        transaction!.commit(records[1]);
        return records;
      },
      (_, make) => [make(3)],
      ({ transaction }, make) => {
        transaction!.commit();
        return [make(4)];
      },
      (_, make) => [make(5)],
    ]);
    await run(plugin, { boundary }).done;
    // The last poll was in a transaction that nobody ended.
    expect(await committedValues(topic)).toEqual(['0', '1', '2', '3', '4']);
    expect(await stored()).toEqual({ next: 5 });
  });

  test('an abort drops the records up to there; their offsets are stored all the same', async () => {
    const { run, topic, stored } = await newWorld();
    const plugin = scripted(topic, [
      ({ transaction }, make) => {
        transaction!.commit();
        return [make(0)];
      },
      ({ transaction }, make) => {
        const records = [make(1), make(2), make(3)];
        transaction!.abort(records[1]);
        return records;
      },
      ({ transaction }, make) => {
        transaction!.abort();
        return [make(4)];
      },
    ]);
    const handle = run(plugin, { boundary });
    await handle.done;
    expect(await committedValues(topic)).toEqual(['0']);
    expect(await stored()).toEqual({ next: 5 });
    expect(handle.progress.records).toBe(1);
  });

  test('other boundaries have no transactions for the task', async () => {
    const { run, topic } = await newWorld();
    const seen: unknown[] = [];
    await run(
      scripted(topic, [
        ({ transaction }, make) => {
          seen.push(transaction);
          return [make(0)];
        },
      ]),
    ).done;
    expect(seen).toEqual([null]);
  });
});
