import type { CompactedLog, CompactedLogOptions, KafkaPort, LogRecord } from '../../src/kafka';
import { createRecordBatchBuilder } from '../../src/kafka';
import { openTestKafka, type TestKafka } from '../support/kafka';
import { type Service, startPrivateKafka } from '../support/stack';
import { waitFor } from '../support/wait';

let stack: TestKafka;
const logs: CompactedLog[] = [];

beforeAll(async () => {
  stack = await openTestKafka();
});

afterEach(() => Promise.all(logs.splice(0).map((log) => log.stop())));

afterAll(() => stack[Symbol.asyncDispose]());

/** A log that keeps its state as a map of texts. */
function openLog(
  options: Partial<CompactedLogOptions> = {},
  kafka: KafkaPort = stack.kafka,
): { log: CompactedLog; state: Map<string, string>; applied: LogRecord[]; topic: string } {
  const state = new Map<string, string>();
  const applied: LogRecord[] = [];
  const topic = options.topic ?? stack.topicName();
  const log = kafka.compactedLog({
    partitions: 1,
    apply(record) {
      applied.push(record);
      if (record.value === null) state.delete(record.key!.toString());
      else state.set(record.key!.toString(), record.value.toString());
    },
    ...options,
    topic,
  });
  logs.push(log);
  return { log, state, applied, topic };
}

const put = (key: string, value: string | null) => ({
  key: Buffer.from(key),
  value: value === null ? null : Buffer.from(value),
});

test('creates its topic, writes, and has applied what it wrote', async () => {
  const { log, state, topic } = openLog({ configs: { 'segment.ms': '60000' } });
  await log.start();
  const configs = await stack.kafka.admin.topicConfigs(topic);
  expect(configs.get('cleanup.policy')).toBe('compact');
  expect(configs.get('segment.ms')).toBe('60000');
  expect(await log.write([put('a', '1'), put('b', '2')])).toBe(1);
  expect(Object.fromEntries(state)).toEqual({ a: '1', b: '2' });
  expect(await log.write([put('a', null)])).toBe(2);
  expect(Object.fromEntries(state)).toEqual({ b: '2' });
});

test('replays what is there before start returns, then follows', async () => {
  const first = openLog({ partitions: 3 });
  await first.log.start();
  const many = Array.from({ length: 2000 }, (_, i) => put(`key-${i}`, `value-${i}`));
  await first.log.write(many);
  const second = openLog({ topic: first.topic, partitions: 3 }, stack.another());
  await second.log.start();
  expect(second.state.size).toBe(2000);
  expect(new Set(second.applied.map((record) => record.partition))).toEqual(new Set([0, 1, 2]));
  await first.log.write([put('key-0', 'changed')]);
  await second.log.readToEnd();
  expect(second.state.get('key-0')).toBe('changed');
});

test('writes of one caller are applied in order, each when it resolves', async () => {
  const { log, applied, state } = openLog();
  await log.start();
  const writes = Array.from({ length: 200 }, async (_, i) => {
    const offset = await log.write([put('same', String(i))]);
    expect(Number(state.get('same'))).toBeGreaterThanOrEqual(i);
    return offset;
  });
  expect(await Promise.all(writes)).toEqual(Array.from({ length: 200 }, (_, i) => i));
  expect(applied.map((record) => Number(record.value))).toEqual(Array.from({ length: 200 }, (_, i) => i));
});

test('a record may name its partition', async () => {
  const { log, applied } = openLog({ partitions: 4 });
  await log.start();
  await log.write([{ ...put('a', '1'), partition: 3 }]);
  expect(applied[0]).toMatchObject({ partition: 3, offset: 0 });
});

test.each(['delete', 'compact,delete'])('refuses a topic whose policy is %s', async (policy) => {
  const topic = await stack.topic({ configs: { 'cleanup.policy': policy } });
  const started = openLog({ topic }).log.start();
  await expect(started).rejects.toThrow(/must be exactly "compact".*delete/s);
  await expect(started).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
    hint: expect.stringContaining(`--entity-name ${topic} --add-config cleanup.policy=compact`),
  });
});

test('a log of one partition refuses a topic of several', async () => {
  const topic = await stack.topic({ partitions: 2, configs: { 'cleanup.policy': 'compact' } });
  await expect(openLog({ topic }).log.start()).rejects.toThrow(/has 2 partitions.*must have one/);
});

test('a record that cannot be applied is told once and stops the log', async () => {
  const failures: Error[] = [];
  const { log } = openLog({
    apply: () => {
      throw new Error('no such thing');
    },
    onFailure: (error) => failures.push(error),
  });
  await log.start();
  await expect(log.write([put('a', '1')])).rejects.toThrow(/cannot be read on: no such thing/);
  await expect(log.write([put('a', '2')])).rejects.toThrow(/no such thing/);
  await expect(log.readToEnd()).rejects.toThrow(/no such thing/);
  expect(failures).toHaveLength(1);
});

test('aborted transactions do not count, and a log that ends in them ends', async () => {
  const { log, topic } = openLog({ isolation: 'read_committed' });
  await log.start();
  await log.write([put('a', '1')]);
  const producer = stack.another().producer({ transactionalId: topic });
  await producer.transaction!.init();
  producer.transaction!.begin();
  const builder = createRecordBatchBuilder();
  builder.append(Date.now(), Buffer.from('a'), Buffer.from('never'), []);
  await producer.send(topic, 0, builder.build('none'));
  await producer.transaction!.abort();
  await producer.close();
  await log.readToEnd();
  const again = openLog({ topic, isolation: 'read_committed' });
  await again.log.start();
  expect(Object.fromEntries(again.state)).toEqual({ a: '1' });
});

test('stopping while it waits for a broker', async () => {
  const lost = await openTestKafka(['127.0.0.1:1']);
  const { log } = openLog({}, lost.kafka);
  await expect(log.start(AbortSignal.timeout(300))).rejects.toMatchObject({ code: 'KAFKA_UNREACHABLE' });
  await lost.kafka.close();
});

describe('with a broker that restarts', () => {
  let broker: Service;
  beforeAll(async () => {
    broker = await startPrivateKafka();
  }, 60_000);
  afterAll(() => broker.remove());

  test('goes on, and writes of the meantime arrive once', async () => {
    const other = await openTestKafka([broker.address()]);
    const { log, state, applied } = openLog({}, other.kafka);
    await log.start();
    await log.write([put('before', '1')]);
    await broker.kill();
    const pending = log.write([put('during', '2')]);
    await broker.start();
    await pending;
    await log.write([put('after', '3')]);
    expect(Object.fromEntries(state)).toEqual({ before: '1', during: '2', after: '3' });
    expect(applied).toHaveLength(3);
    await log.stop();
    await other.kafka.close();
  }, 90_000);

  test('group members keep their place over a restart', async () => {
    const other = await openTestKafka([broker.address()]);
    const assigned: number[] = [];
    let fatal: Error | null = null;
    const member = other.kafka.group({
      groupId: 'restart',
      protocolType: 'test',
      heartbeatMs: 100,
      sessionTimeoutMs: 30_000,
      protocols: () => [{ name: 'p', metadata: Buffer.from('m') }],
      assign: async (_, peers) => new Map(peers.map((peer) => [peer.memberId, Buffer.from('x')])),
      onAssigned: (_, identity) => void assigned.push(identity.generation),
      onRevoked: () => undefined,
      onFatal: (error) => {
        fatal = error;
      },
    });
    member.start();
    await waitFor(() => assigned.length === 1);
    await broker.restart();
    member.rejoin();
    await waitFor(() => assigned.length === 2, { timeoutMs: 60_000 });
    expect(fatal).toBeNull();
    expect(assigned[1]).toBeGreaterThan(assigned[0]!);
    await member.stop();
    await other.kafka.close();
  }, 90_000);
});
