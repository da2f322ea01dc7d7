import { type ConsumerGroupOptions, createConsumerGroup, type GroupMember } from '../../src/kafka';
import type { TopicPartition } from '../../src/kernel';
import { openTestKafka, type TestKafka } from '../support/kafka';
import { waitFor } from '../support/wait';

let stack: TestKafka;
const members: GroupMember[] = [];

beforeAll(async () => {
  stack = await openTestKafka();
});

afterEach(() => Promise.all(members.splice(0).map((member) => member.stop({ leave: true }))));

afterAll(() => stack[Symbol.asyncDispose]());

class Consumer {
  partitions: string[] | null = null;
  assignments = 0;
  /** All that was ever assigned. */
  readonly seen = new Set<string>();
  fatal: Error | null = null;
  readonly member: GroupMember;

  constructor(
    groupId: string,
    topics: ConsumerGroupOptions['topics'],
    options: Partial<ConsumerGroupOptions> = {},
  ) {
    this.member = createConsumerGroup(stack.kafka, {
      groupId,
      topics,
      heartbeatMs: 100,
      refreshMs: 200,
      onAssigned: (partitions) => {
        this.assignments++;
        this.partitions = partitions.map(text).sort();
        for (const each of this.partitions) this.seen.add(each);
      },
      onRevoked: () => {
        this.partitions = null;
      },
      onFatal: (error) => {
        this.fatal = error;
      },
      ...options,
    });
    members.push(this.member);
    this.member.start();
  }

  has(...partitions: string[]): Promise<boolean> {
    const what = `[${partitions}]`;
    return waitFor(() => JSON.stringify(this.partitions) === JSON.stringify(partitions), { what });
  }
}

const text = ({ topic, partition }: TopicPartition) => `${topic}-${partition}`;

test('partitions are shared, and taken over', async () => {
  const topic = await stack.topic({ partitions: 3 });
  const group = stack.groupName();
  const [a, b] = [
    new Consumer(group, [topic], { instanceId: 'a' }),
    new Consumer(group, [topic], { instanceId: 'b' }),
  ];
  await Promise.all([a.has(`${topic}-0`, `${topic}-1`), b.has(`${topic}-2`)]);
  await a.member.stop({ leave: true });
  await b.has(`${topic}-0`, `${topic}-1`, `${topic}-2`);
});

test.each(['range', 'roundrobin', 'sticky'] as const)(
  'with %s each partition has one owner',
  async (assignor) => {
    const [one, two] = [await stack.topic({ partitions: 3 }), await stack.topic({ partitions: 4 })];
    const group = stack.groupName();
    const consumers = Array.from(
      { length: 3 },
      () => new Consumer(group, [one, two], { assignors: [assignor] }),
    );
    await waitFor(() => {
      const all = consumers.flatMap((consumer) => consumer.partitions ?? []);
      return (
        all.length === 7 && new Set(all).size === 7 && consumers.every((each) => each.partitions?.length)
      );
    });
  },
);

test('a topic that is created later is read from then on', async () => {
  const topic = stack.topicName();
  const consumer = new Consumer(stack.groupName(), [topic]);
  await consumer.has();
  await stack.kafka.admin.createTopic({ topic, partitions: 2 });
  await consumer.has(`${topic}-0`, `${topic}-1`);
});

test('topics by pattern, the name as a whole', async () => {
  const first = await stack.topic();
  const consumer = new Consumer(stack.groupName(), new RegExp(`${first}|${first}_later`));
  await consumer.has(`${first}-0`);
  await stack.kafka.admin.createTopic({ topic: `${first}_later_still` });
  await stack.kafka.admin.createTopic({ topic: `${first}_later` });
  await consumer.has(`${first}-0`, `${first}_later-0`);
  await stack.kafka.admin.deleteTopics([`${first}_later`, `${first}_later_still`]);
  await consumer.has(`${first}-0`);
});

test('a static member that comes back with other topics gets those, and gives up the old ones', async () => {
  const [old, added] = [await stack.topic(), await stack.topic()];
  const group = stack.groupName();
  const [a, b] = [
    new Consumer(group, [old], { instanceId: 'a' }),
    new Consumer(group, [old], { instanceId: 'b' }),
  ];
  await a.has(`${old}-0`);
  await b.has();
  await Promise.all([a.member.stop(), b.member.stop()]);
  const again = [
    new Consumer(group, [added], { instanceId: 'a' }),
    new Consumer(group, [added], { instanceId: 'b' }),
  ];
  await again[0]!.has(`${added}-0`);
  await again[1]!.has();
  // Not even for a moment, in which records of the old topic would have been read.
  expect([...again[0]!.seen, ...again[1]!.seen]).toEqual([`${added}-0`]);
});

test('a static member that comes back as it was is not assigned again', async () => {
  const topic = await stack.topic({ partitions: 2 });
  const group = stack.groupName();
  const first = new Consumer(group, [topic], { instanceId: 'a' });
  await first.has(`${topic}-0`, `${topic}-1`);
  await first.member.stop();
  const start = performance.now();
  const again = new Consumer(group, [topic], { instanceId: 'a' });
  await again.has(`${topic}-0`, `${topic}-1`);
  expect(performance.now() - start).toBeLessThan(1000);
  // Two looks at the topics later it is still at its first assignment.
  await new Promise((resolve) => setTimeout(resolve, 500));
  expect(again.assignments).toBe(1);
});
