import { runSinkTask, runSourceTask, type TaskHandle, type TaskMethod } from '../../src/flow';
import type { KafkaPort } from '../../src/kafka';
import { type Logger, SILENT, type SinkRecord } from '../../src/kernel';
import type { SinkTask, SourceConnector, SourceTask } from '../../src/plugin';
import { badSink, badSource, burn, type Hang, hang, oneRecord, settlingTwice } from '../support/bad-plugins';
import { openTestKafka, type TestKafka } from '../support/kafka';
import { waitFor } from '../support/wait';
import { MemoryOffsets, produce, readAll, sinkOf, sinkOptions, sourceOptions } from './support';

let bench: TestKafka;
let kafka: KafkaPort;
beforeAll(async () => {
  bench = await openTestKafka();
  kafka = bench.kafka;
});
afterAll(() => bench[Symbol.asyncDispose]());

const GRACE_MS = 200;

/** Stops a task that hangs, and looks at what is left of it. */
async function leave(handle: TaskHandle, method: TaskMethod): Promise<void> {
  const began = Date.now();
  await handle.stop(GRACE_MS);
  expect(Date.now() - began).toBeLessThan(GRACE_MS + 1000);
  expect(handle.state).toBe('STOPPED');
  expect(handle.stuckIn!.method).toBe(method);
  expect(handle.stuckIn!.since).toBeLessThanOrEqual(Date.now());
  await handle.done;
}

function source(plugin: SourceConnector, logger: Logger = SILENT) {
  const producer = kafka.producer({ idempotent: true });
  const offsets = new MemoryOffsets();
  const options = { plugin, producer, offsets, once: false, flushIntervalMs: 20, logger };
  return { handle: runSourceTask(sourceOptions(kafka, options)), offsets, producer };
}

describe('a source that hangs', () => {
  const record = async (topic: string, at: Hang | null): Promise<SourceTask['poll']> => {
    let polls = 0;
    return async () => {
      await at?.enter();
      if (polls++ > 0) await new Promise((resolve) => setTimeout(resolve, 5));
      return polls === 1 ? [oneRecord(topic, 1)] : null;
    };
  };

  test.each<TaskMethod>(['open', 'poll', 'committed', 'dispose'])('in %s', async (method) => {
    const topic = await bench.topic();
    const stuck = hang();
    let disposed = 0;
    const task: Partial<SourceTask> = {
      poll: await record(topic, method === 'poll' ? stuck : null),
      ...(method === 'committed' ? { committed: () => stuck.enter() } : {}),
      async [Symbol.asyncDispose]() {
        disposed++;
        if (method === 'dispose') await stuck.enter();
      },
    };
    const whole = badSource(task);
    const open: SourceConnector['open'] = async (context, config) => {
      await stuck.enter();
      return whole.open(context, config);
    };
    const { handle, offsets, producer } = source(method === 'open' ? badSource(task, open) : whole);
    if (method !== 'dispose') await stuck.reached;
    else await waitFor(() => handle.progress.records === 1);
    await leave(handle, method);
    const before = [...offsets.entries];
    stuck.release();
    await waitFor(() => disposed === 1);
    await waitFor(() => handle.stuckIn === null);
    expect(handle.state).toBe('STOPPED');
    expect([...offsets.entries]).toEqual(before);
    const expected = method === 'open' || method === 'poll' ? 0 : 1;
    expect(await readAll(kafka, topic)).toHaveLength(expected);
    await producer.close();
  });

  test('under exactly-once leaves its transaction uncommitted', async () => {
    const topic = await bench.topic();
    const offsetsTopic = await bench.topic();
    const stuck = hang();
    let polls = 0;
    const plugin = badSource({
      async poll() {
        if (polls++ > 0) await stuck.enter();
        return [oneRecord(topic, polls)];
      },
    });
    const producer = kafka.producer({ transactionalId: bench.groupName() });
    const handle = runSourceTask(
      sourceOptions(kafka, {
        plugin,
        producer,
        offsets: new MemoryOffsets(),
        once: false,
        exactlyOnce: {
          transactionalId: '',
          openProducer: () => producer,
          offsets: { topic: offsetsTopic, encode: () => [] },
          boundary: { kind: 'interval', intervalMs: 600_000 },
          stillOwner: async () => true,
        },
      }),
    );
    await stuck.reached;
    await leave(handle, 'poll');
    stuck.release();
    await waitFor(() => handle.stuckIn === null);
    const partition = { topic, partition: 0 };
    expect(await kafka.offsets([partition], 'lso')).toEqual([{ ...partition, offset: 0 }]);
  });
});

describe('a sink that hangs', () => {
  test.each<TaskMethod>(['open', 'assigned', 'put', 'flushable', 'revoked', 'dispose'])(
    'in %s, and its partitions go to another at once',
    async (method) => {
      const topic = await bench.topic();
      await produce(kafka, topic, ['a']);
      const stuck = hang();
      const put: string[] = [];
      const when = (at: TaskMethod) => (method === at ? stuck.enter() : Promise.resolve());
      const task: Partial<SinkTask> = {
        async put(batch) {
          if (batch.length > 0) await when('put');
          put.push(...batch.map(({ value }) => String(value)));
        },
        async flushable(positions) {
          await when('flushable');
          return positions;
        },
        async assigned() {
          await when('assigned');
          return undefined;
        },
        revoked: () => when('revoked'),
        [Symbol.asyncDispose]: () => when('dispose'),
      };
      const whole = badSink(task);
      const plugin = badSink(task, async (context, config) => {
        await when('open');
        return whole.open(context, config);
      });
      const group = { groupId: bench.groupName(), instanceId: null, sessionTimeoutMs: 60_000 };
      const common = { topics: [topic], group, once: null };
      const handle = runSinkTask(sinkOptions(kafka, { ...common, plugin, flushIntervalMs: 20 }));
      if (method === 'revoked' || method === 'dispose') await waitFor(() => put.length === 1);
      else await stuck.reached;
      await leave(handle, method);

      const seen: string[] = [];
      const next = sinkOf(async (batch: readonly SinkRecord[]) => {
        seen.push(...batch.map(({ value }) => String(value)));
      });
      await produce(kafka, topic, ['b']);
      const other = runSinkTask(sinkOptions(kafka, { ...common, plugin: next, task: 1 }));
      await waitFor(() => seen.includes('b'), { what: 'the other task to get the partition' });
      const committed = await kafka.committed(group.groupId, [{ topic, partition: 0 }]);
      stuck.release();
      await waitFor(() => handle.stuckIn === null);
      expect(handle.state).toBe('STOPPED');
      expect(await kafka.committed(group.groupId, [{ topic, partition: 0 }])).toEqual(committed);
      await other.stop();
    },
  );
});

test('a failure is seen at once, also while the plug-in does not let itself be disposed of', async () => {
  const stuck = hang();
  const { handle, producer } = source(
    badSource({
      poll: async () => {
        throw new Error('broken');
      },
      [Symbol.asyncDispose]: () => stuck.enter(),
    }),
  );
  await stuck.reached;
  expect(handle.state).toBe('FAILED');
  expect(handle.error!.message).toBe('broken');
  await handle.stop(GRACE_MS);
  expect(handle.state).toBe('FAILED');
  expect(handle.stuckIn!.method).toBe('dispose');
  await producer.close();
});

describe('a source that', () => {
  const failing = async (task: Partial<SourceTask>): Promise<string> => {
    const { handle, producer } = source(badSource(task));
    const message = await handle.done.then(
      () => 'no failure',
      (error: Error) => error.message,
    );
    expect(handle.state).toBe('FAILED');
    await producer.close();
    return message;
  };

  test('throws synchronously fails with what it threw', async () => {
    const poll = (): never => {
      throw new Error('at once');
    };
    expect(await failing({ poll })).toBe('at once');
  });

  test('throws what is no error fails with its text', async () => {
    expect(await failing({ poll: () => Promise.reject('just text') })).toBe('just text');
  });

  test.each<[string, (topic: string) => unknown, string]>([
    ['a text', () => 'records', 'poll of bad-source returned "records" in place of an array of records'],
    ['null in place of a record', () => [null], 'poll of bad-source returned null in place of a record'],
    [
      'a topic that is none',
      () => [oneRecord(7 as never, 1)],
      'poll of bad-source returned a record whose topic is 7',
    ],
    [
      'a bad record between good ones',
      (topic) => [oneRecord(topic, 1), null, oneRecord(topic, 2)],
      'poll of bad-source returned null in place of a record',
    ],
    [
      'no offset',
      (topic) => [{ ...oneRecord(topic, 1), sourceOffset: undefined }],
      'poll of bad-source returned a record without source partition and offset',
    ],
  ])('returns %s fails and is named', async (_, made, message) => {
    const topic = await bench.topic();
    expect(await failing({ poll: async () => made(topic) as never })).toBe(message);
  });

  test('settles twice is heard once', async () => {
    const topic = await bench.topic();
    let polls = 0;
    const { handle, producer, offsets } = source(
      badSource({ poll: () => settlingTwice(polls++ === 0 ? [oneRecord(topic, 1)] : null) }),
    );
    await waitFor(() => offsets.entries.size === 1);
    await handle.stop();
    expect(handle.progress.records).toBe(1);
    expect(await readAll(kafka, topic)).toHaveLength(1);
    await producer.close();
  });

  test('burns the processor is named in the log, and stops in time', async () => {
    const lines: string[] = [];
    const logger = { ...SILENT, warn: (_: object, line: string) => void lines.push(line) } as Logger;
    const { handle, producer } = source(
      badSource({
        async poll() {
          burn(1100);
          return null;
        },
      }),
      logger,
    );
    await waitFor(() => lines.length > 0);
    expect(lines[0]).toMatch(/^poll of the plug-in kept the whole process busy for 11\d\d ms$/);
    const began = Date.now();
    await handle.stop(3000);
    expect(Date.now() - began).toBeLessThan(2500);
    expect(handle.stuckIn).toBeNull();
    await producer.close();
  });
});

test.each<[string, Partial<SinkTask>, string]>([
  [
    'flushable',
    { flushable: () => 'all' as never },
    'flushable of bad-sink did not return a list of positions',
  ],
  [
    'assigned',
    { assigned: async () => 5 as never },
    'assigned of bad-sink did not return a list of positions',
  ],
])('a sink whose %s returns garbage fails and is named', async (_, task, message) => {
  const topic = await bench.topic();
  await produce(kafka, topic, ['a']);
  const group = { groupId: bench.groupName(), instanceId: null };
  const handle = runSinkTask(
    sinkOptions(kafka, { plugin: badSink(task), topics: [topic], group, flushIntervalMs: 20, once: null }),
  );
  await expect(handle.done).rejects.toThrow(message);
});
