import http from 'node:http';
import { metadataRequest } from '../../src/kafka/wire/metadata';
import { uniqueName } from '../support/stack';
import { waitFor } from '../support/wait';
import { batchOf } from './conformance/batches';
import { describeGroups, heartbeatOf, joinGroupOf } from './conformance/group-requests';
import { rawProduce } from './conformance/requests';
import { openDevBroker, type TestBroker } from './support';
import { start } from './transactions/support';

let opened: TestBroker;

beforeAll(async () => {
  opened = await openDevBroker({ nodes: 2, controlPort: 0 });
});

afterEach(() => opened.broker.faults.clear());

afterAll(() => opened[Symbol.asyncDispose]());

interface Sent {
  readonly method?: string;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

interface Received<T> {
  readonly status: number;
  readonly body: T;
  readonly headers: http.IncomingHttpHeaders;
}

interface Failure {
  readonly error: string;
}

/** What tests read of the overview. */
interface Overview {
  readonly warning: string;
  readonly nodes: readonly { readonly address: string; readonly up: boolean }[];
  readonly topics: readonly { readonly name: string }[];
  readonly groups: readonly object[];
  readonly transactions: readonly object[];
}

interface Row {
  readonly sequence: number;
  readonly time: string;
  readonly api: string;
}

/** As it goes over the wire: `fetch` would not send an origin or another host. */
function send<T = Failure>(path: string, { method = 'GET', body, headers = {} }: Sent = {}) {
  return new Promise<Received<T>>((resolve, reject) => {
    const request = http.request(opened.broker.controlUrl + path, { method, headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () =>
        resolve({
          status: response.statusCode!,
          body: JSON.parse(Buffer.concat(chunks).toString()),
          headers: response.headers,
        }),
      );
    });
    request.on('error', reject);
    request.end(body);
  });
}

const JSON_TYPE = { 'content-type': 'application/json' };

const post = <T = Failure>(value: unknown) =>
  send<T>('/faults', { method: 'POST', body: JSON.stringify(value), headers: JSON_TYPE });

const produce = async (topic: string) => {
  const request = rawProduce({ partitions: [{ topic, partition: 0, bytes: batchOf(['a']) }] });
  return (await opened.client.send(request)).partitions[0]!.error;
};

/** Led by the node that tests are connected to. */
function topicOnFirst(): string {
  const topic = opened.topic();
  opened.broker.moveLeader(topic, 0, 1);
  return topic;
}

describe('faults', () => {
  test('are set, shown with their hits, and removed', async () => {
    const topic = topicOnFirst();
    const set = await post<{ ids: number[] }>({
      api: 'Produce',
      topic,
      error: 'REQUEST_TIMED_OUT',
      times: 2,
    });
    expect(set).toMatchObject({ status: 201, body: { ids: [expect.any(Number)] } });
    const [id] = set.body.ids;
    expect(await produce(topic)).toBe(7);
    const shown = { id, hits: 1, api: 'Produce', topic, error: 'REQUEST_TIMED_OUT', times: 2 };
    expect(await send('/faults')).toMatchObject({ status: 200, body: [shown] });
    expect(await send(`/faults/${id}`)).toMatchObject({ status: 200, body: shown });
    expect(await send(`/faults/${id}`, { method: 'DELETE' })).toMatchObject({ status: 200 });
    expect(await produce(topic)).toBe(0);
    expect(await send(`/faults/${id}`, { method: 'DELETE' })).toMatchObject({
      status: 404,
      body: { error: `there is no fault ${id}; it may have struck for the last time` },
    });
  });

  test('several at once, and all away at once', async () => {
    const { body } = await post<{ ids: number[] }>([
      { drop: 'after', topic: 'a' },
      { delayMs: 5, topic: 'b' },
    ]);
    expect(body.ids).toHaveLength(2);
    expect(await send('/faults', { method: 'DELETE' })).toMatchObject({ status: 200, body: { removed: 2 } });
    expect((await send('/faults')).body).toEqual([]);
  });

  test('of several none is set when one is wrong', async () => {
    const answer = await post([{ drop: 'after' }, { drop: 'sometimes' }]);
    expect(answer).toMatchObject({
      status: 400,
      body: { error: '"drop" of a fault is "before" or "after"; not "sometimes"' },
    });
    expect(opened.broker.faults.list()).toEqual([]);
  });

  test('what is not known is named, with what it is close to', async () => {
    expect((await post({ api: 'Prodcue', drop: 'after' })).body.error).toContain('(did you mean Produce?)');
    expect((await post({ tpoic: 'a', drop: 'after' })).body.error).toContain('(did you mean topic?)');
    expect((await post({ error: 'NOT_CORDINATOR' })).body.error).toContain('(did you mean NOT_COORDINATOR?)');
    expect((await post({ advanceClock: 5 })).body.error).toContain(
      '"advanceClock" is not a field of a fault',
    );
  });
});

describe('commands', () => {
  test('let time pass', async () => {
    const before = opened.broker.clock.now();
    expect(await post({ advanceClockMs: 60_000 })).toMatchObject({ status: 200 });
    expect(opened.broker.clock.now() - before).toBeGreaterThanOrEqual(60_000);
  });

  test('pause and resume the broker, and the control port answers meanwhile', async () => {
    expect((await post({ pause: true })).status).toBe(200);
    let answered = false;
    const answer = opened.client.send(metadataRequest([], false)).then(() => {
      answered = true;
    });
    expect((await send('/')).status).toBe(200);
    expect((await send('/faults')).status).toBe(200);
    expect(answered).toBe(false);
    expect((await post({ resume: true })).status).toBe(200);
    await answer;
  });

  test('move leaders and coordinators', async () => {
    const [topic, group, transactionalId] = [topicOnFirst(), uniqueName('group'), uniqueName('txn')];
    expect((await post({ moveLeader: { topic, partition: 0, node: 2 } })).status).toBe(200);
    expect(await produce(topic)).toBe(6);
    for (const node of [1, 2]) {
      expect((await post({ moveCoordinator: { group, node } })).status).toBe(200);
      expect((await post({ moveCoordinator: { transactionalId, node } })).status).toBe(200);
      const code = await opened.client.send(heartbeatOf({ groupId: group, generation: 1, memberId: 'm' }));
      expect(code === 16).toBe(node === 2);
    }
  });

  test('stop and start nodes', async () => {
    const isUp = async () => (await send<Overview>('/')).body.nodes[1]!.up;
    expect((await post({ stopNode: 2 })).status).toBe(200);
    expect(await isUp()).toBe(false);
    expect((await post({ startNode: 2 })).status).toBe(200);
    expect(await isUp()).toBe(true);
  });

  test('that cannot be done are refused', async () => {
    for (const command of [
      { stopNode: 9 },
      { moveLeader: { topic: uniqueName('none'), partition: 0, node: 1 } },
      { moveCoordinator: { group: 'g', node: 9 } },
    ]) {
      const { status, body } = await post(command);
      expect([status, body.error]).toEqual([400, expect.any(String)]);
    }
  });
});

describe('a look inside', () => {
  test('says what this is, and what it holds', async () => {
    const { broker, client } = opened;
    const [topic, group, id] = [topicOnFirst(), uniqueName('group'), uniqueName('txn')];
    broker.moveCoordinator('group', group, 1);
    broker.moveCoordinator('transaction', id, 1);
    await produce(topic);
    const producer = await start(client, id);
    await producer.add(topic);
    const { memberId } = await client.send(joinGroupOf({ groupId: group, version: 3 }));
    await waitFor(async () => (await client.send(describeGroups([group])))[0]!.state !== 'Empty');
    const { body, headers } = await send<Overview>('/');
    expect(headers['content-type']).toBe('application/json');
    expect(body.warning).toContain('never for production');
    expect(body.nodes.map(({ address }) => address)).toEqual(broker.addresses);
    expect(body.topics.find(({ name }) => name === topic)).toMatchObject({
      isInternal: false,
      sizeBytes: broker.topics.partition(topic, 0)!.log.sizeBytes,
      partitions: [{ partition: 0, leader: 1, startOffset: 0, endOffset: 1 }],
    });
    expect(body.groups).toContainEqual(
      expect.objectContaining({ group, members: [expect.objectContaining({ memberId })] }),
    );
    expect(body.transactions).toContainEqual({
      ...producer.identity,
      state: 'Ongoing',
      partitions: [{ topic, partition: 0 }],
      groups: [],
    });
  });
});

describe('requests', () => {
  test('are listed with what they speak of, oldest first', async () => {
    const topic = topicOnFirst();
    const { body: before } = await send<Row[]>('/requests?limit=1');
    const since = before[0]?.sequence ?? 0;
    await opened.client.send(metadataRequest([topic], false));
    await produce(topic);
    const { body } = await send<Row[]>(`/requests?since=${since}`);
    expect(body).toMatchObject([
      { sequence: since + 1, node: 1, client: 'test-test', api: 'Metadata', version: 6, places: [{ topic }] },
      { sequence: since + 2, api: 'Produce', version: 7, places: [{ topic, partition: 0 }] },
    ]);
    expect(Date.parse(body[0]!.time)).toBeLessThanOrEqual(opened.broker.clock.now());
    expect((await send(`/requests?since=${since}&api=Produce`)).body).toEqual([body[1]]);
    expect((await send(`/requests?since=${since}&limit=1`)).body).toEqual([body[0]]);
    expect((await send('/requests?limit=1')).body).toEqual([body[1]]);
  });

  test('the last 1000 are kept', async () => {
    for (let round = 0; round < 11; round++) {
      await Promise.all(Array.from({ length: 100 }, () => opened.client.send(metadataRequest([], false))));
    }
    const { body: rows } = await send<Row[]>('/requests');
    expect(rows).toHaveLength(1000);
    expect(rows.every(({ sequence }, i) => sequence === rows[0]!.sequence + i)).toBe(true);
    expect((await send('/requests?since=1&limit=1')).body).toEqual([rows[0]]);
  });

  test.each([
    ['/requests?apis=Produce', '"apis" is not a field of the query (did you mean api?)'],
    ['/requests?api=produce', '(did you mean Produce?)'],
    ['/requests?limit=many', '"limit" of the query is a whole number'],
    ['/requests?since=-1', '"since" of the query is a whole number, 0 at least'],
  ])('%s is refused', async (path, message) => {
    const { status, body } = await send(path);
    expect([status, body.error]).toEqual([400, expect.stringContaining(message)]);
  });
});

describe('what is refused', () => {
  const fault = JSON.stringify({ drop: 'after' });

  test.each<[string, string, Sent, number]>([
    ['an unknown path', '/fault', {}, 404],
    ['an unknown method', '/faults', { method: 'PUT' }, 405],
    ['a form', '/faults', { method: 'POST', body: fault, headers: { 'content-type': 'text/plain' } }, 415],
    ['no content type', '/faults', { method: 'POST', body: fault }, 415],
    ['no JSON', '/faults', { method: 'POST', body: '{', headers: JSON_TYPE }, 400],
    [
      'a web page',
      '/faults',
      { method: 'POST', body: fault, headers: { ...JSON_TYPE, origin: 'http://localhost' } },
      403,
    ],
    ['what a web page asks for before', '/faults', { method: 'OPTIONS', headers: { origin: 'null' } }, 403],
    ['a name that was made to point here', '/', { headers: { host: 'rebound.example:80' } }, 403],
    [
      'a body that is too large',
      '/faults',
      { method: 'POST', body: ' '.repeat(65_537) + fault, headers: JSON_TYPE },
      413,
    ],
  ])('%s', async (_, path, sent, status) => {
    const answer = await send(path, sent);
    expect([answer.status, answer.body.error]).toEqual([status, expect.any(String)]);
    expect(opened.broker.faults.list()).toEqual([]);
  });

  test('nothing is wrong with a body of just the size', async () => {
    const body = fault.padStart(65_536);
    expect((await send('/faults', { method: 'POST', body, headers: JSON_TYPE })).status).toBe(201);
  });

  test('nor with localhost, and a content type that names its characters', async () => {
    const { port } = new URL(opened.broker.controlUrl!);
    const headers = { 'content-type': 'Application/JSON; charset=utf-8', host: `localhost:${port}` };
    expect((await send('/faults', { method: 'POST', body: fault, headers })).status).toBe(201);
  });
});

test('a broker that was not asked for one has none', async () => {
  await using other = await openDevBroker();
  expect(other.broker.controlUrl).toBeNull();
});

test('a port that is taken ends the start, and nothing is left listening', async () => {
  const taken = Number(new URL(opened.broker.controlUrl!).port);
  await expect(openDevBroker({ controlPort: taken })).rejects.toThrow('EADDRINUSE');
});
