/** Metadata of several nodes, of partitions without a leader, in every version, and with faults. */
import type { ApiRequest } from '../../../src/kafka/lane';
import { Code } from '../../../src/kafka/wire/codes';
import { metadataRequest } from '../../../src/kafka/wire/metadata';
import { uniqueName } from '../../support/stack';
import { waitFor } from '../../support/wait';
import { openDevBroker, type TestBroker } from '../support';

let test: TestBroker;

const open = async (options: Parameters<typeof openDevBroker>[0]) => {
  test = await openDevBroker(options);
  return test.broker;
};

afterEach(() => test[Symbol.asyncDispose]());

const ask = (topics: readonly string[] | null, allowAutoCreate = false) =>
  test.client.send(metadataRequest(topics, allowAutoCreate));

async function partitionsOf(topic: string) {
  const { topics } = await ask([topic]);
  return topics[0]!.partitions;
}

describe('nodes', () => {
  it('only those that are up are told; a copy on one that is down is not in sync', async () => {
    const broker = await open({ nodes: 3 });
    broker.topics.create({ name: 'a', partitions: 2, replicationFactor: 2 });
    await broker.stopNode(2);
    const answer = await ask(['a']);
    expect(answer.brokers.map(({ nodeId, port }) => `${nodeId} 127.0.0.1:${port}`)).toEqual([
      `1 ${broker.addresses[0]}`,
      `3 ${broker.addresses[2]}`,
    ]);
    expect(answer.controllerId).toBe(1);
    expect(answer.topics[0]!.partitions).toEqual([
      { error: 0, partition: 0, leader: 1, replicas: [1, 2], inSync: [1] },
      { error: 0, partition: 1, leader: 3, replicas: [2, 3], inSync: [3] },
    ]);
  });

  it('every node tells the same', async () => {
    const broker = await open({ nodes: 2 });
    broker.topics.create({ name: 'a', partitions: 2 });
    const answers = await Promise.all(
      broker.addresses.map(async (_, index) => {
        const raw = await test.raw(index + 1);
        const request = metadataRequest(null, false);
        raw.send(request);
        const answer = request.decode((await raw.answer()).body);
        raw.close();
        return answer;
      }),
    );
    expect(answers[1]).toEqual(answers[0]);
    expect(answers[0]!.topics[0]!.partitions.map(({ leader }) => leader)).toEqual([1, 2]);
  });

  it('another node takes over as controller', async () => {
    const broker = await open({ nodes: 2 });
    await broker.stopNode(1);
    const raw = await test.raw(2);
    const request = metadataRequest([], false);
    raw.send(request);
    expect(request.decode((await raw.answer()).body)).toMatchObject({
      controllerId: 2,
      brokers: [{ nodeId: 2 }],
    });
    raw.close();
  });

  it('a leader that had no copy is told among the copies', async () => {
    const broker = await open({ nodes: 2 });
    broker.topics.create({ name: 'a', partitions: 1 });
    broker.moveLeader('a', 0, 2);
    expect(await partitionsOf('a')).toMatchObject([{ leader: 2, replicas: [2], inSync: [2] }]);
  });

  it('a partition without a leader', async () => {
    const broker = await open({});
    broker.topics.create({ name: 'a', partitions: 1 });
    broker.moveLeader('a', 0, -1);
    expect(await partitionsOf('a')).toMatchObject([
      { error: Code.LEADER_NOT_AVAILABLE, leader: -1, replicas: [1] },
    ]);
  });
});

describe('topics that are asked for', () => {
  it.each([
    ['a setting of the broker', { autoCreateTopics: false }],
    ['a config of the broker', { configs: { 'auto.create.topics.enable': 'false' } }],
  ])('are not made when %s forbids it', async (_what, options) => {
    await open(options);
    expect((await ask(['a'], true)).topics).toMatchObject([{ error: Code.UNKNOWN_TOPIC_OR_PARTITION }]);
    expect(test.broker.topics.list()).toEqual([]);
  });

  it('are made with the defaults of the broker', async () => {
    await open({ configs: { 'num.partitions': '3' } });
    const topic = uniqueName('auto');
    await waitFor(async () => (await ask([topic], true)).topics[0]!.error === 0);
    expect(await partitionsOf(topic)).toHaveLength(3);
  });

  it('are told of once though they are named twice', async () => {
    await open({});
    test.broker.topics.create({ name: 'a' });
    expect((await ask(['a', 'a'])).topics).toHaveLength(1);
  });
});

describe('versions', () => {
  /** Answers what an answer has after the brokers: read by hand, field by field. */
  const request = (apiVersion: number, topics: readonly string[]): ApiRequest<unknown[]> => ({
    apiKey: 3,
    apiVersion,
    apiName: 'Metadata',
    encode(writer) {
      writer.array(topics, (w, topic) => w.string(topic));
      if (apiVersion >= 4) writer.boolean(false);
      if (apiVersion >= 8) writer.boolean(true).boolean(true);
    },
    decode(reader) {
      const read: unknown[] = apiVersion >= 3 ? [reader.int32()] : [];
      reader.array((r) => [r.int32(), r.string(), r.int32(), apiVersion >= 1 && r.nullableString()]);
      if (apiVersion >= 2) read.push(typeof reader.nullableString());
      if (apiVersion >= 1) read.push(reader.int32());
      read.push(
        reader.array((r) => {
          const topic = [r.int16(), r.string(), apiVersion >= 1 && r.boolean()];
          const partitions = r.array((p) => [
            [p.int16(), p.int32(), p.int32(), apiVersion >= 7 && p.int32()],
            p.array((id) => id.int32()),
            p.array((id) => id.int32()),
            apiVersion >= 5 && p.array((id) => id.int32()),
          ]);
          return [topic, partitions, apiVersion >= 8 && r.int32()];
        }),
      );
      if (apiVersion >= 8) read.push(reader.int32());
      return [...read, reader.remaining];
    },
  });

  const topic = (flags: { internal?: false; epoch?: number; offline?: never[]; operations?: number }) => [
    [0, 'a', flags.internal ?? false],
    [[[0, 0, 1, flags.epoch ?? false], [1], [1], flags.offline ?? false]],
    flags.operations ?? false,
  ];

  it.each([
    [0, [[topic({})], 0]],
    [1, [1, [topic({})], 0]],
    [2, ['string', 1, [topic({})], 0]],
    [3, [0, 'string', 1, [topic({})], 0]],
    [4, [0, 'string', 1, [topic({})], 0]],
    [5, [0, 'string', 1, [topic({ offline: [] })], 0]],
    [6, [0, 'string', 1, [topic({ offline: [] })], 0]],
    [7, [0, 'string', 1, [topic({ offline: [], epoch: 0 })], 0]],
    [8, [0, 'string', 1, [topic({ offline: [], epoch: 0, operations: 3576 })], 8096, 0]],
  ])('%i', async (version, expected) => {
    await open({});
    test.broker.topics.create({ name: 'a' });
    expect(await test.client.send(request(version, ['a']))).toEqual(expected);
  });

  it('in version 0 none named means all', async () => {
    await open({});
    test.broker.topics.create({ name: 'a' });
    expect(await test.client.send(request(0, []))).toEqual([[topic({})], 0]);
    expect(await test.client.send(request(1, []))).toEqual([1, [], 0]);
  });
});

it('a fault takes the place of one topic', async () => {
  await open({});
  test.broker.topics.create({ name: 'a' });
  test.broker.topics.create({ name: 'b' });
  test.broker.faults.add({ api: 'Metadata', topic: 'a', error: 'LEADER_NOT_AVAILABLE' });
  expect((await ask(['a', 'b'])).topics).toMatchObject([
    { error: Code.LEADER_NOT_AVAILABLE, topic: 'a', partitions: [] },
    { error: 0, topic: 'b', partitions: [{ leader: 1 }] },
  ]);
  expect((await ask(['a'])).topics).toMatchObject([{ error: 0 }]);
});
