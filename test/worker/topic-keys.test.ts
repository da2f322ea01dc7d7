import { checkTopicCreation, topicCreation } from '../../src/worker/topic-keys';

const DEFAULTS = {
  'topic.creation.default.partitions': '2',
  'topic.creation.default.replication.factor': '-1',
};
const group = (name: string, keys: Record<string, string>): Record<string, string> =>
  Object.fromEntries(Object.entries(keys).map(([key, value]) => [`topic.creation.${name}.${key}`, value]));

const GROUPED = {
  ...DEFAULTS,
  'topic.creation.default.cleanup.policy': 'delete',
  'topic.creation.groups': 'compacted, wide',
  ...group('compacted', { include: '(?i)DIM_.*,lookup', exclude: '.*_log', 'cleanup.policy': 'compact' }),
  ...group('wide', { include: 'dim_.*,fact_.*', partitions: '5', 'replication.factor': '1' }),
};

describe('groups of topics', () => {
  const settings = topicCreation(GROUPED)!;
  test.each([
    ['dim_site', { partitions: 2, replicationFactor: -1, configs: { 'cleanup.policy': 'compact' } }],
    ['Dim_Site', { partitions: 2, replicationFactor: -1, configs: { 'cleanup.policy': 'compact' } }],
    ['lookup', { partitions: 2, replicationFactor: -1, configs: { 'cleanup.policy': 'compact' } }],
    ['dim_site_log', { partitions: 5, replicationFactor: 1, configs: {} }],
    ['fact_sales', { partitions: 5, replicationFactor: 1, configs: {} }],
    ['my_fact_sales', { partitions: 2, replicationFactor: -1, configs: { 'cleanup.policy': 'delete' } }],
  ])('%s', (topic, expected) => expect(settings(topic)).toEqual(expected));

  test('a connector that says nothing leaves it to the broker', () => {
    expect(topicCreation({ name: 'c' })).toBeNull();
    expect(checkTopicCreation({ name: 'c' })).toEqual([]);
  });
});

describe('what is wrong is told', () => {
  test('nothing in a good one', () => expect(checkTopicCreation(GROUPED)).toEqual([]));
  test.each<[Record<string, string>, string]>([
    [
      { 'topic.creation.default.partitions': '1' },
      'Missing required configuration "topic.creation.default.replication.factor" which has no default value.',
    ],
    [
      { ...DEFAULTS, 'topic.creation.groups': 'g' },
      'Missing required configuration "topic.creation.g.include" which has no default value.',
    ],
    [
      { ...DEFAULTS, 'topic.creation.default.partitions': '0' },
      "Invalid value 0 for configuration topic.creation.default.partitions: Number of partitions must be positive, or -1 to use the broker's default",
    ],
    [
      { ...DEFAULTS, 'topic.creation.default.replication.factor': '-2' },
      "Invalid value -2 for configuration topic.creation.default.replication.factor: Replication factor must be positive and not larger than the number of brokers in the Kafka cluster, or -1 to use the broker's default",
    ],
    [
      { ...DEFAULTS, 'topic.creation.default.replication.factor': '70000' },
      'Invalid value 70000 for configuration topic.creation.default.replication.factor: Not a number of type SHORT',
    ],
    [
      { ...DEFAULTS, 'topic.creation.groups': 'g', 'topic.creation.g.include': '(' },
      'Invalid value ( for configuration topic.creation.g.include: Syntax error in regular expression: ',
    ],
    [
      { ...DEFAULTS, 'topic.creation.h.include': 'x' },
      'Invalid value x for configuration topic.creation.h.include: topic.creation.groups does not name its group',
    ],
  ])('%j', (raw, message) => {
    const issues = checkTopicCreation(raw);
    expect(issues.map((issue) => issue.message)).toEqual([expect.stringContaining(message)]);
  });
});
