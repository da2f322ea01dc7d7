/** The registry on a real broker: what lands in the topic, restarts, topics it must refuse. */
import { createKafka, type KafkaPort } from '../../src/kafka';
import { type Logger, SILENT } from '../../src/kernel';
import { type RunningRegistry, startStandaloneRegistry } from '../../src/registry';
import { sendRequest } from '../support/http';
import { stackAddresses, uniqueName } from '../support/stack';
import { waitFor } from '../support/wait';

let brokers: string;
let kafka: KafkaPort;
const topics: string[] = [];
const running: RunningRegistry[] = [];

beforeAll(async () => {
  brokers = (await stackAddresses()).kafka;
  kafka = createKafka({ brokers: [brokers], clientId: 'test' }, { logger: SILENT });
});
afterEach(async () => {
  await Promise.all(running.splice(0).map((registry) => registry.close()));
});
afterAll(async () => {
  await kafka.admin.deleteTopics(topics);
  await kafka.close();
});

function newTopic(): string {
  const topic = uniqueName('schemas');
  topics.push(topic);
  return topic;
}

async function start(topic: string, logger: Logger = SILENT, more: Record<string, string> = {}) {
  const registry = await startStandaloneRegistry(
    {
      listeners: 'http://127.0.0.1:0',
      'kafkastore.bootstrap.servers': `PLAINTEXT://${brokers}`,
      'kafkastore.topic': topic,
      ...more,
    },
    { logger, prometheus: null },
  );
  running.push(registry);
  return registry;
}

async function call(registry: RunningRegistry, method: string, path: string, body?: object) {
  const reply = await sendRequest(registry.url + path, {
    method,
    ...(body && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
  });
  return reply.json<unknown>();
}

/** All records of the topic as text. */
async function readAll(topic: string): Promise<[key: string, value: string | null][]> {
  const [end] = await kafka.offsets([{ topic, partition: 0 }], 'latest');
  const reader = kafka.reader();
  reader.assign([{ topic, partition: 0, offset: 0 }]);
  const records: [string, string | null][] = [];
  while ((reader.position({ topic, partition: 0 }) ?? 0) < end!.offset) {
    for (const batch of await reader.next(1000)) {
      const cursor = batch.records();
      while (cursor.next()) records.push([cursor.key!.toString(), cursor.value?.toString() ?? null]);
    }
  }
  await reader.close();
  return records;
}

it('keeps everything in a compacted topic, byte for byte, and has it back after a restart', async () => {
  const topic = newTopic();
  const warnings: object[] = [];
  const first = await start(topic, { ...SILENT, warn: (fields) => warnings.push(fields) });
  await first.ready;
  // One broker cannot hold three copies.
  expect(warnings).toContainEqual({ topic, wished: 3, copies: 1 });
  expect((await kafka.admin.topicConfigs(topic)).get('cleanup.policy')).toBe('compact');

  const post = (subject: string, schema: string, more: object = {}) =>
    call(first, 'POST', `/subjects/${encodeURIComponent(subject)}/versions`, { schema, ...more });
  expect(await post('orders-value', '{"type":"string"}')).toMatchObject({ id: 1, version: 1 });
  expect(await post('orders-value', '"bytes"')).toMatchObject({ id: 2, version: 2 });
  expect(await post('a/b', '"string"')).toMatchObject({ id: 1, version: 1 });
  await call(first, 'PUT', '/config', { compatibility: 'full' });
  await call(first, 'PUT', '/config/orders-value', { compatibility: 'none' });
  await call(first, 'PUT', '/mode/a%2Fb', { mode: 'READONLY' });
  await call(first, 'DELETE', '/subjects/orders-value/versions/1');
  await call(first, 'DELETE', '/subjects/orders-value/versions/1?permanent=true');
  await call(first, 'DELETE', '/subjects/orders-value');
  expect(await readAll(topic)).toEqual([
    ['{"keytype":"NOOP","magic":0}', null],
    [
      '{"keytype":"SCHEMA","subject":"orders-value","version":1,"magic":1}',
      '{"subject":"orders-value","version":1,"id":1,"schema":"\\"string\\"","deleted":false}',
    ],
    [
      '{"keytype":"SCHEMA","subject":"orders-value","version":2,"magic":1}',
      '{"subject":"orders-value","version":2,"id":2,"schema":"\\"bytes\\"","deleted":false}',
    ],
    [
      '{"keytype":"SCHEMA","subject":"a/b","version":1,"magic":1}',
      '{"subject":"a/b","version":1,"id":1,"schema":"\\"string\\"","deleted":false}',
    ],
    ['{"keytype":"CONFIG","magic":0}', '{"compatibilityLevel":"FULL"}'],
    [
      '{"keytype":"CONFIG","subject":"orders-value","magic":0}',
      '{"subject":"orders-value","compatibilityLevel":"NONE"}',
    ],
    ['{"keytype":"MODE","subject":"a/b","magic":0}', '{"subject":"a/b","mode":"READONLY"}'],
    [
      '{"keytype":"SCHEMA","subject":"orders-value","version":1,"magic":1}',
      '{"subject":"orders-value","version":1,"id":1,"schema":"\\"string\\"","deleted":true}',
    ],
    ['{"keytype":"SCHEMA","subject":"orders-value","version":1,"magic":1}', null],
    [
      '{"keytype":"DELETE_SUBJECT","subject":"orders-value","magic":0}',
      '{"subject":"orders-value","version":2}',
    ],
  ]);

  const paths = [
    '/subjects',
    '/schemas?deleted=true',
    '/schemas/ids/1',
    '/schemas/ids/2',
    '/config',
    '/config/orders-value',
    '/mode/a%2Fb',
    '/v1/metadata/id',
  ];
  const look = (registry: RunningRegistry) => Promise.all(paths.map((path) => call(registry, 'GET', path)));
  const before = await look(first);
  expect(before[0]).toEqual(['a/b']);
  await first.close();

  const second = await start(topic);
  await second.ready;
  expect(await look(second)).toEqual(before);
  expect(await call(second, 'POST', '/subjects/orders-value/versions', { schema: '"double"' })).toMatchObject(
    { id: 3, version: 3 },
  );
});

it('shares a topic with another registry', async () => {
  const topic = newTopic();
  const [one, two] = [await start(topic), await start(topic)];
  await Promise.all([one.ready, two.ready]);
  const results = await Promise.all(
    ['"int"', '"long"', '"float"', '"double"'].flatMap((schema, i) =>
      [one, two].map((registry) =>
        call(registry, 'POST', `/subjects/s${i}/versions`, { schema }).then(
          (reply) => (reply as { id: number }).id,
        ),
      ),
    ),
  );
  await waitFor(async () => {
    const [left, right] = await Promise.all([one, two].map((registry) => call(registry, 'GET', '/schemas')));
    return JSON.stringify(left) === JSON.stringify(right) && (left as unknown[]).length === 4;
  });
  const versions = (await call(one, 'GET', '/schemas')) as { id: number; version: number }[];
  expect(versions.map(({ version }) => version)).toEqual([1, 1, 1, 1]);
  expect(new Set(versions.map(({ id }) => id)).size).toBe(4);
  // Both were told the id that stands.
  expect(results).toEqual(versions.flatMap(({ id }) => [id, id]));
});

it('refuses a topic from which Kafka would delete schemas', async () => {
  const topic = newTopic();
  await kafka.admin.createTopic({ topic, partitions: 1, configs: { 'cleanup.policy': 'delete' } });
  const registry = await start(topic);
  await expect(registry.ready).rejects.toThrow('cleanup.policy=delete');
  const ready = await sendRequest(`${registry.url}/ready`);
  expect([ready.status, ready.text]).toEqual([503, expect.stringContaining('must be exactly')]);
});

it('refuses a topic of several partitions', async () => {
  const topic = newTopic();
  await kafka.admin.createTopic({ topic, partitions: 2, configs: { 'cleanup.policy': 'compact' } });
  await expect((await start(topic)).ready).rejects.toThrow('2 partitions');
});

it('can be closed while it waits for Kafka', async () => {
  const registry = await start(newTopic(), SILENT, { 'kafkastore.bootstrap.servers': '127.0.0.1:1' });
  await waitFor(() => registry.waitingFor()[0]?.includes('127.0.0.1:1'));
  await registry.close();
  await expect(registry.ready).rejects.toThrow();
});

it('tells keys it does not know, and those it has no use for', async () => {
  const lines: [object, string][] = [];
  const logger = {
    ...SILENT,
    warn: (fields: object, message: string) => lines.push([fields, message]),
    info: (fields: object, message: string) => lines.push([fields, message]),
  };
  await start(newTopic(), logger, { debug: 'false', 'kafkastore.securty.protocol': 'SSL' });
  expect(lines).toContainEqual([{ keys: ['debug'] }, 'Keys that have no meaning here']);
  expect(lines).toContainEqual([
    { key: 'kafkastore.securty.protocol' },
    expect.stringContaining('Did you mean kafkastore.security.protocol?'),
  ]);
});
