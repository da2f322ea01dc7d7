import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Broker } from '../../../src/devbroker/broker';
import { settingsOf } from '../../../src/devbroker/options';
import { initProducerIdRequest } from '../../../src/kafka/wire/init-producer-id';
import { uniqueName } from '../../support/stack';
import { waitFor } from '../../support/wait';
import { valuesOf } from '../conformance/batches';
import { openDevBroker, type TestBroker } from '../support';
import { committedOffset, init, Producer, start } from './support';

const HOUR_MS = 3_600_000;

let opened: TestBroker;

const open = async (...options: Parameters<typeof openDevBroker>) => {
  opened = await openDevBroker(...options);
  return opened;
};

afterEach(() => opened[Symbol.asyncDispose]());

/** What a reader of committed records gets, and whether a transaction holds it back. */
async function read(topic: string, partition = 0) {
  const { client } = opened;
  const fetched = await client.fetch(topic, 0, { committed: true, partition });
  const open = new Map(fetched.aborted?.map(({ producerId, firstOffset }) => [producerId, firstOffset]));
  const kept = fetched.batches.filter(({ producerId, baseOffset, control }) => {
    const abortedFrom = open.get(producerId);
    if (control) open.delete(producerId);
    return abortedFrom === undefined || baseOffset < abortedFrom;
  });
  return { values: valuesOf(kept), held: fetched.lastStableOffset < fetched.highWatermark };
}

const stateOf = (id: string): string | undefined =>
  opened.broker.transactions.list().find(({ transactionalId }) => transactionalId === id)?.state;

describe('producer ids', () => {
  test('each is given once, in epoch 0', async () => {
    const { client } = await open();
    const answers = await Promise.all(Array.from({ length: 50 }, () => init(client, null)));
    expect(new Set(answers.map(({ producerId }) => producerId)).size).toBe(50);
    expect(answers.every(({ error, epoch }) => error === 0 && epoch === 0)).toBe(true);
  });

  test.each([
    ['an empty transactional id', '', 1000, 42],
    ['no time-out', 'some', 0, 50],
    ['a negative time-out', 'some', -1, 50],
    ['more than transaction.max.timeout.ms', 'some', 900_001, 50],
    ['just that', 'some', 900_000, 0],
  ])('%s', async (_, id, timeoutMs, code) => {
    const { client } = await open();
    expect(await init(client, id, timeoutMs)).toMatchObject(
      code === 0 ? { error: 0, epoch: 0 } : { error: code, producerId: -1, epoch: -1 },
    );
  });

  test('transaction.max.timeout.ms can be set', async () => {
    const { client } = await open({ configs: { 'transaction.max.timeout.ms': '5000' } });
    expect((await init(client, 'some', 5001)).error).toBe(50);
    expect((await init(client, 'some', 5000)).error).toBe(0);
  });

  test('when the epochs of one are used up another one is given', async () => {
    await open();
    const broker = new Broker(settingsOf({}));
    const asked = { api: 'InitProducerId', node: 1, clientId: '' };
    const next = () => broker.transactions.init('many', 1000, asked);
    const first = next();
    let last = first;
    for (let epoch = 1; epoch <= 32_766; epoch++) last = next();
    expect(last).toEqual({ producerId: first.producerId, epoch: 32_766 });
    expect(next()).toEqual({ producerId: first.producerId + 1, epoch: 0 });
    broker.close();
  });
});

describe('a transaction', () => {
  test('is refused what Kafka refuses, and goes on', async () => {
    const { client, topic } = await open();
    const [a, id, group] = [topic(2), uniqueName('txn'), uniqueName('group')];
    const producer = await start(client, id);
    expect([await producer.end(true), await producer.end(false)]).toEqual([48, 48]);
    expect(await producer.produce(a, 'not added')).toBe(48);
    expect(await producer.add(a)).toBe(0);
    expect(await producer.produce(a, 'other partition', 0, 1)).toBe(48);
    expect(await producer.commitOffset(group, a, 1)).toBe(48);
    const stranger = new Producer(client, { ...producer.identity, producerId: 999_999 });
    expect([await stranger.add(a), await stranger.end(true), await stranger.addOffsets(group)]).toEqual([
      49, 49, 49,
    ]);
    expect(await producer.produce(a, 'mine')).toBe(0);
    expect(await producer.end(true)).toBe(0);
    await waitFor(async () => (await producer.end(true)) === 0);
    expect(await producer.end(false)).toBe(48);
    expect(await read(a)).toEqual({ values: ['mine'], held: false });
  });

  test('takes all partitions or none', async () => {
    const { client, topic } = await open();
    const [a, id] = [topic(), uniqueName('txn')];
    const producer = await start(client, id);
    expect(await producer.add(uniqueName('unknown'))).toBe(3);
    expect(await producer.add(a, 7)).toBe(3);
    expect(await producer.add('__transaction_state')).toBe(29);
    expect(stateOf(id)).toBe('Empty');
  });

  test('that was left open is aborted for the next producer, which shuts out the one before', async () => {
    const { client, topic } = await open();
    const [a, id, group] = [topic(), uniqueName('txn'), uniqueName('group')];
    const old = await start(client, id);
    await old.add(a);
    await old.produce(a, 'left open');
    await old.addOffsets(group);
    await old.commitOffset(group, a, 5);
    expect((await init(client, id)).error).toBe(51);
    const successor = await start(client, id);
    expect(successor.identity).toMatchObject({ producerId: old.identity.producerId, epoch: 2 });
    expect([
      await old.produce(a, 'late', 1),
      await old.add(a),
      await old.addOffsets(group),
      await old.commitOffset(group, a, 6),
      await old.end(true),
      await old.end(false),
    ]).toEqual([47, 47, 47, 47, 47, 47]);
    expect(await read(a)).toEqual({ values: [], held: false });
    expect(await committedOffset(client, group, a)).toBe(-1);
  });

  test('ends in every partition but those that were deleted meanwhile', async () => {
    const { client, topic, broker } = await open();
    const [a, gone, id] = [topic(), topic(), uniqueName('txn')];
    const producer = await start(client, id);
    await producer.add(a);
    await producer.add(gone);
    await producer.produce(a, 'kept');
    await producer.produce(gone, 'lost');
    broker.topics.delete(gone);
    expect(await producer.end(true)).toBe(0);
    await waitFor(() => stateOf(id) === 'CompleteCommit');
    expect(await read(a)).toEqual({ values: ['kept'], held: false });
  });

  test('commits offsets with it, or forgets them', async () => {
    const { client, topic } = await open();
    const [a, id, group] = [topic(), uniqueName('txn'), uniqueName('group')];
    const producer = await start(client, id);
    for (const [offset, commit, expected] of [
      [3, false, -1],
      [4, true, 4],
      [9, false, 4],
    ] as const) {
      expect(await producer.addOffsets(group)).toBe(0);
      expect(await producer.commitOffset(group, a, offset)).toBe(0);
      expect(await producer.end(commit)).toBe(0);
      await waitFor(() => stateOf(id)?.startsWith('Complete'));
      expect(await committedOffset(client, group, a)).toBe(expected);
    }
  });
});

describe('time', () => {
  test('aborts what stays open for too long, and shuts its producer out', async () => {
    const { client, topic, broker } = await open();
    const [a, id] = [topic(), uniqueName('txn')];
    const producer = await start(client, id, 60_000);
    await producer.add(a);
    await producer.produce(a, 'slow');
    broker.clock.advance(59_000);
    expect(stateOf(id)).toBe('Ongoing');
    broker.clock.advance(1_000);
    await waitFor(() => stateOf(id) === 'CompleteAbort');
    expect(await read(a)).toEqual({ values: [], held: false });
    expect([await producer.end(true), await producer.produce(a, 'late', 1), await producer.add(a)]).toEqual([
      47, 47, 47,
    ]);
    expect((await start(client, id)).identity.epoch).toBe(producer.identity.epoch + 2);
  });

  test('does not touch the transaction that comes after one that ended in time', async () => {
    const { client, topic, broker } = await open();
    const [a, id] = [topic(), uniqueName('txn')];
    const producer = await start(client, id, 60_000);
    await producer.add(a);
    await producer.end(true);
    broker.clock.advance(50_000);
    await waitFor(async () => (await producer.add(a)) === 0);
    broker.clock.advance(50_000);
    expect(stateOf(id)).toBe('Ongoing');
  });

  test('forgets transactional ids that nobody uses, but none that is at work', async () => {
    const { client, topic, broker } = await open({ configs: { 'transactional.id.expiration.ms': '600000' } });
    const [a, idle, busy] = [topic(), uniqueName('idle'), uniqueName('busy')];
    const forgotten = await start(client, idle);
    const kept = await start(client, busy, 900_000);
    await kept.add(a);
    broker.clock.advance(600_001);
    expect(stateOf(idle)).toBeUndefined();
    expect(stateOf(busy)).toBe('Ongoing');
    expect(await forgotten.add(a)).toBe(49);
    expect((await start(client, idle)).identity.producerId).toBeGreaterThan(kept.identity.producerId);
  });

  test('keeps them for a week unless it is told otherwise', async () => {
    const { client, broker } = await open();
    const id = uniqueName('txn');
    await start(client, id);
    broker.clock.advance(7 * 24 * HOUR_MS - 1000);
    expect(stateOf(id)).toBe('Empty');
    broker.clock.advance(2 * HOUR_MS);
    await waitFor(() => stateOf(id) === undefined);
  });
});

describe('held markers', () => {
  test('leave a decided transaction open, and its producer waiting, until they are let go', async () => {
    const { client, topic, broker } = await open();
    const [a, id] = [topic(), uniqueName('txn')];
    const producer = await start(client, id);
    const fault = broker.faults.add({ hold: 'markers', transactionalId: id });
    await producer.add(a);
    await producer.produce(a, 'held');
    expect(await producer.end(true)).toBe(0);
    expect(fault.hits).toBe(1);
    expect([await producer.add(a), await producer.end(true), (await init(client, id)).error]).toEqual([
      51, 51, 51,
    ]);
    expect(await read(a)).toEqual({ values: [], held: true });
    expect(stateOf(id)).toBe('PrepareCommit');
    fault.remove();
    await waitFor(() => stateOf(id) === 'CompleteCommit');
    expect(await read(a)).toEqual({ values: ['held'], held: false });
    expect(await producer.add(a)).toBe(0);
  });

  test('are held for who was asked for only: another topic, another id, so many to begin with', async () => {
    const { client, topic, broker } = await open();
    const [a, b, id] = [topic(), topic(), uniqueName('txn')];
    const producer = await start(client, id);
    broker.faults.add({ hold: 'markers', topic: b, skip: 1 });
    broker.faults.add({ hold: 'markers', transactionalId: uniqueName('other') });
    for (const [topicOf, ending] of [
      [a, 'CompleteCommit'],
      [b, 'CompleteCommit'],
      [b, 'PrepareCommit'],
    ] as const) {
      await waitFor(async () => (await producer.add(topicOf)) === 0);
      await producer.end(true);
      await waitFor(() => stateOf(id) === ending);
    }
    broker.faults.clear();
    await waitFor(() => stateOf(id) === 'CompleteCommit');
  });

  test('of a transaction that ran out of time are held too', async () => {
    const { client, topic, broker } = await open();
    const [a, id] = [topic(), uniqueName('txn')];
    const producer = await start(client, id, 1000);
    await producer.add(a);
    const fault = broker.faults.add({ hold: 'markers', transactionalId: id });
    broker.clock.advance(1000);
    expect(stateOf(id)).toBe('PrepareAbort');
    expect(fault.hits).toBe(1);
    fault.remove();
    await waitFor(() => stateOf(id) === 'CompleteAbort');
  });
});

describe('after a restart', () => {
  let dataDir: string;
  const folders: string[] = [];

  beforeEach(async () => {
    dataDir = await mkdtemp(path.join(tmpdir(), 'devbroker-transactions-'));
    folders.push(dataDir);
  });

  afterAll(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true }))));

  const restart = async () => {
    await opened[Symbol.asyncDispose]();
    return open({ dataDir });
  };

  test('no producer id comes again, and epochs go on', async () => {
    const { client } = await open({ dataDir });
    const id = uniqueName('txn');
    const before = [await init(client, null), await init(client, null), await init(client, id)];
    const again = (await restart()).client;
    const after = [await init(again, null), await init(again, id)];
    const given = new Set(before.map(({ producerId }) => producerId));
    expect(given.has(after[0]!.producerId)).toBe(false);
    expect(after[1]).toMatchObject({ producerId: before[2]!.producerId, epoch: 1 });
  });

  test.each([true, false])('what was decided is done, commit: %s', async (commit) => {
    const first = await open({ dataDir });
    const [a, id, group] = [first.topic(), uniqueName('txn'), uniqueName('group')];
    const producer = await start(first.client, id);
    first.broker.faults.add({ hold: 'markers', transactionalId: id });
    await producer.add(a);
    await producer.produce(a, 'decided');
    await producer.addOffsets(group);
    await producer.commitOffset(group, a, 8);
    expect(await producer.end(commit)).toBe(0);
    const { client } = await restart();
    await waitFor(() => stateOf(id)?.startsWith('Complete'));
    expect(await read(a)).toEqual({ values: commit ? ['decided'] : [], held: false });
    expect(await committedOffset(client, group, a)).toBe(commit ? 8 : -1);
    expect(await new Producer(client, producer.identity).end(commit)).toBe(0);
  });

  test('what was open stays so, and its producer may end it', async () => {
    const first = await open({ dataDir });
    const [a, id] = [first.topic(), uniqueName('txn')];
    const before = await start(first.client, id);
    await before.add(a);
    await before.produce(a, 'before');
    const { client } = await restart();
    const producer = new Producer(client, before.identity);
    expect((await read(a)).held).toBe(true);
    expect(await producer.produce(a, 'after', 1)).toBe(0);
    expect(await producer.end(true)).toBe(0);
    await waitFor(() => stateOf(id) === 'CompleteCommit');
    expect(await read(a)).toEqual({ values: ['before', 'after'], held: false });
  });

  test('what was open runs out of time', async () => {
    const first = await open({ dataDir });
    const [a, id] = [first.topic(), uniqueName('txn')];
    const before = await start(first.client, id, 60_000);
    await before.add(a);
    await before.produce(a, 'before');
    const { broker } = await restart();
    broker.clock.advance(60_000);
    await waitFor(() => stateOf(id) === 'CompleteAbort');
    expect(await read(a)).toEqual({ values: [], held: false });
  });
});

test('virtual nodes: only the coordinator serves a transactional id, any node gives out producer ids', async () => {
  const { broker, raw } = await open({ nodes: 2 });
  const id = uniqueName('txn');
  broker.moveCoordinator('transaction', id, 2);
  for (const [node, transactionalId, code] of [
    [1, id, 16],
    [2, id, 0],
    [1, null, 0],
  ] as const) {
    const connection = await raw(node);
    connection.send(initProducerIdRequest(transactionalId, 1000));
    const { body } = await connection.answer();
    expect([body.int32(), body.int16()]).toEqual([0, code]);
    connection.close();
  }
});
