/** Topic configs: what is taken, what is refused in which words, and where defaults come from. */
import { brokerConfig, checkBrokerConfigs } from '../../../src/devbroker/topics/broker-configs';
import {
  logConfig,
  normalizeOverrides,
  TOPIC_CONFIGS,
  topicDefault,
} from '../../../src/devbroker/topics/config';
import { normalizeConfig } from '../../../src/devbroker/topics/config-value';

const NONE = new Map<string, string>();
const normalize = (configs: Record<string, string>) =>
  Object.fromEntries(normalizeOverrides(Object.entries(configs), NONE));

describe('values', () => {
  it.each([
    ['cleanup.policy', ' compact , delete ', 'compact,delete'],
    ['cleanup.policy', '', ''],
    ['retention.ms', '+5', '5'],
    ['max.message.bytes', '007', '7'],
    ['flush.ms', '9223372036854775807', '9223372036854775807'],
    ['min.cleanable.dirty.ratio', '.50', '0.5'],
    ['min.cleanable.dirty.ratio', '1', '1.0'],
    ['preallocate', 'TRUE', 'true'],
    ['compression.gzip.level', '-1', '-1'],
    ['leader.replication.throttled.replicas', '*', '*'],
    ['leader.replication.throttled.replicas', '0:1,1:2', '0:1,1:2'],
    ['internal.segment.bytes', '100', '100'],
  ])('%s: "%s" is shown as "%s"', (name, given, shown) => {
    expect(normalize({ [name]: given })).toEqual({ [name]: shown });
  });

  it.each([
    ['retention.ms', 'abc', 'abc', 'Not a number of type LONG'],
    ['retention.ms', '1.5', '1.5', 'Not a number of type LONG'],
    ['retention.ms', '9223372036854775808', '9223372036854775808', 'Not a number of type LONG'],
    ['retention.ms', '-2', '-2', 'Value must be at least -1'],
    ['max.message.bytes', '2147483648', '2147483648', 'Not a number of type INT'],
    ['max.message.bytes', '', '', 'Not a number of type INT'],
    ['segment.bytes', '1048575', '1048575', 'Value must be at least 1048576'],
    ['min.cleanable.dirty.ratio', '2', '2.0', 'Value must be no more than 1'],
    ['min.cleanable.dirty.ratio', 'x', 'x', 'Not a number of type DOUBLE'],
    ['preallocate', 'yes', 'yes', 'Expected value to be either true or false'],
    ['cleanup.policy', 'delete,x', 'x', 'String must be one of: compact, delete'],
    ['cleanup.policy', 'COMPACT', 'COMPACT', 'String must be one of: compact, delete'],
    ['compression.gzip.level', '0', '0', 'Value must be between 1 and 9 or equal to -1'],
    ['compression.zstd.level', '23', '23', 'Value must be no more than 22'],
    [
      'compression.type',
      'none',
      'none',
      'String must be one of: uncompressed, zstd, lz4, snappy, gzip, producer',
    ],
  ])('%s: "%s" is refused', (name, given, value, reason) => {
    const message = `Invalid value ${value} for configuration ${name}: ${reason}`;
    expect(() => normalize({ [name]: given })).toThrow(expect.objectContaining({ code: 40, message }));
  });

  it('an unknown name is told before a wrong value', () => {
    expect(() => normalize({ 'retention.ms': 'x', foo: '1' })).toThrow('Unknown topic config name: foo');
  });

  it('throttled replicas are a list of pairs, or all', () => {
    expect(() => normalize({ 'follower.replication.throttled.replicas': '1,2' })).toThrow(
      "Invalid value [1, 2] for configuration follower.replication.throttled.replicas: follower.replication.throttled.replicas must be the literal '*' or",
    );
  });

  it('the least compaction lag must not be above the most', () => {
    expect(() => normalize({ 'min.compaction.lag.ms': '100', 'max.compaction.lag.ms': '50' })).toThrow(
      'conflict topic config setting min.compaction.lag.ms (100) > max.compaction.lag.ms (50)',
    );
  });

  it('tiered storage cannot be switched on', () => {
    expect(() => normalize({ 'remote.storage.enable': 'true' })).toThrow('Tiered Storage');
  });
});

it('every default is a value that is taken, as it is shown', () => {
  for (const key of TOPIC_CONFIGS.values()) expect(normalizeConfig(key, key.fallback)).toBe(key.fallback);
});

describe('defaults of the broker', () => {
  const retention = (configs: Record<string, string>) =>
    topicDefault(TOPIC_CONFIGS.get('retention.ms')!, checkBrokerConfigs(configs));

  it('are converted; the finest unit counts', () => {
    expect(retention({})).toBe('604800000');
    expect(retention({ 'log.retention.hours': '2' })).toBe('7200000');
    expect(retention({ 'log.retention.hours': '2', 'log.retention.minutes': '3' })).toBe('180000');
    expect(retention({ 'log.retention.minutes': '3', 'log.retention.ms': '4' })).toBe('4');
    expect(retention({ 'log.retention.hours': '-1' })).toBe('-1');
  });

  it('reach the log; what is set on the topic counts more', () => {
    const broker = checkBrokerConfigs({
      'message.max.bytes': '5',
      'log.roll.hours': '1',
      'log.cleanup.policy': 'compact',
      'log.segment.bytes': '2000000',
    });
    const overrides = new Map([
      ['max.message.bytes', '6'],
      ['compression.type', 'uncompressed'],
      ['message.timestamp.type', 'LogAppendTime'],
      ['retention.ms', '-1'],
    ]);
    expect(logConfig(overrides, broker)).toMatchObject({
      maxMessageBytes: 6,
      segmentMs: 3_600_000,
      segmentBytes: 2_000_000,
      cleanup: { compact: true, delete: false },
      compression: 'none',
      timestampType: 'append',
      retentionMs: -1,
      retentionBytes: -1,
    });
    const tiny = logConfig(new Map([['internal.segment.bytes', '100']]), broker);
    expect(tiny.segmentBytes).toBe(100);
  });

  it('an unknown or wrong broker config is an error that names it', () => {
    expect(() => checkBrokerConfigs({ 'num.partition': '3' })).toThrow(
      'The dev broker has no config "num.partition"',
    );
    expect(() => checkBrokerConfigs({ 'num.partitions': '0' })).toThrow(
      'Invalid value 0 for configuration num.partitions: Value must be at least 1',
    );
  });

  it('what was not set has the default of Kafka', () => {
    expect(brokerConfig(NONE, 'group.min.session.timeout.ms')).toBe('6000');
    expect(brokerConfig(new Map([['num.partitions', '4']]), 'num.partitions')).toBe('4');
    expect(brokerConfig(NONE, 'log.retention.ms')).toBeNull();
  });
});
