import { runSinkTask, type SinkRunOptions } from '../../src/flow';
import type { KafkaPort } from '../../src/kafka/port';
import { DataError, RetriableError, type SinkRecord } from '../../src/kernel';
import { uniqueName } from '../support/stack';
import { waitFor } from '../support/wait';
import { NO_TOLERANCE, openKafka, pipeline, produce, readAll, sinkOf, sinkOptions } from './support';

let kafka: KafkaPort;
const topics: string[] = [];
beforeAll(async () => {
  kafka = await openKafka();
});
afterAll(async () => {
  await kafka.admin.deleteTopics(topics);
  await kafka.close();
});

async function newTopic(partitions = 1): Promise<string> {
  const topic = uniqueName('sink');
  topics.push(topic);
  await kafka.admin.createTopic({ topic, partitions, replicationFactor: 1 });
  return topic;
}

const numbers = (count: number): string[] => Array.from({ length: count }, (_, i) => String(i));
const groupOf = (topic: string) => ({ groupId: `connect-${topic}`, instanceId: null });

function collect(
  topic: string,
  more: Partial<SinkRunOptions> = {},
  put?: (batch: readonly SinkRecord[]) => Promise<void>,
) {
  const seen: SinkRecord[] = [];
  const plugin = sinkOf(async (batch) => {
    await put?.(batch);
    seen.push(...batch);
  });
  const handle = runSinkTask(sinkOptions(kafka, { plugin, topics: [topic], group: groupOf(topic), ...more }));
  return { seen, handle };
}

function deferred() {
  let resolve: () => void = () => {};
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}

const valuesOf = (records: readonly SinkRecord[]): unknown[] => records.map((record) => record.value);

test('everything in the topic is put once, in order, and committed', async () => {
  const topic = await newTopic();
  await produce(kafka, topic, numbers(5000));
  const { seen, handle } = collect(topic);
  await handle.done;
  expect(valuesOf(seen)).toEqual(numbers(5000));
  expect(seen[17]).toMatchObject({
    topic,
    partition: 0,
    offset: 17,
    key: 'k17',
    timestamp: 1017,
    originalTopic: topic,
  });
  expect(await kafka.committed(`connect-${topic}`, [{ topic, partition: 0 }])).toEqual([
    { topic, partition: 0, offset: 5000 },
  ]);
  expect(handle.progress.records).toBe(5000);
});

test('a second run begins where the first ended', async () => {
  const topic = await newTopic();
  await produce(kafka, topic, numbers(10));
  await collect(topic).handle.done;
  await produce(kafka, topic, ['new']);
  const { seen, handle } = collect(topic);
  await handle.done;
  expect(valuesOf(seen)).toEqual(['new']);
});

test('topics that appear after the start are found, by name and by pattern', async () => {
  const prefix = uniqueName('late');
  const through = deferred();
  const byName = collect(`${prefix}-a`, { once: through.promise });
  const byPattern = collect(`${prefix}-x`, { topics: new RegExp(`${prefix}-.*`), once: through.promise });
  for (const suffix of ['a', 'b']) {
    topics.push(`${prefix}-${suffix}`);
    await kafka.admin.createTopic({ topic: `${prefix}-${suffix}`, partitions: 2, replicationFactor: 1 });
    await produce(kafka, `${prefix}-${suffix}`, [suffix], 1);
  }
  through.resolve();
  await Promise.all([byName.handle.done, byPattern.handle.done]);
  expect(valuesOf(byName.seen)).toEqual(['a']);
  expect(valuesOf(byPattern.seen).sort()).toEqual(['a', 'b']);
});

test('a retriable put gets the same batch again; nothing is committed before it worked', async () => {
  const topic = await newTopic();
  await produce(kafka, topic, numbers(10));
  const tries: unknown[][] = [];
  let committed: unknown[] = [];
  const { seen, handle } = collect(topic, { flushIntervalMs: 1 }, async (batch) => {
    if (batch.length === 0) return;
    tries.push(valuesOf(batch));
    committed = await kafka.committed(`connect-${topic}`, [{ topic, partition: 0 }]);
    if (tries.length < 3) throw new RetriableError('the database is away', { code: 'DATABASE_UNREACHABLE' });
  });
  await waitFor(() => handle.waiting === 'the database is away');
  await handle.done;
  expect(tries).toEqual([numbers(10), numbers(10), numbers(10)]);
  expect(committed).toEqual([]);
  expect(valuesOf(seen)).toEqual(numbers(10));
});

test('another error fails the task; what was put before is committed, the failed batch is not', async () => {
  const topic = await newTopic();
  await produce(kafka, topic, numbers(10));
  const { handle } = collect(topic, { maxPollRecords: 4 }, async (batch) => {
    if (valuesOf(batch).includes('5')) throw new Error('disk full');
  });
  await expect(handle.done).rejects.toThrow('disk full');
  expect(handle.state).toBe('FAILED');
  const [position] = await kafka.committed(`connect-${topic}`, [{ topic, partition: 0 }]);
  expect(position!.offset).toBe(4);
});

test('only what the task calls flushable is committed', async () => {
  const topic = await newTopic();
  await produce(kafka, topic, numbers(10));
  const plugin = sinkOf(async () => {}, {
    flushable: (positions) => positions.map((p) => ({ ...p, offset: 3 })),
  });
  await runSinkTask(sinkOptions(kafka, { plugin, topics: [topic], group: groupOf(topic) })).done;
  const [position] = await kafka.committed(`connect-${topic}`, [{ topic, partition: 0 }]);
  expect(position!.offset).toBe(3);
});

test('a sink that keeps its own positions decides where to begin', async () => {
  const topic = await newTopic();
  await produce(kafka, topic, numbers(10));
  const seen: SinkRecord[] = [];
  const plugin = sinkOf(async (batch) => void seen.push(...batch), {
    assigned: async (partitions) => partitions.map((partition) => ({ ...partition, offset: 7 })),
  });
  await runSinkTask(sinkOptions(kafka, { plugin, topics: [topic], group: groupOf(topic) })).done;
  expect(valuesOf(seen)).toEqual(['7', '8', '9']);
});

describe('bad records', () => {
  const deadLetter = (topic: string) => ({
    topic: `${topic}-dead`,
    replicationFactor: 1,
    contextHeaders: true,
  });

  test('bad bytes cost one record, which lands in the dead-letter topic with its context', async () => {
    const topic = await newTopic();
    topics.push(`${topic}-dead`);
    await produce(kafka, topic, ['{"a":1}', 'not json', '{"a":3}', null]);
    const errors = { ...NO_TOLERANCE, tolerance: 'all', deadLetter: deadLetter(topic) } as const;
    const { seen, handle } = collect(topic, {
      errors,
      pipeline: pipeline({ format: 'json' }),
      connector: 'orders',
    });
    await handle.done;
    expect(valuesOf(seen)).toEqual([{ a: 1 }, { a: 3 }, null]);
    expect(handle.progress).toMatchObject({ records: 3, skipped: 1 });
    const dead = await readAll(kafka, `${topic}-dead`);
    expect(dead).toHaveLength(1);
    expect(dead[0]).toMatchObject({ key: 'k1', value: 'not json' });
    expect(dead[0]!.headers).toMatchObject({
      '__connect.errors.topic': topic,
      '__connect.errors.partition': '0',
      '__connect.errors.offset': '1',
      '__connect.errors.connector.name': 'orders',
      '__connect.errors.task.id': '0',
      '__connect.errors.stage': 'VALUE_CONVERTER',
      '__connect.errors.class.name': 'ValueConverter',
      '__connect.errors.exception.class.name': 'DataError',
    });
    expect(dead[0]!.headers['__connect.errors.exception.message']).toContain('not JSON');
  });

  test('without tolerance the task fails with the coordinates, and the dead letter is written all the same', async () => {
    const topic = await newTopic();
    topics.push(`${topic}-dead`);
    await produce(kafka, topic, ['{"a":1}', 'not json']);
    const errors = { ...NO_TOLERANCE, deadLetter: deadLetter(topic) };
    const { handle } = collect(topic, { errors, pipeline: pipeline({ format: 'json' }) });
    await expect(handle.done).rejects.toThrow(`topic='${topic}', partition=0, offset=1`);
    await expect(handle.done).rejects.toThrow('key="k1"');
    expect(await readAll(kafka, `${topic}-dead`)).toHaveLength(1);
  });

  test('a record the target refuses is dead-lettered with the bytes it came with', async () => {
    const topic = await newTopic();
    topics.push(`${topic}-dead`);
    await produce(kafka, topic, numbers(100));
    const written: unknown[] = [];
    const plugin = sinkOf(async (batch, report) => {
      for (const record of batch) {
        if (record.value === '42') await report(record, new DataError('violates the check'));
        else written.push(record.value);
      }
    });
    const errors = { ...NO_TOLERANCE, tolerance: 'all', deadLetter: deadLetter(topic) } as const;
    const options = sinkOptions(kafka, {
      plugin,
      topics: [topic],
      group: groupOf(topic),
      errors,
      maxPollRecords: 30,
    });
    await runSinkTask(options).done;
    expect(written).toHaveLength(99);
    const [dead] = await readAll(kafka, `${topic}-dead`);
    expect(dead).toMatchObject({ key: 'k42', value: '42' });
    expect(dead!.headers).toMatchObject({
      '__connect.errors.offset': '42',
      '__connect.errors.stage': 'TASK_PUT',
    });
  });
});

test('two tasks share the partitions, and hand them over without loss or repetition', async () => {
  const topic = await newTopic(4);
  for (let partition = 0; partition < 4; partition++)
    await produce(
      kafka,
      topic,
      numbers(100).map((n) => `${partition}/${n}`),
      partition,
    );
  const forever = new Promise<void>(() => {});
  const first = collect(topic, { once: forever });
  await waitFor(() => first.seen.length === 400);
  const second = collect(topic, { once: forever, task: 1 });
  await waitFor(
    async () => {
      for (const partition of [0, 1, 2, 3]) await produce(kafka, topic, ['more'], partition);
      return second.seen.length > 0;
    },
    { timeoutMs: 20_000, intervalMs: 200, what: 'the second task to get a share' },
  );
  await first.handle.stop();
  for (const partition of [0, 1, 2, 3]) await produce(kafka, topic, ['end'], partition);
  await waitFor(() => valuesOf(second.seen).filter((value) => value === 'end').length === 4, {
    timeoutMs: 20_000,
  });
  await second.handle.stop();
  const all = [...first.seen, ...second.seen].map((record) => `${record.partition}@${record.offset}`);
  expect(new Set(all).size).toBe(all.length);
  const partitions = [0, 1, 2, 3].map((partition) => ({ topic, partition }));
  const ends = await kafka.offsets(partitions, 'latest');
  expect(all).toHaveLength(ends.reduce((sum, end) => sum + end.offset, 0));
});

test('a task that comes back with its instance id takes over at once', async () => {
  const topic = await newTopic();
  await produce(kafka, topic, numbers(10));
  const group = { groupId: `connect-${topic}`, instanceId: `${topic}-0`, sessionTimeoutMs: 30_000 };
  const forever = new Promise<void>(() => {});
  const first = collect(topic, { group, once: forever });
  await waitFor(() => first.seen.length === 10);
  const begin = Date.now();
  const second = collect(topic, { group, once: forever });
  await produce(kafka, topic, ['new']);
  await waitFor(() => valuesOf(second.seen).includes('new'));
  expect(Date.now() - begin).toBeLessThan(10_000);
  await waitFor(() => first.handle.state === 'FAILED');
  expect(first.handle.error!.message).toMatch(/instance/i);
  await second.handle.stop();
});

test('pausing stops puts, resuming goes on', async () => {
  const topic = await newTopic();
  await produce(kafka, topic, numbers(5));
  const { seen, handle } = collect(topic, { once: new Promise(() => {}) });
  await waitFor(() => seen.length === 5);
  handle.pause();
  await waitFor(() => handle.state === 'PAUSED');
  await produce(kafka, topic, ['later']);
  expect(valuesOf(seen)).not.toContain('later');
  handle.resume();
  await waitFor(() => valuesOf(seen).includes('later'));
  await handle.stop();
  expect(handle.state).toBe('STOPPED');
});
