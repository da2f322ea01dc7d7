/** Every action of a fault, as a client meets it on its connection. */
import type { FaultRule } from '../../src/devbroker';
import { APIS } from '../../src/devbroker/api/index';
import type { ApiRequest } from '../../src/kafka/lane';
import { addOffsetsToTxnRequest } from '../../src/kafka/wire/add-offsets-to-txn';
import { addPartitionsToTxnRequest } from '../../src/kafka/wire/add-partitions-to-txn';
import { apiVersionsRequest } from '../../src/kafka/wire/api-versions';
import { deleteGroupsRequest } from '../../src/kafka/wire/delete-groups';
import { deleteTopicsRequest } from '../../src/kafka/wire/delete-topics';
import { endTxnRequest } from '../../src/kafka/wire/end-txn';
import { initProducerIdRequest } from '../../src/kafka/wire/init-producer-id';
import { metadataRequest } from '../../src/kafka/wire/metadata';
import { uniqueName } from '../support/stack';
import { waitFor } from '../support/wait';
import {
  alterConfigs,
  createPartitions,
  createTopics,
  describeConfigs,
  incrementalAlterConfigs,
  RESOURCE,
} from './conformance/admin-requests';
import { batchOf, readBatches, valuesOf } from './conformance/batches';
import {
  describeGroups,
  findCoordinatorOf,
  heartbeatOf,
  joinGroupOf,
  leaveGroupOf,
  listGroups,
  offsetCommitOf,
  offsetDelete,
  offsetFetchOf,
  syncGroupOf,
  txnOffsetCommitOf,
} from './conformance/group-requests';
import type { RawConnection } from './conformance/raw-connection';
import { deleteRecords, rawFetch, rawListOffsets, rawProduce } from './conformance/requests';
import { openDevBroker, type TestBroker } from './support';
import { start } from './transactions/support';

let single: TestBroker;
let three: TestBroker;
const connections: RawConnection[] = [];

beforeAll(async () => {
  single = await openDevBroker();
  three = await openDevBroker({ nodes: 3 });
});

afterEach(() => {
  single.broker.faults.clear();
  three.broker.faults.clear();
  for (const connection of connections.splice(0)) connection.close();
});

afterAll(async () => {
  await single[Symbol.asyncDispose]();
  await three[Symbol.asyncDispose]();
});

async function raw(from = single, node = 1): Promise<RawConnection> {
  const connection = await from.raw(node);
  connections.push(connection);
  return connection;
}

const fault = (rule: FaultRule) => single.broker.faults.add(rule);

const produceTo = (topic: string, value = 'a', partition = 0) =>
  rawProduce({ partitions: [{ topic, partition, bytes: batchOf([value]) }] });

const endOf = (topic: string, partition = 0, from = single): number =>
  from.broker.topics.partition(topic, partition)!.log.endOffset;

/** All error codes of an answer, however deep. */
function errorsIn(answer: unknown): number[] {
  if (typeof answer === 'number') return [answer];
  if (typeof answer !== 'object' || answer === null || Buffer.isBuffer(answer)) return [];
  return Object.entries(answer).flatMap(([key, value]) => {
    if (key === 'error') return [value as number];
    return typeof value === 'object' ? errorsIn(value) : [];
  });
}

describe('error', () => {
  const topic = () => single.topic();
  const group = () => uniqueName('group');
  const identity = { transactionalId: 'some', producerId: 1, epoch: 0 };
  const member = () => ({ groupId: group(), generation: 1, memberId: 'm', instanceId: null });
  const offsets = () => [{ topic: topic(), partition: 0, offset: 1 }];
  const resource = () => ({ type: RESOURCE.topic, name: topic() });

  const requests: readonly (readonly [string, () => ApiRequest<unknown>])[] = [
    ['Produce', () => produceTo(topic())],
    ['Fetch', () => rawFetch({ partitions: [{ topic: topic(), partition: 0, offset: 0 }] })],
    ['ListOffsets', () => rawListOffsets({ partitions: [{ topic: topic(), partition: 0, timestamp: -1 }] })],
    ['Metadata', () => metadataRequest([topic()], false)],
    ['OffsetCommit', () => offsetCommitOf({ groupId: group(), offsets: offsets() })],
    ['OffsetFetch', () => offsetFetchOf(group(), [{ topic: topic(), partitions: [0] }])],
    ['FindCoordinator', () => findCoordinatorOf(group(), 0)],
    ['JoinGroup', () => joinGroupOf({ groupId: group() })],
    ['Heartbeat', () => heartbeatOf(member())],
    ['LeaveGroup', () => leaveGroupOf(group(), [])],
    ['SyncGroup', () => syncGroupOf(member())],
    ['DescribeGroups', () => describeGroups([group()])],
    ['ListGroups', () => listGroups()],
    ['CreateTopics', () => createTopics([{ topic: uniqueName('topic') }])],
    ['DeleteTopics', () => deleteTopicsRequest([topic()], 1000)],
    ['DeleteRecords', () => deleteRecords([{ topic: topic(), partition: 0, offset: 0 }])],
    ['InitProducerId', () => initProducerIdRequest(null, 1000)],
    ['AddPartitionsToTxn', () => addPartitionsToTxnRequest(identity, [{ topic: topic(), partition: 0 }])],
    ['AddOffsetsToTxn', () => addOffsetsToTxnRequest(identity, group())],
    ['EndTxn', () => endTxnRequest(identity, true)],
    ['TxnOffsetCommit', () => txnOffsetCommitOf({ ...identity, groupId: group(), offsets: offsets() })],
    ['DescribeConfigs', () => describeConfigs([resource()])],
    ['AlterConfigs', () => alterConfigs([{ ...resource(), configs: [] }])],
    ['CreatePartitions', () => createPartitions([{ topic: topic(), count: 2 }])],
    ['DeleteGroups', () => deleteGroupsRequest([group()])],
    ['IncrementalAlterConfigs', () => incrementalAlterConfigs([{ ...resource(), configs: [] }])],
    ['OffsetDelete', () => offsetDelete(group(), [{ topic: topic(), partitions: [0] }])],
  ];

  /** A code that none of them would answer. */
  const CODE = 'KAFKA_STORAGE_ERROR';

  test.each(requests)('%s', async (api, request) => {
    const set = fault({ api, error: CODE });
    expect(errorsIn(await single.client.send(request()))).toContain(56);
    expect(set.hits).toBe(1);
    expect(single.broker.faults.list()).toEqual([]);
    expect(errorsIn(await single.client.send(request()))).not.toContain(56);
  });

  test('ApiVersions, on a connection of its own', async () => {
    fault({ api: 'ApiVersions', error: 'UNSUPPORTED_VERSION' });
    const connection = await raw();
    connection.send(apiVersionsRequest());
    expect((await connection.answer()).body.int16()).toBe(35);
  });

  test('all that is not SASL or ACLs is in this list', () => {
    const others = ['SaslHandshake', 'SaslAuthenticate', 'DescribeAcls', 'CreateAcls', 'DeleteAcls'];
    const served = [...APIS.values()].map(({ name }) => name).filter((name) => !others.includes(name));
    expect(served).toEqual(expect.arrayContaining(requests.map(([name]) => name)));
    expect(served).toHaveLength(requests.length + 1);
  });

  test('counts requests: all partitions of the two that come after the first', async () => {
    const name = single.topic(2);
    const set = fault({ api: 'Produce', topic: name, error: 'NOT_LEADER_OR_FOLLOWER', skip: 1, times: 2 });
    const codes: number[][] = [];
    for (let i = 0; i < 4; i++) {
      const partitions = [0, 1].map((partition) => ({ topic: name, partition, bytes: batchOf(['a']) }));
      codes.push(errorsIn(await single.client.send(rawProduce({ partitions }))));
    }
    expect(codes).toEqual([
      [0, 0],
      [6, 6],
      [6, 6],
      [0, 0],
    ]);
    expect(set.hits).toBe(2);
    expect([endOf(name, 0), endOf(name, 1)]).toEqual([2, 2]);
  });

  test('meets one partition of a request alone', async () => {
    const name = single.topic(2);
    fault({ api: 'Produce', topic: name, partition: 1, error: 'NOT_LEADER_OR_FOLLOWER' });
    const partitions = [0, 1].map((partition) => ({ topic: name, partition, bytes: batchOf(['a']) }));
    expect(errorsIn(await single.client.send(rawProduce({ partitions })))).toEqual([0, 6]);
  });

  test('stays until it is removed', async () => {
    const name = single.topic();
    const set = fault({ topic: name, error: 6, times: null });
    for (let i = 0; i < 5; i++) expect(errorsIn(await single.client.send(produceTo(name)))).toEqual([6]);
    set.remove();
    expect(errorsIn(await single.client.send(produceTo(name)))).toEqual([0]);
  });

  test('can be for one client, one group, one transactional id', async () => {
    const [name, id] = [single.topic(), uniqueName('group')];
    fault({ client: 'other', error: 6 });
    fault({ group: id, error: 'NOT_COORDINATOR' });
    fault({ transactionalId: id, error: 'COORDINATOR_LOAD_IN_PROGRESS' });
    expect(errorsIn(await single.client.send(produceTo(name)))).toEqual([0]);
    const other = single.connect('other-client');
    expect(errorsIn(await other.send('any', produceTo(name)))).toEqual([6]);
    expect(errorsIn(await single.client.send(findCoordinatorOf(uniqueName('group'), 0)))).toEqual([0]);
    expect(errorsIn(await single.client.send(findCoordinatorOf(id, 0)))).toEqual([16]);
    expect(errorsIn(await single.client.send(initProducerIdRequest(id, 1000)))).toEqual([14]);
  });

  test('tells when it has struck', async () => {
    const name = single.topic();
    const set = fault({ topic: name, error: 6, times: 2 });
    const struck = set.struck(2);
    await single.client.send(produceTo(name));
    await single.client.send(produceTo(name));
    await struck;
    await expect(set.struck(3)).rejects.toThrow('is gone after 2 hits');
    const waiting = fault({ topic: name, error: 6 });
    const never = waiting.struck();
    waiting.remove();
    await expect(never).rejects.toThrow('is gone after 0 hits');
  });

  test('one that could never strike is refused', () => {
    expect(() => fault({ api: 'Prodcue', error: 6 })).toThrow('did you mean Produce?');
  });
});

describe('an error although it was applied', () => {
  test('Produce: the record is there', async () => {
    const name = single.topic();
    fault({ api: 'Produce', error: 'REQUEST_TIMED_OUT', applied: true });
    expect(errorsIn(await single.client.send(produceTo(name)))).toEqual([7]);
    expect(endOf(name)).toBe(1);
  });

  test('not in the place of a failure', async () => {
    const set = fault({ api: 'Produce', error: 'REQUEST_TIMED_OUT', applied: true });
    expect(errorsIn(await single.client.send(produceTo(uniqueName('unknown'))))).toEqual([3]);
    expect(set.hits).toBe(0);
  });

  test('CreateTopics: the topic is there', async () => {
    const name = uniqueName('topic');
    fault({ api: 'CreateTopics', error: 'REQUEST_TIMED_OUT', applied: true });
    expect(errorsIn(await single.client.send(createTopics([{ topic: name }])))).toEqual([7]);
    expect(single.broker.topics.get(name)).toBeDefined();
  });

  test('OffsetCommit: the offset is there', async () => {
    const [name, group] = [single.topic(), uniqueName('group')];
    fault({ api: 'OffsetCommit', error: 'COORDINATOR_NOT_AVAILABLE', applied: true });
    const commit = offsetCommitOf({ groupId: group, offsets: [{ topic: name, partition: 0, offset: 7 }] });
    expect(errorsIn(await single.client.send(commit))).toEqual([15]);
    const { offsets } = await single.client.send(offsetFetchOf(group, null));
    expect(offsets).toMatchObject([{ topic: name, offset: 7 }]);
  });

  test('AddPartitionsToTxn, AddOffsetsToTxn, EndTxn, InitProducerId: asked again they succeed', async () => {
    const [name, id] = [single.topic(), uniqueName('txn')];
    fault({ api: 'InitProducerId', error: 'COORDINATOR_NOT_AVAILABLE', applied: true });
    expect(errorsIn(await single.client.send(initProducerIdRequest(id, 1000)))).toEqual([15]);
    const producer = await start(single.client, id);
    expect(producer.identity.epoch).toBe(1);
    fault({ transactionalId: id, error: 'COORDINATOR_NOT_AVAILABLE', applied: true, times: 3 });
    expect([await producer.add(name), await producer.addOffsets('g'), await producer.end(true)]).toEqual([
      15, 15, 15,
    ]);
    await waitFor(async () => (await producer.end(true)) === 0);
  });
});

describe('drop', () => {
  test('before: the connection ends and nothing is done', async () => {
    const name = single.topic();
    fault({ api: 'Produce', topic: name, drop: 'before' });
    const connection = await raw();
    connection.send(produceTo(name));
    await connection.ended();
    expect(endOf(name)).toBe(0);
  });

  test('after: the connection ends and it is done', async () => {
    const name = single.topic();
    fault({ api: 'Produce', topic: name, drop: 'after' });
    const connection = await raw();
    connection.send(produceTo(name));
    await connection.ended();
    expect(endOf(name)).toBe(1);
  });

  test('other connections stay', async () => {
    const name = single.topic();
    const [struck, spared] = [await raw(), await raw()];
    fault({ api: 'Metadata', topic: name, drop: 'before' });
    struck.send(metadataRequest([name], false));
    await struck.ended();
    spared.send(metadataRequest([name], false));
    expect((await spared.answer()).id).toBe(1);
  });
});

test('delayMs: the request is served so much later in broker time, and what comes after it too', async () => {
  const name = single.topic();
  const set = fault({ api: 'Produce', topic: name, delayMs: 60_000 });
  const connection = await raw();
  connection.send(produceTo(name, 'late'));
  connection.send(produceTo(name, 'behind'));
  await set.struck();
  expect(errorsIn(await single.client.send(produceTo(name, 'other')))).toEqual([0]);
  expect(endOf(name)).toBe(1);
  single.broker.clock.advance(60_000);
  expect([(await connection.answer()).id, (await connection.answer()).id]).toEqual([1, 2]);
  expect((await single.client.fetch(name, 0)).batches.flatMap((batch) => valuesOf([batch]))).toEqual([
    'other',
    'late',
    'behind',
  ]);
});

describe('reorder', () => {
  test('the answer comes after the next, the requests are served in order', async () => {
    const name = single.topic();
    fault({ api: 'Produce', topic: name, reorder: 1 });
    const connection = await raw();
    connection.send(produceTo(name, 'first'));
    connection.send(produceTo(name, 'second'));
    expect([(await connection.answer()).id, (await connection.answer()).id]).toEqual([2, 1]);
    expect(valuesOf((await single.client.fetch(name, 0)).batches)).toEqual(['first', 'second']);
  });

  test('or after several', async () => {
    const name = single.topic();
    fault({ api: 'Produce', topic: name, reorder: 2 });
    const connection = await raw();
    for (const value of ['a', 'b', 'c', 'd']) connection.send(produceTo(name, value));
    const order: number[] = [];
    for (let i = 0; i < 4; i++) order.push((await connection.answer()).id);
    expect(order).toEqual([2, 3, 1, 4]);
  });
});

describe('Fetch', () => {
  const fetch = (name: string) =>
    single.client.fetchAll({ partitions: [{ topic: name, partition: 0, offset: 0 }] });

  async function filled(): Promise<string> {
    const name = single.topic();
    for (const value of ['first', 'second']) await single.client.append(name, [value]);
    return name;
  }

  test('truncateBytes: the last batch lacks its end', async () => {
    const name = await filled();
    const whole = (await fetch(name)).partitions[0]!.records!;
    fault({ api: 'Fetch', topic: name, truncateBytes: 5 });
    const { records } = (await fetch(name)).partitions[0]!;
    expect(records).toEqual(whole.subarray(0, -5));
    expect(valuesOf(readBatches(records))).toEqual(['first']);
    expect((await fetch(name)).partitions[0]!.records).toEqual(whole);
  });

  test('corrupt: the checksum of the first batch does not fit, the log keeps what it had', async () => {
    const name = await filled();
    const whole = Buffer.from((await fetch(name)).partitions[0]!.records!);
    fault({ api: 'Fetch', topic: name, corrupt: true });
    const { records } = (await fetch(name)).partitions[0]!;
    expect(records).toHaveLength(whole.length);
    expect(() => readBatches(records)).toThrow('checksum');
    expect((await fetch(name)).partitions[0]!.records).toEqual(whole);
  });
});

describe('the whole broker', () => {
  test('paused, it answers nothing and no time passes; resumed, it answers what was asked', async () => {
    const name = single.topic();
    const connection = await raw();
    single.broker.pause();
    const now = single.broker.clock.now();
    connection.send(produceTo(name));
    let answered = false;
    const answer = connection.answer().then((each) => {
      answered = true;
      return each;
    });
    // That nothing comes can only be seen by waiting.
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect([answered, endOf(name), single.broker.clock.now()]).toEqual([false, 0, now]);
    single.broker.resume();
    expect((await answer).id).toBe(1);
    expect(endOf(name)).toBe(1);
    expect(single.broker.clock.now()).toBeGreaterThan(now);
  });

  test('time can be advanced: a long poll ends', async () => {
    const name = single.topic();
    const connection = await raw();
    const received: string[] = [];
    const unwatch = single.broker.watch(({ api }) => received.push(api));
    const partitions = [{ topic: name, partition: 0, offset: 0 }];
    connection.send(rawFetch({ maxWaitMs: 3_600_000, partitions }));
    await waitFor(() => received.includes('Fetch'));
    unwatch();
    single.broker.clock.advance(3_600_000);
    expect((await connection.answer()).id).toBe(1);
  });

  test('every request can be watched', async () => {
    const name = single.topic();
    const seen: unknown[] = [];
    const unwatch = single.broker.watch(({ api, version, node, clientId, places }) =>
      seen.push({ api, version, node, clientId, places }),
    );
    const connection = await raw();
    connection.send(metadataRequest([name], false), 'watched');
    connection.send(produceTo(name), null);
    await connection.answer();
    await connection.answer();
    unwatch();
    connection.send(metadataRequest([name], false), 'not watched');
    await connection.answer();
    expect(seen).toEqual([
      { api: 'Metadata', version: 6, node: 1, clientId: 'watched', places: [{ topic: name }] },
      {
        api: 'Produce',
        version: 7,
        node: 1,
        clientId: '',
        places: [expect.objectContaining({ topic: name, partition: 0 })],
      },
    ]);
  });
});

describe('virtual nodes', () => {
  const codesOf = async (request: ApiRequest<unknown>) => {
    const codes: number[] = [];
    for (const node of [1, 2, 3]) {
      const connection = await raw(three, node);
      connection.send(request);
      codes.push(...errorsIn(request.decode((await connection.answer()).body)));
    }
    return codes;
  };

  const leaderOf = async (topic: string) => {
    const { topics } = await three.client.send(metadataRequest([topic], false));
    return topics[0]!.partitions[0]!.leader;
  };

  test('a partition is served by its leader alone, also after it moved', async () => {
    const name = three.topic();
    for (const node of [2, 3, 1]) {
      three.broker.moveLeader(name, 0, node);
      expect(await leaderOf(name)).toBe(node);
      expect(await codesOf(produceTo(name))).toEqual([1, 2, 3].map((each) => (each === node ? 0 : 6)));
    }
    expect(endOf(name, 0, three)).toBe(3);
  });

  test('a group has one coordinator, also after it moved', async () => {
    const [name, group] = [three.topic(), uniqueName('group')];
    for (const node of [3, 1]) {
      three.broker.moveCoordinator('group', group, node);
      const { nodeId } = await three.client.send(findCoordinatorOf(group, 0));
      expect(nodeId).toBe(node);
      const commit = offsetCommitOf({
        groupId: group,
        offsets: [{ topic: name, partition: 0, offset: node }],
      });
      expect(await codesOf(commit)).toEqual([1, 2, 3].map((each) => (each === node ? 0 : 16)));
    }
  });

  test('one that is stopped ends its connections; others lead in its place until it is back', async () => {
    const name = three.topic();
    three.broker.moveLeader(name, 0, 2);
    const connection = await raw(three, 2);
    await three.broker.stopNode(2);
    await connection.ended();
    await expect(three.raw(2)).rejects.toThrow('ECONNREFUSED');
    const { brokers } = await three.client.send(metadataRequest([name], false));
    expect(brokers.map(({ nodeId }) => nodeId)).toEqual([1, 3]);
    expect([1, 3]).toContain(await leaderOf(name));
    await three.broker.startNode(2);
    three.broker.moveLeader(name, 0, 2);
    expect(await codesOf(produceTo(name))).toEqual([6, 0, 6]);
  });

  test('a fault can be for one of them', async () => {
    three.broker.faults.add({ api: 'ApiVersions', node: 3, error: 'UNSUPPORTED_VERSION', times: null });
    const codes: number[] = [];
    for (const node of [1, 2, 3]) {
      const connection = await raw(three, node);
      connection.send(apiVersionsRequest());
      codes.push((await connection.answer()).body.int16());
    }
    expect(codes).toEqual([0, 0, 35]);
  });

  test('there are no others', async () => {
    await expect(three.broker.stopNode(7)).rejects.toThrow('There is no node 7');
    expect(() => three.broker.moveLeader(three.topic(), 0, 7)).toThrow('no node 7');
  });
});
