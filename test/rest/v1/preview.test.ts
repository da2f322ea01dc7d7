import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Client } from 'pg';
import { createRecordBatchBuilder } from '../../../src/kafka/wire/record-batch';
import { createRegistry } from '../../e2e/registry';
import { openTestKafka, type TestKafka } from '../../support/kafka';
import { stackAddresses, uniqueName } from '../../support/stack';
import { waitFor } from '../../support/wait';
import { type Api, startAlone } from './support';

interface Step {
  readonly stage: string;
  readonly alias: string | null;
  readonly record: { key: unknown; value: unknown; valueSchema: string | null; topic: string } | null;
  readonly wire: { key: unknown; value: { json?: unknown; text?: string; bytes: number } | null } | null;
  readonly dropped: boolean;
  readonly error: { message: string; hint: string | null } | null;
}
interface Shown {
  readonly type: string;
  readonly records: readonly { origin: Record<string, unknown>; steps: readonly Step[] }[];
  readonly remarks: readonly string[];
}

const dir = mkdtempSync(path.join(tmpdir(), 'preview-'));
let api: Api;
let kafka: TestKafka;

beforeAll(async () => {
  kafka = await openTestKafka();
  api = await startAlone({ 'offset.storage.file.filename': path.join(dir, 'offsets') });
});
afterAll(async () => {
  await api.stop();
  await kafka[Symbol.asyncDispose]();
  rmSync(dir, { recursive: true });
});

async function produce(
  topic: string,
  values: readonly (string | null)[],
  at = 1_700_000_000_000,
): Promise<void> {
  const producer = kafka.kafka.producer();
  const builder = createRecordBatchBuilder();
  for (const [i, value] of values.entries())
    builder.append(at + i, Buffer.from(`k${i}`), value === null ? null : Buffer.from(value), []);
  await producer.send(topic, 0, builder.build('none'));
  await producer.close();
}

const endOf = async (topic: string) =>
  (await kafka.kafka.offsets([{ topic, partition: 0 }], 'latest'))[0]!.offset;

const transforms = {
  transforms: 'drop,mask',
  'transforms.mask.type': 'org.apache.kafka.connect.transforms.MaskField$Value',
  'transforms.mask.fields': 'card',
  'transforms.drop.type': 'org.apache.kafka.connect.transforms.Filter',
  'transforms.drop.predicate': 'gone',
  predicates: 'gone',
  'predicates.gone.type': 'org.apache.kafka.connect.transforms.predicates.RecordIsTombstone',
};

describe('a preview of a sink', () => {
  const look = async (config: object, more: object = {}): Promise<Shown> => {
    const { status, json } = await api.ask('POST', '/api/v1/preview', { config, ...more });
    expect([status, json.message]).toEqual([200, undefined]);
    return json;
  };
  const sink = (topics: string, more: object = {}) => ({
    name: uniqueName('c'),
    'connector.class': 'FileStreamSink',
    file: path.join(dir, `${topics}.txt`),
    topics,
    ...more,
  });

  it('shows records as bytes, as data, and after each transform', async () => {
    const topic = await kafka.topic();
    await produce(topic, ['{"id":9007199254740993,"card":"4111"}', 'no json', null]);
    const { type, records } = await look(sink(topic, transforms));
    expect(type).toBe('sink');
    expect(records.map(({ steps }) => steps.map(({ stage, alias }) => alias ?? stage))).toEqual([
      ['KAFKA_CONSUME', 'VALUE_CONVERTER', 'drop', 'mask'],
      ['KAFKA_CONSUME', 'VALUE_CONVERTER'],
      ['KAFKA_CONSUME', 'VALUE_CONVERTER', 'drop'],
    ]);
    const [good, bad, gone] = records;
    expect(good!.origin).toEqual({ topic, partition: 0, offset: 0, timestamp: '2023-11-14T22:13:20.000Z' });
    expect(good!.steps[1]!.record).toMatchObject({ topic, key: 'k0', value: { card: '4111' } });
    expect(good!.steps[3]!.record!.value).toMatchObject({ card: '' });
    expect(bad!.steps[0]!.wire!.value).toEqual({ bytes: 7, text: 'no json' });
    expect(bad!.steps[1]!.error!.message).toMatch(/JSON/i);
    expect(gone!.steps[2]!.dropped).toBe(true);
  });

  it('keeps integers exact', async () => {
    const topic = await kafka.topic();
    await produce(topic, ['{"id":9007199254740993}']);
    const response = await fetch(`${api.url}/api/v1/preview`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ config: sink(topic) }),
    });
    expect(await response.text()).toContain('"value":{"id":9007199254740993}');
  });

  it('reads the newest, the oldest, or from an offset or time on', async () => {
    const topic = await kafka.topic();
    await produce(
      topic,
      Array.from({ length: 30 }, (_, i) => `{"n":${i}}`),
    );
    const offsets = async (more: object) =>
      (await look(sink(topic), more)).records.map(({ origin }) => origin['offset']);
    const from = (low: number, count: number) => Array.from({ length: count }, (_, i) => low + i);
    expect(await offsets({})).toEqual(from(20, 10));
    expect(await offsets({ from: 'earliest', count: 3 })).toEqual(from(0, 3));
    expect(await offsets({ from: { offset: 7 }, count: 2 })).toEqual(from(7, 2));
    expect(await offsets({ from: { timestamp: 1_700_000_000_012 }, count: 2 })).toEqual(from(12, 2));
    expect(await offsets({ from: { offset: 99 } })).toEqual([]);
  });

  it('joins no group, and says what it cannot read', async () => {
    const topic = await kafka.topic();
    await produce(topic, ['{}']);
    const name = uniqueName('c');
    await api.ask('POST', '/connectors', { name, config: sink(topic, { name }), initial_state: 'STOPPED' });
    const { status, json } = await api.ask('POST', `/api/v1/connectors/${name}/preview`, { count: 1 });
    expect([status, json.records.length]).toEqual([200, 1]);
    expect(await kafka.kafka.committed(`connect-${name}`, null)).toEqual([]);
    expect(readdirSync(dir)).not.toContain(`${topic}.txt`);
    const missing = await api.ask('POST', '/api/v1/preview', { config: sink(uniqueName('missing')) });
    expect([missing.status, missing.json.code]).toEqual([404, 'NOT_FOUND']);
  });

  it('refuses what it does not understand', async () => {
    const ask = async (body: unknown) => {
      const { status, json } = await api.ask('POST', '/api/v1/preview', body);
      return [status, json.message];
    };
    expect(await ask({})).toEqual([400, 'config must be an object of keys and their values']);
    expect(await ask({ config: {}, counts: 1 })).toEqual([
      400,
      expect.stringMatching(/^counts is no member/),
    ]);
    expect(await ask({ config: {}, count: 0 })).toEqual([400, 'count must be an integer from 1 to 100']);
    expect(await ask({ config: {}, from: 'now' })).toEqual([400, expect.stringMatching(/^from must be/)]);
    expect(await ask({ config: {} })).toEqual([400, 'The configuration has no connector.class']);
    expect(await ask([])).toEqual([400, 'The body must be a JSON object']);
  });
});

describe('a preview of a source', () => {
  it('reads on from the stored offsets and leaves no trace', async () => {
    const file = path.join(dir, 'lines.txt');
    writeFileSync(file, 'one\ntwo\n');
    const topic = await kafka.topic();
    const name = uniqueName('c');
    const hoist = {
      transforms: 'wrap',
      'transforms.wrap.type': 'org.apache.kafka.connect.transforms.HoistField$Value',
      'transforms.wrap.field': 'line',
    };
    await api.ask('PUT', `/connectors/${name}/config`, {
      name,
      'connector.class': 'FileStreamSource',
      file,
      topic,
      ...hoist,
    });
    await waitFor(async () => (await endOf(topic)) === 2);
    await waitFor(
      async () => (await api.ask('GET', `/connectors/${name}/offsets`)).json.offsets.length === 1,
    );
    await api.ask('PUT', `/connectors/${name}/stop`);
    writeFileSync(file, 'one\ntwo\nthree\nfour\n');
    const before = (await api.ask('GET', `/connectors/${name}/offsets`)).json;
    for (let again = 0; again < 2; again++) {
      const { status, json } = await api.ask<Shown>('POST', `/api/v1/connectors/${name}/preview`);
      expect(status).toBe(200);
      expect(json.records.map(({ steps }) => steps.map(({ stage }) => stage))).toEqual([
        ['TASK_POLL', 'TRANSFORMATION', 'VALUE_CONVERTER'],
        ['TASK_POLL', 'TRANSFORMATION', 'VALUE_CONVERTER'],
      ]);
      const [three] = json.records;
      expect(three!.origin).toMatchObject({ sourcePartition: { filename: file } });
      expect(three!.steps[0]!.record).toMatchObject({ value: 'three', valueSchema: 'string' });
      expect(three!.steps[2]!.wire!.value).toEqual({ bytes: 16, json: { line: 'three' } });
    }
    expect((await api.ask('GET', `/connectors/${name}/offsets`)).json).toEqual(before);
    expect(await endOf(topic)).toBe(2);
  });

  it('moves no files', async () => {
    const incoming = path.join(dir, 'incoming');
    mkdirSync(incoming);
    writeFileSync(path.join(incoming, 'a.csv'), 'id,name\n1,ada\n2,bob\n');
    const config = {
      name: uniqueName('c'),
      'connector.class': 'directory-source',
      path: incoming,
      topic: 't',
      cleanup: 'move',
      'move.to': path.join(dir, 'done'),
      'file.idle.ms': '0',
    };
    const { status, json } = await api.ask<Shown>('POST', '/api/v1/preview', { config, count: 5 });
    expect(status).toBe(200);
    expect(json.records.map(({ steps }) => steps[0]!.record!.value)).toEqual([
      { id: 1, name: 'ada' },
      { id: 2, name: 'bob' },
    ]);
    expect(readdirSync(incoming)).toEqual(['a.csv']);
    expect(readdirSync(dir)).not.toContain('done');
  });

  it('looks schemas up and registers none', async () => {
    const registry = await createRegistry((await stackAddresses()).kafka, kafka.topicName());
    await registry.start();
    try {
      const file = path.join(dir, 'avro.txt');
      writeFileSync(file, 'one\n');
      const topic = kafka.topicName();
      const config = {
        name: uniqueName('c'),
        'connector.class': 'FileStreamSource',
        file,
        topic,
        'value.converter': 'io.confluent.connect.avro.AvroConverter',
        'value.converter.schema.registry.url': registry.url,
      };
      const last = async (): Promise<Step> =>
        (await api.ask<Shown>('POST', '/api/v1/preview', { config })).json.records[0]!.steps.at(-1)!;
      const unknown = await last();
      expect(unknown.stage).toBe('VALUE_CONVERTER');
      expect(unknown.error!.message).toMatch(/schema/i);
      expect(await registry.ids()).toEqual(new Set());
      const id = await registry.register(`${topic}-value`, 'string' as unknown as object);
      await waitFor(async () => (await last()).error === null);
      expect((await last()).wire!.value).toMatchObject({ schemaId: id });
    } finally {
      await registry.stop();
    }
  }, 60_000);

  it('reads a table on from its stored offset', async () => {
    const { postgres } = await stackAddresses();
    const client = new Client({ connectionString: postgres });
    await client.connect();
    const table = uniqueName('t');
    try {
      await client.query(`CREATE TABLE ${table} (id int PRIMARY KEY, at date, amount numeric(9,2))`);
      await client.query(`INSERT INTO ${table} SELECT n, '2026-01-31', n * 1.5 FROM generate_series(1, 3) n`);
      const address = new URL(postgres);
      const name = uniqueName('c');
      const topic = kafka.topicName();
      await api.ask('PUT', `/connectors/${name}/config`, {
        name,
        'connector.class': 'io.confluent.connect.jdbc.JdbcSourceConnector',
        'connection.url': `jdbc:postgresql://${address.host}${address.pathname}`,
        'connection.user': address.username,
        'connection.password': decodeURIComponent(address.password),
        mode: 'incrementing',
        'incrementing.column.name': 'id',
        query: `SELECT * FROM ${table}`,
        'topic.prefix': topic,
        'poll.interval.ms': '100',
      });
      await waitFor(async () => (await endOf(topic)) === 3, { timeoutMs: 20_000 });
      await waitFor(
        async () => (await api.ask('GET', `/connectors/${name}/offsets`)).json.offsets.length === 1,
      );
      await api.ask('PUT', `/connectors/${name}/stop`);
      await client.query(`INSERT INTO ${table} VALUES (4, '2026-02-01', 99.90)`);
      const { json } = await api.ask<Shown>('POST', `/api/v1/connectors/${name}/preview`);
      expect(json.remarks).toEqual([]);
      expect(json.records.map(({ steps }) => steps[0]!.record!.value)).toEqual([
        { id: 4, at: '2026-02-01', amount: '99.90' },
      ]);
      expect(await endOf(topic)).toBe(3);
    } finally {
      await client.query(`DROP TABLE IF EXISTS ${table}`);
      await client.end();
    }
  }, 60_000);

  it('is refused where it would take something away', async () => {
    const config = { name: uniqueName('c'), 'connector.class': 'FileStreamSource', topic: 't' };
    const { status, json } = await api.ask('POST', '/api/v1/preview', { config });
    expect(status).toBe(400);
    expect(json.message).toMatch(/without leaving a trace/);
    expect(json.hint).toMatch(/topic of its own/);
  });

  it('tells why a task gives nothing', async () => {
    const config = {
      name: uniqueName('c'),
      'connector.class': 'io.confluent.connect.jdbc.JdbcSourceConnector',
      'connection.url': 'jdbc:postgresql://127.0.0.1:1/db',
      'connection.user': 'me',
      'connection.password': 'hunter2hunter2',
      mode: 'bulk',
      query: 'SELECT 1',
      'topic.prefix': 't',
    };
    const { status, json } = await api.ask<Shown>('POST', '/api/v1/preview', { config });
    expect([status, json.records]).toEqual([200, []]);
    expect(json.remarks[0]).toMatch(/Task 0 failed: The database 127\.0\.0\.1:1\/db as me cannot be reached/);
    expect(JSON.stringify(json)).not.toContain('hunter2');
  });
});
