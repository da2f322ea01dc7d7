/** Backfills and redrives through a sink that tests steer, over the broker of the tests. */
import { createKafka } from '../../../src/kafka';
import { parseKafkaOptions } from '../../../src/kafka/options';
import { createRecordBatchBuilder } from '../../../src/kafka/wire/record-batch';
import { NO_METRICS, RetriableError, SILENT, type SinkRecord } from '../../../src/kernel';
import type { SinkConnector } from '../../../src/plugin';
import { createStandalone, loadWorkerConfig, type StandaloneWorker } from '../../../src/worker';
import type { RedriveProgress } from '../../../src/worker/operations';
import { openTestKafka, type TestKafka } from '../../support/kafka';
import { stackAddresses } from '../../support/stack';
import { waitFor } from '../../support/wait';
import { catalogOf, tableSink } from '../fakes';

/** What each run of the plug-in was given, by the name it was opened under. */
const given = new Map<string, SinkRecord[]>();
/** Called with the batch of each put. */
let onPut: (connector: string, batch: readonly SinkRecord[]) => void = () => {};
let opened: string[] = [];

const sink: SinkConnector = {
  ...tableSink,
  name: 'remembering',
  aliases: ['com.example.RememberingSinkConnector'],
  open: async ({ connector }) => {
    opened.push(connector);
    const own = given.get(connector) ?? [];
    given.set(connector, own);
    return {
      put: async (batch) => {
        onPut(connector, batch);
        own.push(...batch);
      },
      [Symbol.asyncDispose]: async () => {},
    };
  },
};

let kafka: TestKafka;
let worker: StandaloneWorker;

beforeAll(async () => {
  kafka = await openTestKafka();
  const { kafka: brokers } = await stackAddresses();
  const config = await loadWorkerConfig({
    arguments: {
      'bootstrap.servers': brokers,
      'key.converter': 'Text',
      'value.converter': 'Text',
      'offset.flush.interval.ms': '50',
    },
    env: {},
  });
  worker = await createStandalone({
    worker: config,
    catalog: catalogOf(sink),
    openKafka: (keys) => createKafka(parseKafkaOptions(keys).options, { logger: SILENT }),
    logger: SILENT,
    metrics: NO_METRICS,
  });
  await worker.start([]);
}, 60_000);

afterAll(async () => {
  await worker.stop();
  await kafka[Symbol.asyncDispose]();
});

beforeEach(() => {
  given.clear();
  opened = [];
  onPut = () => {};
});

interface Line {
  readonly value: string;
  readonly headers?: Readonly<Record<string, string>>;
}

async function produce(topic: string, lines: readonly Line[], partition = 0): Promise<void> {
  const producer = kafka.kafka.producer();
  for (const { value, headers = {} } of lines) {
    const batch = createRecordBatchBuilder();
    const wire = Object.entries(headers).map(([key, text]) => ({ key, value: Buffer.from(text) }));
    batch.append(1000, Buffer.from(`k-${value}`), Buffer.from(value), wire);
    await producer.send(topic, partition, batch.build('none'));
  }
  await producer.close();
}

const create = (name: string, topics: string, more: Record<string, string> = {}) =>
  worker.putConnector(name, {
    name,
    'connector.class': 'com.example.RememberingSinkConnector',
    topics,
    ...more,
  });

const never = new AbortController().signal;
const values = (name: string): unknown[] => (given.get(name) ?? []).map(({ value }) => value);

describe('a backfill', () => {
  const run = async (name: string, request: object, control: object = {}) => {
    const reached: { done: number }[] = [];
    const plan = await worker.operations.backfills.plan(name, {
      topics: null,
      partition: null,
      from: { offset: 0 },
      to: null,
      ratePerSecond: null,
      ...request,
    });
    await worker.operations.backfills.run(plan, {
      id: '1',
      signal: never,
      isPaused: () => false,
      progress: null,
      reached: async (progress) => void reached.push(progress),
      ...control,
    });
    return { plan, reached };
  };

  test('goes over all partitions of its topics, to the very offsets', async () => {
    const topic = await kafka.topic({ partitions: 2 });
    for (const partition of [0, 1])
      await produce(
        topic,
        Array.from({ length: 10 }, (_, i) => ({ value: `${partition}-${i}` })),
        partition,
      );
    await create('both', topic);
    const { reached, plan } = await run('both', { from: { offset: 3 }, to: { offset: 7 } });
    const wanted = [0, 1].flatMap((partition) => [3, 4, 5, 6].map((i) => `${partition}-${i}`));
    expect(values('both-backfill-1').sort()).toEqual(wanted);
    expect(plan.ranges).toHaveLength(2);
    expect(reached.at(-1)?.done).toBe(8);
    const [record] = given.get('both-backfill-1')!;
    expect([record!.topic, record!.timestamp]).toEqual([topic, 1000]);
  });

  test('goes on from where an earlier run was', async () => {
    const topic = await kafka.topic();
    await produce(
      topic,
      Array.from({ length: 10 }, (_, i) => ({ value: `v${i}` })),
    );
    await create('again', topic);
    const progress = { positions: [{ topic, partition: 0, offset: 6 }], done: 6, total: 10 };
    await run('again', {}, { progress });
    expect(values('again-backfill-1')).toEqual(['v6', 'v7', 'v8', 'v9']);
  });

  test('waits out what passes, and ends with what does not', async () => {
    const topic = await kafka.topic();
    await produce(topic, [{ value: 'a' }, { value: 'b' }]);
    await create('shaky', topic);
    let failures = 2;
    onPut = (name, batch) => {
      if (name === 'shaky-backfill-1' && batch.length > 0 && failures-- > 0) throw new RetriableError('away');
    };
    await run('shaky', {});
    expect(values('shaky-backfill-1')).toEqual(['a', 'b']);
    onPut = (name) => {
      if (name !== 'shaky') throw new Error('no room');
    };
    await expect(run('shaky', {})).rejects.toThrow('no room');
  });

  test('of a source is refused with how it is done', async () => {
    const topic = kafka.topicName();
    await worker.putConnector('a-source', {
      'connector.class': 'com.example.LinesSourceConnector',
      topic,
      name: 'a-source',
    });
    await expect(run('a-source', {})).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      hint: expect.stringContaining('another name reads everything again'),
    });
  });
});

describe('a redrive', () => {
  const PREFIX = '__connect.errors.';
  let topic: string;
  let dlq: string;
  let name: string;

  beforeEach(async () => {
    topic = await kafka.topic();
    dlq = await kafka.topic();
    name = `redriven-${topic}`;
    const keys = { 'errors.tolerance': 'all', 'errors.deadletterqueue.topic.name': dlq };
    await create(name, topic, keys);
  });

  const letter = (value: string, offset: number, more: Record<string, string> = {}): Line => ({
    value,
    headers: {
      own: 'kept',
      [`${PREFIX}topic`]: topic,
      [`${PREFIX}partition`]: '0',
      [`${PREFIX}offset`]: String(offset),
      ...more,
    },
  });

  async function redrive(marked = new Set<string>(), progress: RedriveProgress | null = null) {
    const { redrives } = worker.operations;
    const plan = await redrives.plan(name, {
      to: 'connector',
      ids: null,
      filter: { stage: null, error: null },
      again: false,
    });
    return redrives.run(plan, {
      id: '1',
      signal: never,
      isPaused: () => false,
      progress,
      marks: {
        has: async (_topic, ids) => new Set(ids.filter((id) => marked.has(id))),
        add: async (_topic, ids) => ids.forEach((id) => void marked.add(id)),
      },
      reached: async () => {},
    });
  }

  test('gives the sink the records as they were', async () => {
    await produce(dlq, [letter('late', 7), letter('early', 3)]);
    expect(await redrive()).toMatchObject({ sent: 2, failed: 0 });
    const records = given.get(`${name}-redrive-1`)!;
    expect(records.map(({ value, offset }) => [offset, value])).toEqual([
      [3, 'early'],
      [7, 'late'],
    ]);
    expect(records[0]!.topic).toBe(topic);
    expect(records[0]!.headers.map(({ key }) => key)).toEqual(['own']);
  });

  test('tells which records the sink cannot put, and puts all others', async () => {
    await produce(
      dlq,
      ['a', 'poison', 'b', 'poison', 'c'].map((value, i) => letter(value, i)),
    );
    onPut = (_name, batch) => {
      if (batch.some(({ value }) => value === 'poison')) throw new Error('it is poison');
    };
    const marked = new Set<string>();
    const { sent, failed, failures } = await redrive(marked);
    expect([sent, failed]).toEqual([3, 2]);
    expect(failures).toEqual([
      { id: '0-1', error: expect.stringContaining('it is poison') },
      { id: '0-3', error: expect.stringContaining('it is poison') },
    ]);
    expect(new Set(values(`${name}-redrive-1`))).toEqual(new Set(['a', 'b', 'c']));
    expect([...marked].sort()).toEqual(['0-0', '0-2', '0-4']);
  });

  test('leaves out what was redriven, and what does not say where it came from', async () => {
    await produce(dlq, [letter('a', 0), letter('b', 1), { value: 'stranger' }]);
    const { sent, skipped, failed, failures } = await redrive(new Set(['0-0']));
    expect([sent, skipped, failed]).toEqual([1, 1, 1]);
    expect(failures).toEqual([{ id: '0-2', error: expect.stringContaining('context.headers') }]);
    expect(values(`${name}-redrive-1`)).toEqual(['b']);
  });

  test('leaves alone the dead letters of others in the same topic', async () => {
    await produce(dlq, [letter('a', 0, { [`${PREFIX}connector.name`]: 'somebody' })]);
    expect(await redrive()).toMatchObject({ sent: 0, failed: 0 });
    expect(opened.filter((each) => each.includes('-redrive-'))).toEqual([]);
  });

  test('goes on from where an earlier run was', async () => {
    await produce(
      dlq,
      ['a', 'b', 'c'].map((value, i) => letter(value, i)),
    );
    const progress = { positions: { 0: 2 }, sent: 2, skipped: 0, failed: 0, failures: [] };
    expect(await redrive(new Set(), progress)).toMatchObject({ sent: 3, positions: { 0: 3 } });
    expect(values(`${name}-redrive-1`)).toEqual(['c']);
  });

  test('moves nothing of the group', async () => {
    await produce(topic, [{ value: 'x' }]);
    await waitFor(() => values(name).length === 1, { timeoutMs: 30_000 });
    const committed = () => worker.offsets(name);
    const before = await waitFor(async () => {
      const offsets = await committed();
      return offsets.length > 0 ? offsets : null;
    });
    await produce(dlq, [letter('a', 0)]);
    await redrive();
    expect(await committed()).toEqual(before);
  });
});
