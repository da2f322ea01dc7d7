/** A source's topics on a real broker: created by its groups, by the broker where it says nothing, and never changed. */
import { createKafka } from '../../src/kafka';
import { NO_METRICS, SILENT, SourceRecord, STRING_SCHEMA } from '../../src/kernel';
import type { SourceConnector } from '../../src/plugin';
import { createStandalone, loadWorkerConfig, parseDocument, readConnector } from '../../src/worker';
import { openTestKafka, type TestKafka } from '../support/kafka';
import { stackAddresses, uniqueName } from '../support/stack';
import { catalogOf, linesSource } from './fakes';

let broker: TestKafka;
beforeAll(async () => {
  broker = await openTestKafka();
});
afterAll(() => broker[Symbol.asyncDispose]());

/** One record for each topic of a list. */
const spreading: SourceConnector = {
  ...linesSource,
  name: 'spreading',
  aliases: ['com.example.SpreadingSourceConnector'],
  open: async (_context, config) => {
    const topics = config.string('topic').split(' ');
    let given = false;
    return {
      poll: async () => {
        if (given) return null;
        given = true;
        return topics.map(
          (topic, n) => new SourceRecord({}, { n }, topic, null, null, null, STRING_SCHEMA, 'x'),
        );
      },
      exhausted: () => given,
      [Symbol.asyncDispose]: async () => {},
    };
  },
};

async function run(
  topics: readonly string[],
  keys: Record<string, string>,
  worker: Record<string, string> = {},
) {
  const { kafka } = await stackAddresses();
  const config = await loadWorkerConfig({
    defaults: { 'key.converter': 'Text', 'value.converter': 'Text', 'bootstrap.servers': kafka },
    arguments: { 'offset.storage.topic': `${broker.topicName()}_offsets`, ...worker },
    env: {},
  });
  const standalone = await createStandalone({
    worker: config,
    catalog: catalogOf(spreading),
    openKafka: ({ 'bootstrap.servers': servers }) =>
      createKafka({ brokers: servers!.split(','), clientId: 'test' }, { logger: SILENT }),
    logger: SILENT,
    metrics: NO_METRICS,
    once: true,
  });
  const spec = {
    name: uniqueName('c'),
    'connector.class': 'SpreadingSource',
    topic: topics.join(' '),
    ...keys,
  };
  try {
    await standalone.start([readConnector(parseDocument('c.json', JSON.stringify(spec)))]);
    await standalone.ended();
  } finally {
    await standalone.stop();
  }
}

async function found(topic: string) {
  const [view] = await broker.kafka.metadata([topic]);
  const configs = await broker.kafka.admin.topicConfigs(topic);
  return { partitions: view!.partitions.length, retention: configs.get('retention.ms') };
}

const KEYS = {
  'topic.creation.default.partitions': '2',
  'topic.creation.default.replication.factor': '-1',
  'topic.creation.groups': 'long',
  'topic.creation.long.include': '.*_dim',
  'topic.creation.long.partitions': '3',
  'topic.creation.long.retention.ms': '1234567890123',
};

test('by group, by default, and left alone where it exists', async () => {
  const [plain, existing] = [broker.topicName(), await broker.topic({ partitions: 4 })];
  const { retention } = await found(existing);
  const dimension = `${broker.topicName()}_dim`;
  try {
    await run([plain, existing, dimension], KEYS);
    expect(await found(plain)).toEqual({ partitions: 2, retention });
    expect(await found(dimension)).toEqual({ partitions: 3, retention: '1234567890123' });
    expect(await found(existing)).toEqual({ partitions: 4, retention });
  } finally {
    await broker.kafka.admin.deleteTopics([dimension]);
  }
});

test('by the broker when the connector says nothing, or the worker forbids it', async () => {
  const topic = await broker.topic({ partitions: -1, replicationFactor: -1 });
  const expected = await found(topic);
  const [silent, forbidden] = [broker.topicName(), broker.topicName()];
  await run([silent], {});
  expect(await found(silent)).toEqual(expected);
  const more = { ...KEYS, 'topic.creation.default.partitions': String(expected.partitions + 1) };
  await run([forbidden], more, { 'topic.creation.enable': 'false' });
  expect(await found(forbidden)).toEqual(expected);
});
