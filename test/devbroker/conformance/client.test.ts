/** Our own port as a user of both sides: what it does all day must work the same. */
import {
  type BatchReader,
  type Compression,
  createConsumerGroup,
  createKafka,
  createRecordBatchBuilder,
  type GroupMember,
  type KafkaPort,
} from '../../../src/kafka';
import { type Position, SILENT, type TopicPartition } from '../../../src/kernel';
import { waitFor } from '../../support/wait';
import { conformance, scenario } from './harness';

const batchOf = (values: readonly string[], compression: Compression = 'none') => {
  const builder = createRecordBatchBuilder();
  for (const value of values) builder.append(Date.now(), Buffer.from(value), Buffer.from(value), []);
  return builder.build(compression);
};

conformance('clients of our port', (target) => {
  let kafka: KafkaPort;
  beforeAll(() => {
    kafka = createKafka({ brokers: [target.address], clientId: 'conformance' }, { logger: SILENT });
  });
  afterAll(() => kafka.close());

  scenario('a producer writes with every compression, a reader finds all of it in order', async () => {
    const topic = await target.topic();
    const producer = kafka.producer();
    const kinds = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const;
    for (const kind of kinds) await producer.send(topic, 0, batchOf([`${kind} 1`, `${kind} 2`], kind));
    await producer.close();
    expect(await readAll(kafka, topic)).toEqual(kinds.flatMap((kind) => [`${kind} 1`, `${kind} 2`]));
  });

  scenario('many batches in flight keep their order', async () => {
    const topic = await target.topic();
    const producer = kafka.producer({ maxInFlight: 5 });
    const values = Array.from({ length: 300 }, (_, n) => `${n}`);
    await Promise.all(values.map((value) => producer.send(topic, 0, batchOf([value]))));
    await producer.close();
    expect(await readAll(kafka, topic)).toEqual(values);
  });

  scenario('start, end and times of a log', async () => {
    const topic = await target.topic({ partitions: 2 });
    const producer = kafka.producer();
    await producer.send(topic, 1, batchOf(['a', 'b', 'c']));
    await producer.close();
    const partitions = [0, 1].map((partition) => ({ topic, partition }));
    const offsets = async (spec: Parameters<KafkaPort['offsets']>[1]) =>
      (await kafka.offsets(partitions, spec)).map(({ offset }) => offset);
    expect(await offsets('earliest')).toEqual([0, 0]);
    expect(await offsets('latest')).toEqual([0, 3]);
    expect(await offsets('lso')).toEqual([0, 3]);
    expect(await offsets({ timestamp: 0 })).toEqual([-1, 0]);
  });

  scenario('a transaction of records and offsets', async () => {
    const [topic, group] = [await target.topic(), target.name('group')];
    const producer = kafka.producer({ transactionalId: target.name('txn') });
    const transaction = producer.transaction!;
    await transaction.init();
    for (const [value, ends] of [
      ['kept', 'commit'],
      ['lost', 'abort'],
      ['kept too', 'commit'],
    ] as const) {
      transaction.begin();
      await producer.send(topic, 0, batchOf([value]));
      await transaction.sendOffsets(group, [{ topic, partition: 0, offset: value.length }]);
      await transaction[ends]();
    }
    await producer.close();
    expect(await readAll(kafka, topic, 'read_committed')).toEqual(['kept', 'kept too']);
    await waitFor(async () => (await kafka.committed(group, [{ topic, partition: 0 }]))[0]?.offset === 8);
  });

  scenario('a producer that takes over fences the one before and drops what it left open', async () => {
    const topic = await target.topic();
    const transactionalId = target.name('txn');
    const [old, next] = [kafka.producer({ transactionalId }), kafka.producer({ transactionalId })];
    await old.transaction!.init();
    old.transaction!.begin();
    await old.send(topic, 0, batchOf(['lost']));
    await next.transaction!.init();
    await expect(old.transaction!.commit()).rejects.toMatchObject({ code: 'KAFKA_FENCED' });
    next.transaction!.begin();
    await next.send(topic, 0, batchOf(['kept']));
    await next.transaction!.commit();
    await Promise.all([old.close(), next.close()]);
    expect(await readAll(kafka, topic, 'read_committed')).toEqual(['kept']);
  });

  scenario(
    'a consumer group shares the partitions, and takes over those of a member that leaves',
    async () => {
      const topic = await target.topic({ partitions: 4 });
      const groupId = target.name('group');
      const members = [consume(kafka, groupId, topic), consume(kafka, groupId, topic)] as const;
      const counts = () => members.map(({ partitions }) => partitions.length);
      await waitFor(() => counts().every((count) => count === 2), {
        what: 'two partitions each',
        timeoutMs: 20_000,
      });
      const all = members.flatMap(({ partitions }) => partitions.map(({ partition }) => partition));
      expect(all.sort()).toEqual([0, 1, 2, 3]);
      await members[1].member.stop();
      await waitFor(() => members[0].partitions.length === 4, { what: 'all partitions', timeoutMs: 20_000 });
      await members[0].member.stop();
    },
  );

  scenario('a member commits, and its successor finds the positions', async () => {
    const topic = await target.topic();
    const groupId = target.name('group');
    const consumer = consume(kafka, groupId, topic);
    await waitFor(() => consumer.partitions.length === 1, { timeoutMs: 20_000 });
    await kafka.commit(groupId, consumer.member.identity, [{ topic, partition: 0, offset: 42 }]);
    await consumer.member.stop();
    expect(await kafka.committed(groupId, [{ topic, partition: 0 }])).toEqual([
      { topic, partition: 0, offset: 42 },
    ]);
    await kafka.admin.deleteGroups([groupId]);
    expect(await kafka.committed(groupId, [{ topic, partition: 0 }])).toEqual([]);
  });

  scenario('a compacted log is written, followed and found again', async () => {
    const topic = await target.topic({ configs: { 'cleanup.policy': 'compact' } });
    const open = async () => {
      const state = new Map<string, string>();
      const log = kafka.compactedLog({
        topic,
        partitions: 1,
        apply: ({ key, value }) =>
          value === null ? state.delete(`${key}`) : state.set(`${key}`, value.toString()),
      });
      await log.start();
      return { log, state };
    };
    const first = await open();
    const put = (key: string, value: string | null) =>
      first.log.write([{ key: Buffer.from(key), value: value === null ? null : Buffer.from(value) }]);
    for (const [key, value] of [
      ['a', '1'],
      ['b', '2'],
      ['a', '3'],
      ['b', null],
    ] as const)
      await put(key, value);
    expect(first.state).toEqual(new Map([['a', '3']]));
    const second = await open();
    expect(second.state).toEqual(new Map([['a', '3']]));
    await put('c', '4');
    await second.log.readToEnd();
    expect(second.state.get('c')).toBe('4');
    await Promise.all([first.log.stop(), second.log.stop()]);
  });

  scenario('topics and their configs by the admin', async () => {
    const topic = target.name();
    expect(await kafka.admin.createTopic({ topic, partitions: 2, configs: { 'retention.ms': '1000' } })).toBe(
      true,
    );
    expect(await kafka.admin.createTopic({ topic, partitions: 2 })).toBe(false);
    expect((await kafka.admin.topicConfigs(topic)).get('retention.ms')).toBe('1000');
    await kafka.admin.alterTopicConfigs(topic, { 'retention.ms': null, 'cleanup.policy': 'compact' });
    await waitFor(async () => (await kafka.admin.topicConfigs(topic)).get('cleanup.policy') === 'compact');
    expect((await kafka.admin.topicConfigs(topic)).get('retention.ms')).not.toBe('1000');
    expect(await kafka.admin.listTopics()).toContain(topic);
    await kafka.admin.deleteTopics([topic, target.name()]);
    await waitFor(async () => !(await kafka.admin.listTopics()).includes(topic));
  });
});

interface Consumer {
  readonly member: GroupMember;
  partitions: readonly TopicPartition[];
}

function consume(kafka: KafkaPort, groupId: string, topic: string): Consumer {
  const consumer: { partitions: readonly TopicPartition[] } = { partitions: [] };
  const member = createConsumerGroup(kafka, {
    groupId,
    topics: [topic],
    heartbeatMs: 100,
    onAssigned: (partitions) => void (consumer.partitions = partitions),
    onRevoked: () => void (consumer.partitions = []),
    onFatal: (error) => {
      throw error;
    },
  });
  member.start();
  return Object.assign(consumer, { member });
}

/** Values of partition 0, from the start to the end that the first answer told. */
async function readAll(
  kafka: KafkaPort,
  topic: string,
  isolation: 'read_uncommitted' | 'read_committed' = 'read_uncommitted',
): Promise<string[]> {
  const start: Position = { topic, partition: 0, offset: 0 };
  await waitFor(() => allEnded(kafka, start), { what: 'the markers of all transactions' });
  const reader = kafka.reader({ isolation });
  reader.assign([start]);
  const values: string[] = [];
  await waitFor(async () => {
    await take(reader, values);
    return (reader.position(start) ?? 0) >= (reader.end(start) ?? Number.POSITIVE_INFINITY);
  });
  await reader.close();
  return values;
}

/** Markers are written after the answer to the end of a transaction. */
async function allEnded(kafka: KafkaPort, partition: TopicPartition): Promise<boolean> {
  const [stable, end] = [await kafka.offsets([partition], 'lso'), await kafka.offsets([partition], 'latest')];
  return stable[0]!.offset === end[0]!.offset;
}

async function take(reader: BatchReader, values: string[]): Promise<void> {
  for (const batch of await reader.next(500)) {
    const cursor = batch.records();
    while (cursor.next()) values.push(cursor.value!.toString());
  }
}
