/** Changing configs: one by one, or all at once. */
import { alterTopicConfigsRequest } from '../../../src/kafka/wire/incremental-alter-configs';
import { waitFor } from '../../support/wait';
import { alterConfigs, incrementalAlterConfigs, OPERATION, SOURCE } from './admin-requests';
import { batchOf } from './batches';
import { type Change, ConfigClient } from './config-client';
import { conformance, scenario } from './harness';

const UNKNOWN_TOPIC = 3;
const INVALID_CONFIG = 40;
const INVALID_REQUEST = 42;

conformance('changed configs', (target) => {
  const client = new ConfigClient(target);

  scenario('set changes one config and leaves the others alone', async () => {
    const topic = await target.topic({ configs: { 'segment.ms': '1000' } });
    expect(await client.change(topic, ['max.message.bytes', OPERATION.set, '300'])).toEqual([0, null]);
    await client.known(topic, 'max.message.bytes', '300');
    expect(await client.config(topic, 'segment.ms')).toMatchObject({ value: '1000', source: SOURCE.topic });
  });

  scenario('a changed config is in force', async () => {
    const topic = await target.topic();
    await client.append(topic, ['x'.repeat(500)]);
    await client.change(topic, ['max.message.bytes', OPERATION.set, '300']);
    await waitFor(async () => (await client.produce(topic, batchOf(['x'.repeat(500)]))).error === 10);
    await client.change(topic, ['max.message.bytes', OPERATION.delete, null]);
    await waitFor(async () => (await client.produce(topic, batchOf(['x'.repeat(500)]))).error === 0);
  });

  scenario('delete resets a config to its default', async () => {
    const topic = await target.topic({ configs: { 'segment.ms': '1000', 'max.message.bytes': '300' } });
    expect(await client.change(topic, ['segment.ms', OPERATION.delete, null])).toEqual([0, null]);
    await client.known(topic, 'segment.ms', '604800000');
    expect(await client.config(topic, 'segment.ms')).toMatchObject({ source: SOURCE.default });
    expect(await client.config(topic, 'max.message.bytes')).toMatchObject({
      value: '300',
      source: SOURCE.topic,
    });
  });

  scenario('deleting a config that was not set is no error', async () => {
    const topic = await target.topic();
    expect(await client.change(topic, ['segment.ms', OPERATION.delete, null])).toEqual([0, null]);
  });

  scenario('append and subtract work on lists', async () => {
    const topic = await target.topic();
    expect(await client.change(topic, ['cleanup.policy', OPERATION.append, 'compact'])).toEqual([0, null]);
    await client.known(topic, 'cleanup.policy', 'delete,compact');
    expect(await client.change(topic, ['cleanup.policy', OPERATION.append, 'compact'])).toEqual([0, null]);
    await client.known(topic, 'cleanup.policy', 'delete,compact');
    expect(await client.change(topic, ['cleanup.policy', OPERATION.subtract, 'delete'])).toEqual([0, null]);
    await client.known(topic, 'cleanup.policy', 'compact');
  });

  scenario('append to what is no list', async () => {
    const topic = await target.topic();
    expect(await client.change(topic, ['segment.ms', OPERATION.append, '5'])).toEqual([
      INVALID_CONFIG,
      "Can't APPEND to key segment.ms because its type is not LIST.",
    ]);
    expect(await client.change(topic, ['segment.ms', OPERATION.subtract, '5'])).toEqual([
      INVALID_CONFIG,
      "Can't SUBTRACT to key segment.ms because its type is not LIST.",
    ]);
  });

  scenario('an operation that does not exist', async () => {
    const topic = await target.topic();
    const [error] = await client.change(topic, ['segment.ms', 9, '5']);
    // Kafka fails over it.
    expect(error).toBe(-1);
  });

  scenario('set without a value', async () => {
    const topic = await target.topic();
    expect(await client.change(topic, ['segment.ms', OPERATION.set, null])).toEqual([
      INVALID_REQUEST,
      'Null value not supported for : segment.ms',
    ]);
  });

  scenario('the same config twice', async () => {
    const topic = await target.topic();
    expect(
      await client.change(topic, ['segment.ms', OPERATION.set, '1'], ['segment.ms', OPERATION.set, '2']),
    ).toEqual([INVALID_REQUEST, 'Error due to duplicate config keys']);
  });

  scenario('a config that does not exist', async () => {
    const topic = await target.topic();
    expect(await client.change(topic, ['no.such.config', OPERATION.set, '1'])).toEqual([
      INVALID_CONFIG,
      'Unknown topic config name: no.such.config',
    ]);
    expect(await client.replace(topic, ['no.such.config', '1'])).toEqual([
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
    expect(await client.change(topic, ...changes)).toEqual([
      INVALID_CONFIG,
      'Invalid value 0 for configuration segment.ms: Value must be at least 1',
    ]);
    expect(await client.config(topic, 'max.message.bytes')).toMatchObject({ source: SOURCE.default });
    expect(await client.change(topic, ['cleanup.policy', OPERATION.set, 'burn'])).toEqual([
      INVALID_CONFIG,
      'Invalid value burn for configuration cleanup.policy: String must be one of: compact, delete',
    ]);
    expect(await client.change(topic, ['retention.ms', OPERATION.set, 'a week'])).toEqual([
      INVALID_CONFIG,
      'Invalid value a week for configuration retention.ms: Not a number of type LONG',
    ]);
  });

  scenario('changing a topic that does not exist', async () => {
    const topic = target.name();
    const refusal = [UNKNOWN_TOPIC, `The topic '${topic}' does not exist.`];
    expect(await client.change(topic, ['segment.ms', OPERATION.set, '1000'])).toEqual(refusal);
    expect(await client.replace(topic, ['segment.ms', '1000'])).toEqual(refusal);
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
    expect(await client.config(topic, 'max.message.bytes')).toMatchObject({ source: SOURCE.default });
  });

  scenario('a good and a bad topic of one request', async () => {
    const [good, bad] = [await target.topic(), target.name()];
    const configs = [['segment.ms', OPERATION.set, '1000']] as const;
    const answer = await client.send(incrementalAlterConfigs([good, bad].map((name) => ({ name, configs }))));
    expect(Object.fromEntries(answer.resources.map(({ name, error }) => [name, error]))).toEqual({
      [good]: 0,
      [bad]: UNKNOWN_TOPIC,
    });
    await client.known(good, 'segment.ms', '1000');
  });

  scenario('replacing all configs resets what is not named', async () => {
    const topic = await target.topic({ configs: { 'segment.ms': '1000', 'max.message.bytes': '300' } });
    expect(await client.replace(topic, ['max.message.bytes', '400'])).toEqual([0, null]);
    await client.known(topic, 'max.message.bytes', '400');
    expect(await client.config(topic, 'segment.ms')).toMatchObject({
      value: '604800000',
      source: SOURCE.default,
    });
  });

  scenario('replacing with a value that is not allowed changes nothing', async () => {
    const topic = await target.topic({ configs: { 'segment.ms': '1000' } });
    expect(await client.replace(topic, ['max.message.bytes', 'many'])).toEqual([
      INVALID_CONFIG,
      'Invalid value many for configuration max.message.bytes: Not a number of type INT',
    ]);
    expect(await client.config(topic, 'segment.ms')).toMatchObject({ value: '1000', source: SOURCE.topic });
  });

  scenario('replacing, only validated', async () => {
    const topic = await target.topic({ configs: { 'segment.ms': '1000' } });
    const answer = await client.send(alterConfigs([{ name: topic, configs: [] }], true));
    expect(answer.resources).toMatchObject([{ error: 0, message: null }]);
    expect(await client.config(topic, 'segment.ms')).toMatchObject({ value: '1000', source: SOURCE.topic });
  });

  scenario('the port changes configs by the same request', async () => {
    const topic = await target.topic();
    const answer = await client.send(alterTopicConfigsRequest(topic, { 'segment.ms': '1000' }));
    expect(answer.resources).toEqual([{ error: 0, message: null, name: topic }]);
    await client.known(topic, 'segment.ms', '1000');
  });
});
