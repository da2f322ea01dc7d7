import type { GroupIdentity, GroupMember, GroupOptions, KafkaPort } from '../../src/kafka';
import { StaleMemberError } from '../../src/kafka';
import { createCoordinators } from '../../src/kafka/coordinator';
import { createLanes } from '../../src/kafka/lane';
import { leaveGroupRequest } from '../../src/kafka/wire/leave-group';
import { openTestKafka, type TestKafka } from '../support/kafka';
import { stackAddresses } from '../support/stack';
import { waitFor } from '../support/wait';

let stack: TestKafka;
const members: GroupMember[] = [];

beforeAll(async () => {
  stack = await openTestKafka();
});

afterEach(() => Promise.all(members.splice(0).map((member) => member.stop({ leave: true }))));

afterAll(() => stack[Symbol.asyncDispose]());

/** A member that notes what happens to it. The leader gives each member a text with all names and the round. */
class Witness {
  readonly events: string[] = [];
  readonly member: GroupMember;
  name: string;
  identity: GroupIdentity | null = null;
  assignment: string | null = null;
  fatal: Error | null = null;
  assignments = 0;

  constructor(
    groupId: string,
    name: string,
    options: Partial<GroupOptions> = {},
    kafka: KafkaPort = stack.kafka,
  ) {
    this.name = name;
    this.member = kafka.group({
      groupId,
      protocolType: 'test',
      heartbeatMs: 100,
      protocols: () => [{ name: 'p', metadata: Buffer.from(this.name) }],
      assign: async (_protocol, peers) => {
        const names = peers.map((peer) => peer.metadata.toString()).sort();
        return new Map(peers.map((peer) => [peer.memberId, Buffer.from(`${peer.metadata} of ${names}`)]));
      },
      onAssigned: (assignment, identity) => {
        this.assignments++;
        this.assignment = assignment.toString();
        this.identity = identity;
        this.events.push(`assigned ${this.assignment}`);
      },
      onRevoked: (reason) => void this.events.push(reason),
      onFatal: (error) => {
        this.fatal = error;
      },
      ...options,
    });
    members.push(this.member);
    this.member.start();
  }

  has(assignment: string): Promise<boolean> {
    const what = `${this.name} to have "${assignment}", not "${this.assignment}"`;
    return waitFor(() => this.assignment === assignment, { what, timeoutMs: 20_000 });
  }
}

test('members join, are assigned by a leader, and leave', async () => {
  const group = stack.groupName();
  const a = new Witness(group, 'a');
  await a.has('a of a');
  const b = new Witness(group, 'b');
  await Promise.all([a.has('a of a,b'), b.has('b of a,b')]);
  expect(a.identity!.generation).toBe(b.identity!.generation);
  expect(a.member.identity).toEqual(a.identity);
  expect(a.events).toEqual(['assigned a of a', 'rebalance', 'assigned a of a,b']);
  const start = performance.now();
  await b.member.stop();
  await a.has('a of a');
  expect(performance.now() - start).toBeLessThan(3000);
  expect(b.events.at(-1)).toBe('leave');
  expect(b.member.identity).toBeNull();
});

test('rejoin tells the others what has changed', async () => {
  const group = stack.groupName();
  const [a, b] = [new Witness(group, 'a'), new Witness(group, 'b')];
  await Promise.all([a.has('a of a,b'), b.has('b of a,b')]);
  b.name = 'c';
  b.member.rejoin();
  await Promise.all([a.has('a of a,c'), b.has('c of a,c')]);
});

test('heartbeats go on while the owner gives up its work', async () => {
  const group = stack.groupName();
  let slow = true;
  const a = new Witness(group, 'a', {
    sessionTimeoutMs: 6000,
    onRevoked: async () => {
      if (!slow) return;
      slow = false;
      await new Promise((resolve) => setTimeout(resolve, 7000));
    },
  });
  await a.has('a of a');
  const b = new Witness(group, 'b');
  await Promise.all([a.has('a of a,b'), b.has('b of a,b')]);
  // Thrown out, it would have come back under another id.
  expect(a.member.identity!.memberId).toBe(a.identity!.memberId);
  expect(a.fatal).toBeNull();
}, 30_000);

test('stop ends a pending join at once', async () => {
  const group = stack.groupName();
  const release = { now: () => {} };
  const held = new Promise<void>((resolve) => {
    release.now = resolve;
  });
  let asked = false;
  const onRevoked = () => {
    asked = true;
    return held;
  };
  const a = new Witness(group, 'a', { onRevoked });
  await a.has('a of a');
  const b = new Witness(group, 'b');
  // The join of b is pending from here on: it waits for a, which does not give up its work.
  await waitFor(() => asked);
  const start = performance.now();
  await b.member.stop();
  expect(performance.now() - start).toBeLessThan(1000);
  expect(b.events).toEqual([]);
  release.now();
});

test('a restarted static member has its place back at once, and nobody else notices', async () => {
  const group = stack.groupName();
  const [a, b] = [
    new Witness(group, 'a', { instanceId: 'one' }),
    new Witness(group, 'b', { instanceId: 'two' }),
  ];
  await Promise.all([a.has('a of a,b'), b.has('b of a,b')]);
  const { generation } = a.identity!;
  const seen = b.assignments;
  await a.member.stop();
  const start = performance.now();
  const again = new Witness(group, 'a', { instanceId: 'one' });
  await again.has('a of a,b');
  expect(performance.now() - start).toBeLessThan(1000);
  expect(again.identity!.generation).toBe(generation);
  expect(b.assignments).toBe(seen);
});

test('two processes with one instance id: the younger works, the older is told and stops', async () => {
  const group = stack.groupName();
  const a = new Witness(group, 'a', { instanceId: 'one' });
  await a.has('a of a');
  const usurper = new Witness(group, 'a', { instanceId: 'one' }, stack.another());
  await usurper.has('a of a');
  await waitFor(() => a.fatal !== null);
  expect(a.fatal).toMatchObject({ code: 'KAFKA_FENCED', kafkaCode: 82 });
  expect((a.fatal as unknown as { hint: string }).hint).toContain('instance id');
  expect(a.events.at(-1)).toBe('lost');
  expect(a.member.identity).toBeNull();
});

test('a member that is thrown out gives up its work and joins as a new one', async () => {
  const group = stack.groupName();
  const a = new Witness(group, 'a', { instanceId: 'one' });
  await a.has('a of a');
  const first = a.identity!.memberId;
  // Somebody removes the instance, as Kafka's own tools can.
  await removeMember(group, a.identity!);
  await waitFor(() => a.assignments === 2);
  expect(a.events).toEqual(['assigned a of a', 'lost', 'assigned a of a']);
  expect(a.identity!.memberId).not.toBe(first);
});

test('commits are those of a member of this generation', async () => {
  const group = stack.groupName();
  const topic = await stack.topic();
  const positions = [{ topic, partition: 0, offset: 5 }];
  const a = new Witness(group, 'a');
  await a.has('a of a');
  await stack.kafka.commit(group, a.identity, positions);
  expect(await stack.kafka.committed(group, positions)).toEqual(positions);
  const stale = { ...a.identity!, generation: a.identity!.generation - 1 };
  await expect(stack.kafka.commit(group, stale, positions)).rejects.toMatchObject({
    code: 'KAFKA_FENCED',
    reason: 'lost',
    kafkaCode: 22,
  });
  const unknown = stack.kafka.commit(group, { ...stale, memberId: 'nobody' }, positions);
  await expect(unknown).rejects.toBeInstanceOf(StaleMemberError);
  await expect(stack.kafka.commit(group, null, positions)).rejects.toThrow(/has members/);
});

test('another protocol type under the same group id is refused for good', async () => {
  const group = stack.groupName();
  await new Witness(group, 'a').has('a of a');
  const b = new Witness(group, 'b', { protocolType: 'other' });
  await waitFor(() => b.fatal !== null);
  expect(b.fatal).toMatchObject({ code: 'KAFKA_REFUSED', kafkaCode: 23 });
});

test('a handler that throws ends the member', async () => {
  const a = new Witness(stack.groupName(), 'a', {
    onAssigned: () => {
      throw new Error('cannot start');
    },
  });
  await waitFor(() => a.fatal !== null);
  expect(a.fatal!.message).toBe('cannot start');
  expect(a.events).toEqual(['lost']);
});

test('a leader whose assignment fails for a passing reason tries again', async () => {
  let failures = 0;
  const a: Witness = new Witness(stack.groupName(), 'a', {
    assign: async (_protocol, peers) => {
      if (failures++ < 2) await stack.kafka.connect(AbortSignal.abort());
      return new Map(peers.map((peer) => [peer.memberId, Buffer.from('at last')]));
    },
  });
  await a.has('at last');
});

test('a static member that leaves before its join is answered leaves no ghost behind', async () => {
  const group = stack.groupName();
  const topic = await stack.topic();
  // A member that does not come to the round keeps the join of the other one waiting.
  let rounds = 0;
  let release = (): void => {};
  const busy = new Promise<void>((resolve) => (release = resolve));
  const slow = new Witness(group, 'a', {
    onRevoked: () => {
      rounds++;
      return busy;
    },
  });
  await waitFor(() => slow.assignments === 1);
  const hasty = new Witness(group, 'b', { instanceId: 'one', sessionTimeoutMs: 30_000 });
  await waitFor(() => rounds === 1);
  expect(hasty.assignments).toBe(0);
  await hasty.member.stop({ leave: true });
  release();
  await slow.member.stop({ leave: true });
  // Only a group without members takes offsets from outside.
  await stack.kafka.commit(group, null, [{ topic, partition: 0, offset: 1 }]);
});

/** What Kafka's own tools do to remove a static member. */
async function removeMember(groupId: string, { memberId, instanceId }: GroupIdentity): Promise<void> {
  const lanes = createLanes({ brokers: [(await stackAddresses()).kafka], clientId: 'test-remove' });
  const lane = lanes.open('remove');
  const nodeId = await createCoordinators(lane, lanes.directory).find('group', groupId);
  const answer = await lane.send(nodeId, leaveGroupRequest(groupId, memberId, instanceId, 5000));
  expect(answer).toMatchObject({ error: 0, members: [{ error: 0 }] });
  await lanes.close();
}
