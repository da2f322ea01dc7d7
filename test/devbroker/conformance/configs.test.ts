/** Describing and changing configs; ACLs of a broker without an authorizer. */
import { alterTopicConfigsRequest } from '../../../src/kafka/wire/incremental-alter-configs';
import { waitFor } from '../../support/wait';
import {
  alterConfigs,
  createAcl,
  type DescribedConfig,
  deleteAcls,
  describeAcls,
  describeConfigs,
  incrementalAlterConfigs,
  OPERATION,
  RESOURCE,
  SOURCE,
} from './admin-requests';
import { batchOf } from './batches';
import { Client } from './client';
import { conformance, scenario } from './harness';

const UNKNOWN_TOPIC = 3;
const INVALID_TOPIC = 17;
const INVALID_CONFIG = 40;
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
  const client = new Client(target);

  async function describeTopic(
    name: string,
    keys: readonly string[] | null = null,
    options: { synonyms?: boolean; version?: number } = {},
  ) {
    const answer = await client.send(describeConfigs([{ type: RESOURCE.topic, name, keys }], options));
    expect(answer.resources).toHaveLength(1);
    return answer.resources[0]!;
  }

  async function configOf(topic: string, key: string, synonyms = false): Promise<DescribedConfig> {
    const { configs } = await describeTopic(topic, [key], { synonyms });
    return configs[0]!;
  }

  /** A broker applies changed configs some time after the answer. */
  const whenSet = (topic: string, key: string, value: string) =>
    waitFor(async () => (await configOf(topic, key)).value === value, { what: `${key} ${value}` });

  type Change = readonly [name: string, operation: number, value: string | null];

  async function change(topic: string, ...configs: Change[]): Promise<[number, string | null]> {
    const answer = await client.send(incrementalAlterConfigs([{ name: topic, configs }]));
    expect(answer.resources).toMatchObject([{ type: RESOURCE.topic, name: topic }]);
    return [answer.resources[0]!.error, answer.resources[0]!.message];
  }

  async function replace(
    topic: string,
    ...configs: (readonly [string, string | null])[]
  ): Promise<[number, string | null]> {
    const answer = await client.send(alterConfigs([{ name: topic, configs }]));
    return [answer.resources[0]!.error, answer.resources[0]!.message];
  }

  scenario('defaults of a topic', async () => {
    const topic = await target.topic();
    const { error, message, type, name, configs } = await describeTopic(topic, Object.keys(DEFAULTS));
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
    expect(await configOf(topic, 'min.insync.replicas')).toMatchObject({ value: '1', readOnly: false });
  });

  scenario('all configs of a topic', async () => {
    const topic = await target.topic();
    const { configs } = await describeTopic(topic);
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
    const { error, configs } = await describeTopic(topic, ['segment.ms', 'no.such.config']);
    expect(error).toBe(0);
    expect(configs.map(({ name }) => name)).toEqual(['segment.ms']);
  });

  scenario('synonyms of a default', async () => {
    const topic = await target.topic();
    const config = await configOf(topic, 'max.message.bytes', true);
    expect(config.synonyms).toEqual([
      { name: 'message.max.bytes', value: '1048588', source: SOURCE.default },
    ]);
  });

  scenario('synonyms of a value that was set', async () => {
    const topic = await target.topic({ configs: { 'max.message.bytes': '5000' } });
    const config = await configOf(topic, 'max.message.bytes', true);
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
    const { configs } = await describeTopic(topic, ['segment.ms'], { version: 1 });
    expect(configs).toMatchObject([{ name: 'segment.ms', value: '1000', source: SOURCE.topic }]);
  });

  scenario('configs of an unknown topic', async () => {
    const topic = target.name();
    expect(await describeTopic(topic)).toEqual({
      error: UNKNOWN_TOPIC,
      message: '',
      type: RESOURCE.topic,
      name: topic,
      configs: [],
    });
  });

  scenario('configs of a topic whose name is not allowed', async () => {
    expect(await describeTopic('with space')).toMatchObject({ error: INVALID_TOPIC, configs: [] });
  });

  scenario('set changes one config and leaves the others alone', async () => {
    const topic = await target.topic({ configs: { 'segment.ms': '1000' } });
    expect(await change(topic, ['max.message.bytes', OPERATION.set, '300'])).toEqual([0, null]);
    await whenSet(topic, 'max.message.bytes', '300');
    expect(await configOf(topic, 'segment.ms')).toMatchObject({ value: '1000', source: SOURCE.topic });
  });

  scenario('a changed config is in force', async () => {
    const topic = await target.topic();
    await client.append(topic, ['x'.repeat(500)]);
    await change(topic, ['max.message.bytes', OPERATION.set, '300']);
    await waitFor(async () => (await client.produce(topic, batchOf(['x'.repeat(500)]))).error === 10);
    await change(topic, ['max.message.bytes', OPERATION.delete, null]);
    await waitFor(async () => (await client.produce(topic, batchOf(['x'.repeat(500)]))).error === 0);
  });

  scenario('delete resets a config to its default', async () => {
    const topic = await target.topic({ configs: { 'segment.ms': '1000', 'max.message.bytes': '300' } });
    expect(await change(topic, ['segment.ms', OPERATION.delete, null])).toEqual([0, null]);
    await whenSet(topic, 'segment.ms', '604800000');
    expect(await configOf(topic, 'segment.ms')).toMatchObject({ source: SOURCE.default });
    expect(await configOf(topic, 'max.message.bytes')).toMatchObject({ value: '300', source: SOURCE.topic });
  });

  scenario('deleting a config that was not set is no error', async () => {
    const topic = await target.topic();
    expect(await change(topic, ['segment.ms', OPERATION.delete, null])).toEqual([0, null]);
  });

  scenario('append and subtract work on lists', async () => {
    const topic = await target.topic();
    expect(await change(topic, ['cleanup.policy', OPERATION.append, 'compact'])).toEqual([0, null]);
    await whenSet(topic, 'cleanup.policy', 'delete,compact');
    expect(await change(topic, ['cleanup.policy', OPERATION.append, 'compact'])).toEqual([0, null]);
    await whenSet(topic, 'cleanup.policy', 'delete,compact');
    expect(await change(topic, ['cleanup.policy', OPERATION.subtract, 'delete'])).toEqual([0, null]);
    await whenSet(topic, 'cleanup.policy', 'compact');
  });

  scenario('append to what is no list', async () => {
    const topic = await target.topic();
    expect(await change(topic, ['segment.ms', OPERATION.append, '5'])).toEqual([
      INVALID_CONFIG,
      "Can't APPEND to key segment.ms because its type is not LIST.",
    ]);
    expect(await change(topic, ['segment.ms', OPERATION.subtract, '5'])).toEqual([
      INVALID_CONFIG,
      "Can't SUBTRACT to key segment.ms because its type is not LIST.",
    ]);
  });

  scenario('an operation that does not exist', async () => {
    const topic = await target.topic();
    const [error] = await change(topic, ['segment.ms', 9, '5']);
    // Kafka fails over it.
    expect(error).toBe(-1);
  });

  scenario('set without a value', async () => {
    const topic = await target.topic();
    expect(await change(topic, ['segment.ms', OPERATION.set, null])).toEqual([
      INVALID_REQUEST,
      'Null value not supported for : segment.ms',
    ]);
  });

  scenario('the same config twice', async () => {
    const topic = await target.topic();
    expect(
      await change(topic, ['segment.ms', OPERATION.set, '1'], ['segment.ms', OPERATION.set, '2']),
    ).toEqual([INVALID_REQUEST, 'Error due to duplicate config keys']);
  });

  scenario('a config that does not exist', async () => {
    const topic = await target.topic();
    expect(await change(topic, ['no.such.config', OPERATION.set, '1'])).toEqual([
      INVALID_CONFIG,
      'Unknown topic config name: no.such.config',
    ]);
    expect(await replace(topic, ['no.such.config', '1'])).toEqual([
      INVALID_CONFIG,
      'Unknown topic config name: no.such.config',
    ]);
  });

  scenario('values that are not allowed change nothing', async () => {
    const topic = await target.topic();
    const changes: Change[] = [
      ['max.message.bytes', OPERATION.set, '300'],
      ['segment.ms', OPERATION.set, '0'],
    ];
    expect(await change(topic, ...changes)).toEqual([
      INVALID_CONFIG,
      'Invalid value 0 for configuration segment.ms: Value must be at least 1',
    ]);
    expect(await configOf(topic, 'max.message.bytes')).toMatchObject({ source: SOURCE.default });
    expect(await change(topic, ['cleanup.policy', OPERATION.set, 'burn'])).toEqual([
      INVALID_CONFIG,
      'Invalid value burn for configuration cleanup.policy: String must be one of: compact, delete',
    ]);
    expect(await change(topic, ['retention.ms', OPERATION.set, 'a week'])).toEqual([
      INVALID_CONFIG,
      'Invalid value a week for configuration retention.ms: Not a number of type LONG',
    ]);
  });

  scenario('changing a topic that does not exist', async () => {
    const topic = target.name();
    const refusal = [UNKNOWN_TOPIC, `The topic '${topic}' does not exist.`];
    expect(await change(topic, ['segment.ms', OPERATION.set, '1000'])).toEqual(refusal);
    expect(await replace(topic, ['segment.ms', '1000'])).toEqual(refusal);
  });

  scenario('the same topic twice in one request', async () => {
    const topic = await target.topic();
    const resource = { name: topic, configs: [['segment.ms', OPERATION.set, '1000']] as Change[] };
    const answer = await client.send(incrementalAlterConfigs([resource, resource]));
    const refusal = [INVALID_REQUEST, 'Each resource must appear at most once.'];
    expect(answer.resources.map(({ error, message }) => [error, message])).toEqual([refusal, refusal]);
  });

  scenario('only validated: nothing changes', async () => {
    const topic = await target.topic();
    const configs = [['max.message.bytes', OPERATION.set, '300']] as const;
    const answer = await client.send(incrementalAlterConfigs([{ name: topic, configs }], true));
    expect(answer.resources).toMatchObject([{ error: 0 }]);
    const wrong = [['max.message.bytes', OPERATION.set, 'x']] as const;
    const refused = await client.send(incrementalAlterConfigs([{ name: topic, configs: wrong }], true));
    expect(refused.resources).toMatchObject([{ error: INVALID_CONFIG }]);
    expect(await configOf(topic, 'max.message.bytes')).toMatchObject({ source: SOURCE.default });
  });

  scenario('a good and a bad topic of one request', async () => {
    const [good, bad] = [await target.topic(), target.name()];
    const configs = [['segment.ms', OPERATION.set, '1000']] as const;
    const answer = await client.send(incrementalAlterConfigs([good, bad].map((name) => ({ name, configs }))));
    expect(Object.fromEntries(answer.resources.map(({ name, error }) => [name, error]))).toEqual({
      [good]: 0,
      [bad]: UNKNOWN_TOPIC,
    });
    await whenSet(good, 'segment.ms', '1000');
  });

  scenario('replacing all configs resets what is not named', async () => {
    const topic = await target.topic({ configs: { 'segment.ms': '1000', 'max.message.bytes': '300' } });
    expect(await replace(topic, ['max.message.bytes', '400'])).toEqual([0, null]);
    await whenSet(topic, 'max.message.bytes', '400');
    expect(await configOf(topic, 'segment.ms')).toMatchObject({ value: '604800000', source: SOURCE.default });
  });

  scenario('replacing with a value that is not allowed changes nothing', async () => {
    const topic = await target.topic({ configs: { 'segment.ms': '1000' } });
    expect(await replace(topic, ['max.message.bytes', 'many'])).toEqual([
      INVALID_CONFIG,
      'Invalid value many for configuration max.message.bytes: Not a number of type INT',
    ]);
    expect(await configOf(topic, 'segment.ms')).toMatchObject({ value: '1000', source: SOURCE.topic });
  });

  scenario('replacing, only validated', async () => {
    const topic = await target.topic({ configs: { 'segment.ms': '1000' } });
    const answer = await client.send(alterConfigs([{ name: topic, configs: [] }], true));
    expect(answer.resources).toMatchObject([{ error: 0, message: null }]);
    expect(await configOf(topic, 'segment.ms')).toMatchObject({ value: '1000', source: SOURCE.topic });
  });

  scenario('the port changes configs by the same request', async () => {
    const topic = await target.topic();
    const answer = await client.send(alterTopicConfigsRequest(topic, { 'segment.ms': '1000' }));
    expect(answer.resources).toEqual([{ error: 0, message: null, name: topic }]);
    await whenSet(topic, 'segment.ms', '1000');
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
    const describe = async (name: string) =>
      (await client.send(describeConfigs([{ type: RESOURCE.broker, name }]))).resources[0]!;
    const id = await client.nodeId();
    expect(await describe('77')).toMatchObject({
      error: INVALID_REQUEST,
      message: `Unexpected broker id, expected ${id} or empty string, but received 77`,
      configs: [],
    });
    expect(await describe('one')).toMatchObject({
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
