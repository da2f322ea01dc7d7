/** What a sink task may ask of its consumer (connect.md §3.4), and of the framework about bad records (KIP-610). */
import { type ErrorPolicy, runSinkTask, type SinkRunOptions } from '../../src/flow';
import type { KafkaPort } from '../../src/kafka';
import { DataError, RetriableError, type SinkRecord } from '../../src/kernel';
import type { SinkConnector, SinkTask, SinkTaskContext } from '../../src/plugin';
import { openTestKafka, type TestKafka } from '../support/kafka';
import { waitFor } from '../support/wait';
import { NO_TOLERANCE, pipeline, produce, readAll, sinkOf, sinkOptions } from './support';

let bench: TestKafka;
let kafka: KafkaPort;
beforeAll(async () => {
  bench = await openTestKafka();
  kafka = bench.kafka;
});
afterAll(() => bench[Symbol.asyncDispose]());

const valuesOf = (records: readonly SinkRecord[]): string[] => records.map(({ value }) => String(value));
const numbers = (count: number): string[] => Array.from({ length: count }, (_, i) => String(i));

type Put = (batch: readonly SinkRecord[], context: SinkTaskContext) => Promise<void> | void;

/** A task that keeps its context at hand. */
function asking(put: Put, more: Partial<SinkTask> = {}): SinkConnector {
  const plugin = sinkOf(async () => {});
  return {
    ...plugin,
    async open(context) {
      return { put: async (batch) => put(batch, context), async [Symbol.asyncDispose]() {}, ...more };
    },
  };
}

async function start(
  topic: string,
  put: Put,
  { sink = {}, ...options }: Partial<SinkRunOptions> & { sink?: Partial<SinkTask> } = {},
) {
  const seen: string[] = [];
  const groupId = bench.groupName();
  const plugin = asking(async (batch, context) => {
    await put(batch, context);
    seen.push(...valuesOf(batch));
  }, sink);
  const handle = runSinkTask(
    sinkOptions(kafka, {
      plugin,
      topics: [topic],
      group: { groupId, instanceId: null },
      once: null,
      flushIntervalMs: 600_000,
      ...options,
    }),
  );
  const committed = async (partition = 0) =>
    (await kafka.committed(groupId, [{ topic, partition }]))[0]?.offset ?? null;
  return { handle, seen, committed };
}

test('requestCommit commits soon, long before the interval', async () => {
  const topic = await bench.topic();
  await produce(kafka, topic, numbers(10));
  const { handle, committed } = await start(topic, (batch, context) => {
    if (batch.length > 0) context.requestCommit();
  });
  await waitFor(async () => (await committed()) === 10);
  await handle.stop();
});

test('offset rewinds: the next put goes on from there, what was gathered meanwhile does not count', async () => {
  const topic = await bench.topic();
  await produce(kafka, topic, numbers(20));
  let rewound = false;
  const { handle, seen, committed } = await start(
    topic,
    (batch, context) => {
      if (rewound || !valuesOf(batch).includes('9')) return;
      rewound = true;
      context.offset({ topic, partition: 0, offset: 3 });
    },
    { maxPollRecords: 5 },
  );
  await waitFor(() => seen.at(-1) === '19');
  await handle.stop();
  expect(seen).toEqual([...numbers(10), ...numbers(20).slice(3)]);
  expect(await committed()).toBe(20);
});

test('offset of a partition that is not assigned is ignored', async () => {
  const topic = await bench.topic();
  await produce(kafka, topic, numbers(3));
  const { handle, seen } = await start(topic, (batch, context) => {
    if (batch.length > 0 && seen.length === 0) context.offset({ topic, partition: 7, offset: 1 });
  });
  await produce(kafka, topic, ['end']);
  await waitFor(() => seen.includes('end'));
  await handle.stop();
  expect(seen).toEqual([...numbers(3), 'end']);
});

test('a paused partition is silent until it is resumed; the others go on; nothing is lost or repeated', async () => {
  const topic = await bench.topic({ partitions: 2 });
  await produce(kafka, topic, ['a0', 'a1', 'a2', 'a3'], 0);
  await produce(kafka, topic, ['b0', 'b1', 'b2', 'b3'], 1);
  let context!: SinkTaskContext;
  const first = { topic, partition: 0 };
  const { handle, seen, committed } = await start(
    topic,
    (batch, given) => {
      context = given;
      if (valuesOf(batch).includes('a0')) given.pause([first]);
    },
    { maxPollRecords: 2 },
  );
  await waitFor(() => seen.includes('b3'));
  await produce(kafka, topic, ['b4'], 1);
  await waitFor(() => seen.includes('b4'));
  expect(context.assignment()).toHaveLength(2);
  const before = seen.filter((value) => value.startsWith('a'));
  expect(before).toEqual(['a0', 'a1']);
  context.resume([first]);
  await waitFor(() => seen.includes('a3'));
  await handle.stop();
  expect(seen.filter((value) => value.startsWith('a'))).toEqual(['a0', 'a1', 'a2', 'a3']);
  expect(seen.filter((value) => value.startsWith('b'))).toEqual(['b0', 'b1', 'b2', 'b3', 'b4']);
  expect([await committed(0), await committed(1)]).toEqual([4, 5]);
});

test('timeout says after how long a put is tried again', async () => {
  const topic = await bench.topic();
  await produce(kafka, topic, ['x']);
  const tries: number[] = [];
  const { handle, seen } = await start(topic, (batch, context) => {
    if (batch.length === 0) return;
    tries.push(Date.now());
    if (tries.length > 2) return;
    if (tries.length === 1) context.timeout(700);
    throw new RetriableError('not now');
  });
  await waitFor(() => seen.length === 1);
  await handle.stop();
  expect(tries[1]! - tries[0]!).toBeGreaterThanOrEqual(690);
  // The second time nobody asked for anything.
  expect(tries[2]! - tries[1]!).toBeLessThan(600);
});

test('flushable that fails retriably: back to the last commit, and on from there', async () => {
  const topic = await bench.topic();
  await produce(kafka, topic, numbers(4));
  let flushes = 0;
  const { handle, seen, committed } = await start(topic, () => {}, {
    flushIntervalMs: 20,
    sink: {
      flushable(positions) {
        if (positions[0]!.offset === 4 && ++flushes === 1) throw new RetriableError('disk full');
        return positions;
      },
    },
  });
  await waitFor(async () => (await committed()) === 4);
  await handle.stop();
  expect(seen).toEqual([...numbers(4), ...numbers(4)]);
});

describe('records that the task gives up', () => {
  const policy = (topic: string, more: Partial<ErrorPolicy> = {}): ErrorPolicy => ({
    ...NO_TOLERANCE,
    tolerance: 'all',
    deadLetter: { topic: `${topic}_dead`, replicationFactor: 1, contextHeaders: true },
    ...more,
  });

  test('there is a reporter only when somebody would hear of it', async () => {
    const topic = await bench.topic();
    await produce(kafka, topic, ['x']);
    const found = async (errors: ErrorPolicy): Promise<boolean> => {
      let has: boolean | null = null;
      const { handle } = await start(
        topic,
        (_, context) => {
          has = context.errantRecordReporter !== null;
        },
        { errors },
      );
      await waitFor(() => has !== null);
      await handle.stop();
      return has!;
    };
    expect(await found(NO_TOLERANCE)).toBe(false);
    expect(await found({ ...NO_TOLERANCE, logEnable: true })).toBe(true);
    expect(await found(policy(topic))).toBe(true);
    await kafka.admin.deleteTopics([`${topic}_dead`]);
  });

  test('offsets wait for reports that the task does not wait for; the bytes are those of Kafka', async () => {
    const topic = await bench.topic();
    await produce(kafka, topic, ['{"n" : 1}', '{"n" : 2}']);
    const { handle, committed } = await start(
      topic,
      (batch, context) => {
        for (const record of batch) {
          const changed = record.withTopic('elsewhere').withValue(null, 'changed');
          void context.errantRecordReporter!.report(changed, new DataError('refused'));
        }
        context.requestCommit();
      },
      { errors: policy(topic), pipeline: pipeline({ format: 'json' }), connector: 'orders' },
    );
    await waitFor(async () => (await committed()) === 2);
    const dead = await readAll(kafka, `${topic}_dead`);
    await handle.stop();
    expect(dead.map(({ value }) => value)).toEqual(['{"n" : 1}', '{"n" : 2}']);
    expect(dead.map(({ key }) => key)).toEqual(['k0', 'k1']);
    expect(Object.keys(dead[1]!.headers)).toEqual([
      '__connect.errors.topic',
      '__connect.errors.partition',
      '__connect.errors.offset',
      '__connect.errors.connector.name',
      '__connect.errors.task.id',
      '__connect.errors.stage',
      '__connect.errors.class.name',
      '__connect.errors.exception.class.name',
      '__connect.errors.exception.message',
      '__connect.errors.exception.stacktrace',
    ]);
    expect(dead[1]!.headers).toMatchObject({
      '__connect.errors.topic': topic,
      '__connect.errors.offset': '1',
      '__connect.errors.connector.name': 'orders',
      '__connect.errors.stage': 'TASK_PUT',
      '__connect.errors.class.name': 'collecting',
      '__connect.errors.exception.class.name': 'DataError',
      '__connect.errors.exception.message': 'refused',
    });
    await kafka.admin.deleteTopics([`${topic}_dead`]);
  });

  test('a record of an earlier batch is fetched again, so that its bytes are the original ones', async () => {
    const topic = await bench.topic();
    await produce(kafka, topic, ['{"n" : 1}', '{"n" : 2}', '{"n" : 3}']);
    const kept: SinkRecord[] = [];
    const reports: Promise<void>[] = [];
    const { handle } = await start(
      topic,
      (batch, context) => {
        kept.push(...batch);
        if (batch.length === 0 && kept.length === 3 && reports.length === 0)
          reports.push(context.errantRecordReporter!.report(kept[1]!, new DataError('too late')));
      },
      { errors: policy(topic), pipeline: pipeline({ format: 'json' }), maxPollRecords: 1 },
    );
    await waitFor(() => reports.length === 1);
    await reports[0];
    const dead = await readAll(kafka, `${topic}_dead`);
    await handle.stop();
    expect(dead.map(({ key, value }) => [key, value])).toEqual([['k1', '{"n" : 2}']]);
    await kafka.admin.deleteTopics([`${topic}_dead`]);
  });

  test('without tolerance the task fails after the put, even when it swallows the rejection; nothing is committed', async () => {
    const topic = await bench.topic();
    await produce(kafka, topic, numbers(3));
    const { handle, committed, seen } = await start(
      topic,
      async (batch, context) => {
        if (batch.length === 0) return;
        await context.errantRecordReporter!.report(batch[1]!, new DataError('refused')).catch(() => {});
      },
      { errors: policy(topic, { tolerance: 'none' }) },
    );
    await expect(handle.done).rejects.toThrow('Tolerance exceeded in Errant Record Reporter');
    expect(seen).toEqual(numbers(3));
    expect(await committed()).toBeNull();
    const dead = await readAll(kafka, `${topic}_dead`);
    expect(dead.map(({ value }) => value)).toEqual(['1']);
    await kafka.admin.deleteTopics([`${topic}_dead`]);
  });

  test('a dead-letter topic with several partitions gets them by key; what was said of a record first stays', async () => {
    const topic = await bench.topic();
    const dead = await bench.topic({ partitions: 4 });
    await produce(kafka, topic, numbers(40));
    const report: Put = async (batch, context) => {
      for (const record of batch) await context.report(record, new DataError(`no ${record.value}`));
    };
    const to = (name: string) => ({ topic: name, replicationFactor: 1, contextHeaders: true });
    const first = await start(topic, report, { errors: policy(topic, { deadLetter: to(dead) }) });
    await waitFor(() => first.seen.length === 40);
    await first.handle.stop();
    const letters = await readAll(kafka, dead);
    expect(new Set(letters.map(({ partition }) => partition)).size).toBe(4);
    const again = await bench.topic();
    const second = await start(dead, report, { errors: policy(topic, { deadLetter: to(again) }) });
    await waitFor(() => second.seen.length === 40);
    await second.handle.stop();
    const [letter] = await readAll(kafka, again);
    expect(letter!.headers['__connect.errors.topic']).toBe(topic);
  });
});

test('the failure of a put is told in the words of Connect, with its cause', async () => {
  const topic = await bench.topic();
  await produce(kafka, topic, ['x']);
  const { handle } = await start(topic, (batch) => {
    if (batch.length > 0) throw new DataError('column a is missing', { hint: 'Add it.' });
  });
  await expect(handle.done).rejects.toMatchObject({
    code: 'DATA_INVALID',
    message: 'Exiting WorkerSinkTask due to unrecoverable exception. column a is missing',
    cause: { hint: 'Add it.' },
  });
});
