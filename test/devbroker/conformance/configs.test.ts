/** Describing configs; ACLs of a broker without an authorizer. */
import { createAcl, deleteAcls, describeAcls, describeConfigs, RESOURCE, SOURCE } from './admin-requests';
import { ConfigClient } from './config-client';
import { conformance, scenario } from './harness';

const UNKNOWN_TOPIC = 3;
const INVALID_TOPIC = 17;
const INVALID_REQUEST = 42;
const SECURITY_DISABLED = 54;

/** Those whose defaults no set-up of ours touches. */
const DEFAULTS = {
  'cleanup.policy': 'delete',
  'compression.type': 'producer',
  'delete.retention.ms': '86400000',
  'max.compaction.lag.ms': '9223372036854775807',
  'max.message.bytes': '1048588',
  'message.timestamp.after.max.ms': '3600000',
  'message.timestamp.before.max.ms': '9223372036854775807',
  'message.timestamp.type': 'CreateTime',
  'min.cleanable.dirty.ratio': '0.5',
  'min.compaction.lag.ms': '0',
  'retention.bytes': '-1',
  'segment.bytes': '1073741824',
  'segment.ms': '604800000',
};

conformance('configs', (target) => {
  const client = new ConfigClient(target);

  scenario('defaults of a topic', async () => {
    const topic = await target.topic();
    const { error, message, type, name, configs } = await client.describe(topic, Object.keys(DEFAULTS));
    expect({ error, message, type, name }).toEqual({
      error: 0,
      message: '',
      type: RESOURCE.topic,
      name: topic,
    });
    expect(Object.fromEntries(configs.map((each) => [each.name, each.value]))).toEqual(DEFAULTS);
    for (const config of configs) {
      expect(config).toMatchObject({
        readOnly: false,
        source: SOURCE.default,
        sensitive: false,
        synonyms: [],
      });
    }
  });

  scenario('one replica in sync is enough', async () => {
    const topic = await target.topic();
    // Where the value comes from differs: Kafka keeps it with the cluster since it may elect other than in-sync leaders.
    expect(await client.config(topic, 'min.insync.replicas')).toMatchObject({ value: '1', readOnly: false });
  });

  scenario('all configs of a topic', async () => {
    const topic = await target.topic();
    const { configs } = await client.describe(topic);
    expect(configs.map(({ name }) => name).sort()).toEqual([
      'cleanup.policy',
      'compression.gzip.level',
      'compression.lz4.level',
      'compression.type',
      'compression.zstd.level',
      'delete.retention.ms',
      'file.delete.delay.ms',
      'flush.messages',
      'flush.ms',
      'follower.replication.throttled.replicas',
      'index.interval.bytes',
      'leader.replication.throttled.replicas',
      'local.retention.bytes',
      'local.retention.ms',
      'max.compaction.lag.ms',
      'max.message.bytes',
      'message.timestamp.after.max.ms',
      'message.timestamp.before.max.ms',
      'message.timestamp.type',
      'min.cleanable.dirty.ratio',
      'min.compaction.lag.ms',
      'min.insync.replicas',
      'preallocate',
      'remote.log.copy.disable',
      'remote.log.delete.on.disable',
      'remote.storage.enable',
      'retention.bytes',
      'retention.ms',
      'segment.bytes',
      'segment.index.bytes',
      'segment.jitter.ms',
      'segment.ms',
      'unclean.leader.election.enable',
    ]);
  });

  scenario('only the names that were asked for, unknown ones left out', async () => {
    const topic = await target.topic();
    const { error, configs } = await client.describe(topic, ['segment.ms', 'no.such.config']);
    expect(error).toBe(0);
    expect(configs.map(({ name }) => name)).toEqual(['segment.ms']);
  });

  scenario('synonyms of a default', async () => {
    const topic = await target.topic();
    const config = await client.config(topic, 'max.message.bytes', true);
    expect(config.synonyms).toEqual([
      { name: 'message.max.bytes', value: '1048588', source: SOURCE.default },
    ]);
  });

  scenario('synonyms of a value that was set', async () => {
    const topic = await target.topic({ configs: { 'max.message.bytes': '5000' } });
    const config = await client.config(topic, 'max.message.bytes', true);
    expect(config).toEqual({
      name: 'max.message.bytes',
      value: '5000',
      readOnly: false,
      source: SOURCE.topic,
      sensitive: false,
      synonyms: [
        { name: 'max.message.bytes', value: '5000', source: SOURCE.topic },
        { name: 'message.max.bytes', value: '1048588', source: SOURCE.default },
      ],
    });
  });

  scenario('version 1 describes the same', async () => {
    const topic = await target.topic({ configs: { 'segment.ms': '1000' } });
    const { configs } = await client.describe(topic, ['segment.ms'], { version: 1 });
    expect(configs).toMatchObject([{ name: 'segment.ms', value: '1000', source: SOURCE.topic }]);
  });

  scenario('configs of an unknown topic', async () => {
    const topic = target.name();
    expect(await client.describe(topic)).toEqual({
      error: UNKNOWN_TOPIC,
      message: '',
      type: RESOURCE.topic,
      name: topic,
      configs: [],
    });
  });

  scenario('configs of a topic whose name is not allowed', async () => {
    expect(await client.describe('with space')).toMatchObject({ error: INVALID_TOPIC, configs: [] });
  });

  scenario('configs of the broker', async () => {
    const keys = ['message.max.bytes', 'log.segment.bytes', 'compression.type', 'log.cleanup.policy'];
    const name = String(await client.nodeId());
    const answer = await client.send(describeConfigs([{ type: RESOURCE.broker, name, keys }]));
    const [resource] = answer.resources;
    expect(resource).toMatchObject({ error: 0, message: '', type: RESOURCE.broker, name });
    const configs = resource!.configs.map((each) => [each.name, each.value, each.source, each.readOnly]);
    expect(configs.sort()).toEqual([
      ['compression.type', 'producer', SOURCE.default, false],
      ['log.cleanup.policy', 'delete', SOURCE.default, false],
      ['log.segment.bytes', '1073741824', SOURCE.default, false],
      ['message.max.bytes', '1048588', SOURCE.default, false],
    ]);
  });

  scenario('configs of a broker that is another one or none', async () => {
    const describeBroker = async (name: string) =>
      (await client.send(describeConfigs([{ type: RESOURCE.broker, name }]))).resources[0]!;
    const id = await client.nodeId();
    expect(await describeBroker('77')).toMatchObject({
      error: INVALID_REQUEST,
      message: `Unexpected broker id, expected ${id} or empty string, but received 77`,
      configs: [],
    });
    expect(await describeBroker('one')).toMatchObject({
      error: INVALID_REQUEST,
      message: 'Broker id must be an integer, but it is: one',
    });
  });

  scenario('ACLs without an authorizer', async () => {
    const topic = target.name();
    const message = 'No Authorizer is configured.';
    expect(await client.send(describeAcls())).toMatchObject({
      error: SECURITY_DISABLED,
      message: 'No Authorizer is configured on the broker',
      resources: 0,
    });
    const created = await client.send(createAcl(topic));
    expect(created.results).toEqual([{ error: SECURITY_DISABLED, message }]);
    const deleted = await client.send(deleteAcls(topic));
    expect(deleted.results).toEqual([{ error: SECURITY_DISABLED, message }]);
  });
});
