/** Deleting and growing topics, and what metadata tells of them. */
import { waitFor } from '../../support/wait';
import { createPartitions } from './admin-requests';
import { batchOf } from './batches';
import { conformance, scenario } from './harness';
import { TopicClient } from './topic-client';

const UNKNOWN_TOPIC = 3;
const INVALID_TOPIC = 17;
const INVALID_PARTITIONS = 37;
const INVALID_ASSIGNMENT = 39;
const INVALID_REQUEST = 42;

conformance('topics', (target) => {
  const client = new TopicClient(target);

  scenario('a deleted topic is gone', async () => {
    const topic = await target.topic();
    expect(await client.remove(topic)).toEqual([[topic, 0]]);
    await waitFor(async () => (await client.view(topic)).error === UNKNOWN_TOPIC);
    await waitFor(async () => (await client.produce(topic, batchOf(['a']))).error === UNKNOWN_TOPIC);
    expect(await client.fetch(topic, 0)).toMatchObject({ error: UNKNOWN_TOPIC });
    expect(await client.offset(topic, -1)).toMatchObject({ error: UNKNOWN_TOPIC });
  });

  scenario('deleting what does not exist', async () => {
    const topic = target.name();
    expect(await client.remove(topic)).toEqual([[topic, UNKNOWN_TOPIC]]);
  });

  scenario('deleting several, one of them unknown', async () => {
    const [known, unknown] = [await target.topic(), target.name()];
    const outcomes = await client.remove(known, unknown);
    expect(outcomes.sort()).toEqual(
      [
        [known, 0],
        [unknown, UNKNOWN_TOPIC],
      ].sort(),
    );
  });

  scenario('deleting the same topic twice in one request', async () => {
    const topic = await target.topic();
    expect(await client.remove(topic, topic)).toEqual([[topic, INVALID_REQUEST]]);
    expect(await client.view(topic)).toMatchObject({ error: 0 });
  });

  scenario('a topic made again is empty', async () => {
    const topic = await target.topic();
    await client.append(topic, ['old', 'records']);
    await client.remove(topic);
    await waitFor(async () => (await client.view(topic)).error === UNKNOWN_TOPIC);
    expect(await client.create({ topic, partitions: 2 })).toEqual([0, null]);
    await waitFor(async () => {
      const { error, offset } = await client.offset(topic, -1, { partition: 1 });
      return error === 0 && offset === 0;
    });
    await waitFor(async () => (await client.offset(topic, -1)).error === 0);
    expect((await client.offset(topic, -1)).offset).toBe(0);
    expect(await client.append(topic, ['new'])).toBe(0);
    await client.remove(topic);
  });

  scenario('metadata of one topic, of many, of an unknown one', async () => {
    const [one, two, unknown] = [await target.topic(), await target.topic({ partitions: 3 }), target.name()];
    const { topics } = await client.metadata([one, unknown, two]);
    const views = topics.map(({ topic, error, partitions }) => [topic, error, partitions.length]);
    expect(views.sort()).toEqual(
      [
        [one, 0, 1],
        [two, 0, 3],
        [unknown, UNKNOWN_TOPIC, 0],
      ].sort(),
    );
  });

  scenario('metadata of no topic: brokers and cluster only', async () => {
    const answer = await client.metadata([]);
    expect(answer.topics).toEqual([]);
    expect(answer.brokers).toHaveLength(1);
    const [{ host, port } = { host: '', port: 0 }] = answer.brokers;
    expect(`${host}:${port}`).toBe(target.address);
    expect(answer.clusterId).toMatch(/^[\w-]{22}$/);
  });

  scenario('metadata of all topics', async () => {
    const names = [await target.topic(), await target.topic()];
    const all = (await client.metadata(null)).topics;
    expect(all.map(({ topic }) => topic)).toEqual(expect.arrayContaining(names));
    expect(all.every(({ error }) => error === 0)).toBe(true);
  });

  scenario('the topic of committed offsets is internal', async () => {
    const all = await waitFor(async () => {
      await client.transactionalProducer();
      const { topics } = await client.metadata(null);
      return topics.some(({ topic }) => topic === '__transaction_state') ? topics : null;
    });
    const view = all.find(({ topic }) => topic === '__transaction_state')!;
    expect(view).toMatchObject({ error: 0, isInternal: true });
  });

  scenario('metadata with a name that is not allowed', async () => {
    for (const allowAutoCreate of [true, false]) {
      expect((await client.metadata(['with space'], allowAutoCreate)).topics).toMatchObject([
        { topic: 'with space', error: INVALID_TOPIC, partitions: [] },
      ]);
    }
  });

  scenario('asking for a topic creates it when that is allowed', async () => {
    const topic = target.name();
    const [first] = (await client.metadata([topic], true)).topics;
    expect([UNKNOWN_TOPIC, 5]).toContain(first!.error);
    await client.known(topic, 1);
    await client.remove(topic);
  });

  scenario('asking for a topic does not create it when that is not allowed', async () => {
    const topic = target.name();
    expect((await client.metadata([topic], false)).topics).toMatchObject([{ error: UNKNOWN_TOPIC }]);
    expect(await client.view(topic)).toMatchObject({ error: UNKNOWN_TOPIC });
  });

  scenario('a topic gets more partitions', async () => {
    const topic = await target.topic();
    await client.append(topic, ['kept']);
    expect(await client.grow(topic, 3)).toEqual([0, null]);
    await client.known(topic, 3);
    await waitFor(async () => (await client.offset(topic, -1, { partition: 2 })).error === 0);
    expect(await client.append(topic, ['new'], { partition: 2 })).toBe(0);
    expect((await client.offset(topic, -1)).offset).toBe(1);
  });

  scenario('as many partitions as there are, or fewer', async () => {
    const topic = await target.topic({ partitions: 2 });
    expect(await client.grow(topic, 2)).toEqual([INVALID_PARTITIONS, 'Topic already has 2 partition(s).']);
    expect(await client.grow(topic, 1)).toEqual([
      INVALID_PARTITIONS,
      'The topic ' + topic + ' currently has 2 partition(s); 1 would not be an increase.',
    ]);
    expect(await client.grow(topic, 0)).toEqual([
      INVALID_PARTITIONS,
      'The topic ' + topic + ' currently has 2 partition(s); 0 would not be an increase.',
    ]);
    expect(await client.grow(topic, -1)).toEqual([
      INVALID_PARTITIONS,
      'The topic ' + topic + ' currently has 2 partition(s); -1 would not be an increase.',
    ]);
  });

  scenario('more partitions for a topic that does not exist', async () => {
    expect(await client.grow(target.name(), 3)).toEqual([UNKNOWN_TOPIC, null]);
  });

  scenario('more partitions on given nodes', async () => {
    const topic = await target.topic();
    const { controllerId } = await client.metadata([]);
    expect(await client.grow(topic, 3, [[controllerId]])).toEqual([
      INVALID_ASSIGNMENT,
      'Attempted to add 2 additional partition(s), but only 1 assignment(s) were specified.',
    ]);
    expect(await client.grow(topic, 2, [[77]])).toEqual([
      INVALID_ASSIGNMENT,
      'The manual partition assignment includes broker 77, but no such broker is registered.',
    ]);
    expect(await client.grow(topic, 2, [[controllerId]])).toEqual([0, null]);
    await client.known(topic, 2);
  });

  scenario('more partitions, only validated', async () => {
    const topic = await target.topic();
    const answer = await client.send(createPartitions([{ topic, count: 4 }], true));
    expect(answer.topics).toEqual([{ topic, error: 0, message: null }]);
    expect((await client.view(topic)).partitions).toHaveLength(1);
  });

  scenario('more partitions, the same topic twice in one request', async () => {
    const topic = await target.topic();
    const twice = [2, 3].map((count) => ({ topic, count }));
    const answer = await client.send(createPartitions(twice));
    expect(answer.topics).toEqual([{ topic, error: INVALID_REQUEST, message: 'Duplicate topic name.' }]);
  });
});
