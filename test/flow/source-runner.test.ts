import { runSourceTask } from '../../src/flow';
import type { KafkaPort } from '../../src/kafka/port';
import { DataError, RetriableError, type SourceRecord } from '../../src/kernel';
import { Pending } from '../../src/plugin';
import { uniqueName } from '../support/stack';
import { waitFor } from '../support/wait';
import {
  countingSource,
  MemoryOffsets,
  NO_TOLERANCE,
  openKafka,
  pipeline,
  readAll,
  sourceOptions,
} from './support';

let kafka: KafkaPort;
const topics: string[] = [];
const newTopic = (): string => {
  const topic = uniqueName('flow');
  topics.push(topic);
  return topic;
};

beforeAll(async () => {
  kafka = await openKafka();
});
afterAll(async () => {
  await kafka.admin.deleteTopics(topics);
  await kafka.close();
});

async function run(count: number, more: Partial<Parameters<typeof sourceOptions>[1]> = {}) {
  const topic = newTopic();
  const producer = kafka.producer({ idempotent: true });
  const offsets = new MemoryOffsets();
  const plugin = countingSource(topic, count, 1000);
  const handle = runSourceTask(sourceOptions(kafka, { plugin, producer, offsets, ...more }));
  const outcome = await handle.done.then(
    () => null,
    (error: Error) => error,
  );
  await producer.close();
  return { topic, offsets, handle, outcome };
}

test('every record arrives once, in order per key, and the offset is that of the last', async () => {
  const { topic, offsets, handle, outcome } = await run(20_000);
  expect(outcome).toBeNull();
  expect(handle.state).toBe('STOPPED');
  expect(handle.progress.records).toBe(20_000);
  expect(offsets.entries.get('{"source":"count"}')).toEqual({ next: 20_000 });
  const records = await readAll(kafka, topic);
  expect(records).toHaveLength(20_000);
  const lastOf = new Map<string, number>();
  for (const { key, value } of records) {
    expect(Number(value)).toBeGreaterThan(lastOf.get(key!) ?? -1);
    lastOf.set(key!, Number(value));
  }
  expect(new Set(records.map((record) => record.value)).size).toBe(20_000);
  expect(new Set(records.map((record) => record.partition)).size).toBe(3);
});

test('a transform may drop and change records; offsets go past what was dropped', async () => {
  const even = {
    name: 'even',
    className: 'Even',
    apply: <R>(record: R): R | null => {
      const source = record as unknown as SourceRecord;
      return Number(source.value) % 2 === 0 ? (source.withValue(null, `even ${source.value}`) as R) : null;
    },
  };
  const { topic, offsets, handle } = await run(100, { pipeline: pipeline({ transforms: [even as never] }) });
  const records = await readAll(kafka, topic);
  expect(records).toHaveLength(50);
  expect(records.every(({ value }) => value!.startsWith('even '))).toBe(true);
  expect(handle.progress.skipped).toBe(50);
  expect(offsets.entries.get('{"source":"count"}')).toEqual({ next: 100 });
});

const failingAt = (bad: number, error: () => unknown) => {
  const good = pipeline();
  return pipeline({
    valueConverter: {
      fromConnect(topic, headers, schema, value) {
        if (value === String(bad)) throw error();
        return good.valueConverter.fromConnect(topic, headers, schema, value);
      },
      toConnect: good.valueConverter.toConnect,
    },
  });
};

test('without tolerance one bad record fails the task, which says which; what came before is stored', async () => {
  const { offsets, handle, outcome, topic } = await run(5000, {
    pipeline: failingAt(2500, () => new DataError('not a number')),
  });
  expect(handle.state).toBe('FAILED');
  expect(outcome!.message).toContain('Tolerance exceeded in error handler: stage VALUE_CONVERTER');
  expect(outcome!.message).toContain(`topic='${topic}'`);
  expect(outcome!.message).toContain('sourceOffset={"next":2501}');
  expect((outcome!.cause as Error).message).toBe('not a number');
  expect(offsets.entries.get('{"source":"count"}')).toEqual({ next: 2500 });
});

test('with tolerance one bad record costs one record', async () => {
  const { topic, handle, outcome, offsets } = await run(5000, {
    pipeline: failingAt(2500, () => new DataError('not a number')),
    errors: { ...NO_TOLERANCE, tolerance: 'all' },
  });
  expect(outcome).toBeNull();
  const values = (await readAll(kafka, topic)).map(({ value }) => value);
  expect(values).toHaveLength(4999);
  expect(values).not.toContain('2500');
  expect(handle.progress.skipped).toBe(1);
  expect(offsets.entries.get('{"source":"count"}')).toEqual({ next: 5000 });
});

test('a converter that must wait is asked again when it is ready', async () => {
  let asked = 0;
  const { topic } = await run(200, {
    pipeline: failingAt(100, () => {
      asked++;
      return asked < 4
        ? new Pending(new Promise((resolve) => setImmediate(resolve)))
        : new DataError('given up');
    }),
    errors: { ...NO_TOLERANCE, tolerance: 'all' },
  });
  expect(asked).toBe(4);
  expect(await readAll(kafka, topic)).toHaveLength(199);
});

test('retriable errors of a converter are retried within errors.retry.timeout', async () => {
  let tries = 0;
  const good = pipeline();
  const { outcome, topic } = await run(10, {
    errors: { ...NO_TOLERANCE, retryTimeoutMs: 10_000, retryDelayMaxMs: 20 },
    pipeline: pipeline({
      valueConverter: {
        ...good.valueConverter,
        toConnect: good.valueConverter.toConnect,
        fromConnect(t, headers, schema, value) {
          if (value === '5' && tries++ < 3) throw new RetriableError('not now');
          return good.valueConverter.fromConnect(t, headers, schema, value);
        },
      },
    }),
  });
  expect(outcome).toBeNull();
  expect(await readAll(kafka, topic)).toHaveLength(10);
});

test('open and poll are repeated while they fail retriably, and the status says why', async () => {
  const topic = newTopic();
  const producer = kafka.producer({ idempotent: true });
  const counting = countingSource(topic, 10, 5);
  let opens = 0;
  let waiting: string | null = null;
  const plugin: typeof counting = {
    ...counting,
    async open(context, config) {
      if (opens++ < 2)
        throw new RetriableError('database not reachable at 127.0.0.1:1', { code: 'DATABASE_UNREACHABLE' });
      return counting.open(context, config);
    },
  };
  const handle = runSourceTask(sourceOptions(kafka, { plugin, producer, offsets: new MemoryOffsets() }));
  handle.onChange(() => {
    waiting ??= handle.waiting;
  });
  await handle.done;
  expect(waiting).toBe('database not reachable at 127.0.0.1:1');
  expect(handle.waiting).toBeNull();
  expect(await readAll(kafka, topic)).toHaveLength(10);
  await producer.close();
});

test('stopped in the middle it goes on behind the last stored offset: nothing lost, nothing twice', async () => {
  const topic = newTopic();
  const offsets = new MemoryOffsets();
  const producer = kafka.producer({ idempotent: true });
  const count = 50_000;
  const options = sourceOptions(kafka, { plugin: countingSource(topic, count, 500), producer, offsets });
  const first = runSourceTask(options);
  await waitFor(() => first.progress.records > 0);
  await first.stop();
  expect(first.state).toBe('STOPPED');
  await runSourceTask(options).done;
  const values = (await readAll(kafka, topic)).map(({ value }) => value);
  expect(values).toHaveLength(count);
  expect(new Set(values).size).toBe(count);
  await producer.close();
});

test('a record larger than allowed is refused alone', async () => {
  const topic = newTopic();
  const producer = kafka.producer({ idempotent: true });
  const plugin = countingSource(topic, 10, 10, (n) => (n === 4 ? 'x'.repeat(2_000_000) : String(n)));
  const errors = { ...NO_TOLERANCE, tolerance: 'all' } as const;
  await runSourceTask(sourceOptions(kafka, { plugin, producer, offsets: new MemoryOffsets(), errors })).done;
  expect(await readAll(kafka, topic)).toHaveLength(9);
  await producer.close();
});

test('a batch the broker finds too large is halved until the bad record stands alone', async () => {
  const topic = newTopic();
  await kafka.admin.createTopic({ topic, partitions: 1, configs: { 'max.message.bytes': '5000' } });
  const producer = kafka.producer({ idempotent: true });
  const plugin = countingSource(topic, 300, 300, (n) =>
    n === 123 ? 'x'.repeat(6000) : `value ${n} ${'y'.repeat(200)}`,
  );
  const errors = { ...NO_TOLERANCE, tolerance: 'all' } as const;
  const offsets = new MemoryOffsets();
  const options = sourceOptions(kafka, { plugin, producer, offsets, errors, batchBytes: 100_000 });
  await runSourceTask(options).done;
  const values = (await readAll(kafka, topic)).map(({ value }) => value!);
  expect(new Set(values).size).toBe(299);
  expect(values).toHaveLength(299);
  expect(offsets.entries.get('{"source":"count"}')).toEqual({ next: 300 });
  await producer.close();
});
