/** A client that is not ours: kafkajs with two consumers of one group. */
import { type Consumer, type EachMessagePayload, Kafka, logLevel } from 'kafkajs';
import { waitFor } from '../../support/wait';
import { type GroupBroker, openGroupBroker } from './support';

const PARTITIONS = 4;

let opened: GroupBroker;
let kafka: Kafka;
const consumers: Consumer[] = [];

beforeAll(async () => {
  opened = await openGroupBroker();
  kafka = new Kafka({ brokers: [...opened.broker.addresses], logLevel: logLevel.NOTHING });
});

afterAll(async () => {
  await Promise.all(consumers.map((each) => each.disconnect()));
  await opened[Symbol.asyncDispose]();
});

async function consume(groupId: string, topic: string, take: (payload: EachMessagePayload) => void) {
  const consumer = kafka.consumer({ groupId, heartbeatInterval: 200, maxWaitTimeInMs: 100 });
  consumers.push(consumer);
  let assigned: readonly number[] = [];
  consumer.on('consumer.group_join', ({ payload }) => {
    assigned = payload.memberAssignment[topic] ?? [];
  });
  await consumer.subscribe({ topic, fromBeginning: true });
  await consumer.run({ eachMessage: async (payload) => take(payload) });
  return { consumer, assigned: () => assigned };
}

test('two consumers share the partitions, and the one that stays takes over where the other ended', async () => {
  const [topic, groupId] = [opened.topic(PARTITIONS), opened.target.name()];
  const seen: string[] = [];
  const take = ({ message }: EachMessagePayload) => void seen.push(`${message.value}`);
  const producer = kafka.producer();
  await producer.connect();
  const send = (first: number) =>
    producer.send({
      topic,
      messages: Array.from({ length: 40 }, (_, i) => ({ partition: i % PARTITIONS, value: `${first + i}` })),
    });
  const [one, two] = [await consume(groupId, topic, take), await consume(groupId, topic, take)];
  await waitFor(() => one.assigned().length === 2 && two.assigned().length === 2, { timeoutMs: 20_000 });
  await send(0);
  await waitFor(() => seen.length === 40);
  await two.consumer.disconnect();
  await waitFor(() => one.assigned().length === PARTITIONS, { timeoutMs: 20_000 });
  await send(40);
  await waitFor(() => seen.length >= 80);
  await one.consumer.disconnect();
  await producer.disconnect();
  expect(seen.map(Number).sort((a, b) => a - b)).toEqual(Array.from({ length: 80 }, (_, i) => i));
  const admin = kafka.admin();
  await admin.connect();
  const [{ partitions } = { partitions: [] }] = await admin.fetchOffsets({ groupId, topics: [topic] });
  expect(partitions.map(({ offset }) => offset)).toEqual(['20', '20', '20', '20']);
  expect((await admin.describeGroups([groupId])).groups).toMatchObject([{ state: 'Empty' }]);
  expect(await admin.deleteGroups([groupId])).toMatchObject([{ errorCode: 0 }]);
  await admin.disconnect();
}, 60_000);
