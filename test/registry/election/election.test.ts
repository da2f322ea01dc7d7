/** A node in a group that the test plays: who it is told, what it answers to writes, and what the fence does. */
import type { GroupOptions, KafkaPort } from '../../../src/kafka/port';
import { MillraceError, NO_METRICS, RetriableError, SILENT } from '../../../src/kernel';
import { createElection, type Election, type ElectionOptions } from '../../../src/registry/election/election';
import {
  type Choice,
  decodeChoice,
  encodeChoice,
  encodeIdentity,
} from '../../../src/registry/election/identity';
import { NotPrimary } from '../../../src/registry/errors';
import { waitFor } from '../../support/wait';

const address = (host: string) => ({ scheme: 'http', host, port: 1 });
const identity = (host: string) => ({ ...address(host), eligible: true, leader: false });
const chosen = (host: string): Choice => ({ kind: 'chosen', memberId: host, identity: identity(host) });
const fenced = () => new MillraceError('KAFKA_FENCED', 'Another writes');

interface Play {
  readonly election: Election;
  readonly group: () => GroupOptions;
  /** Assigns as the leader of the group would. */
  tell(choice: Choice): void;
  rejoins: number;
  takeOvers: number;
  readonly stops: ({ readonly leave?: boolean } | undefined)[];
}

const elections: Election[] = [];
afterEach(() => Promise.all(elections.splice(0).map((election) => election.leave())));

function play(options: Partial<ElectionOptions> = {}): Play {
  let group: GroupOptions | undefined;
  const kafka = {
    group(given: GroupOptions) {
      group = given;
      return {
        identity: null,
        start() {},
        rejoin: () => void self.rejoins++,
        stop: async (how?: { readonly leave?: boolean }) => void self.stops.push(how),
      };
    },
  } as Pick<KafkaPort, 'group'>;
  const election = createElection({
    kafka,
    groupId: 'g',
    eligible: true,
    sticky: true,
    waitMs: 300,
    logger: SILENT,
    metrics: NO_METRICS,
    takeOver: async () => void self.takeOvers++,
    onChange() {},
    ...options,
  });
  elections.push(election);
  election.join(address('a'));
  const self: Play = {
    election,
    group: () => group!,
    tell: (choice) =>
      void group!.onAssigned(encodeChoice(choice), { memberId: 'm', generation: 1, instanceId: null }, 'v0'),
    rejoins: 0,
    takeOvers: 0,
    stops: [],
  };
  return self;
}

const write = ({ election }: Play) => election.whenPrimary(Date.now());
const UNKNOWN = expect.objectContaining({ status: 500, errorCode: 50004 });

test('joins as Confluent does, under its URL', () => {
  const { group } = play();
  const { groupId, protocolType, instanceId, sessionTimeoutMs, rebalanceTimeoutMs } = group();
  expect({ groupId, protocolType, instanceId, sessionTimeoutMs, rebalanceTimeoutMs }).toEqual({
    groupId: 'g',
    protocolType: 'sr',
    instanceId: 'http://a:1',
    sessionTimeoutMs: 10_000,
    rebalanceTimeoutMs: 300_000,
  });
  expect(group().protocols()).toEqual([{ name: 'v0', metadata: encodeIdentity(identity('a')) }]);
});

test('as leader of the group it assigns the same to all, whatever the others speak', async () => {
  const { group } = play();
  const peer = (memberId: string, metadata: Buffer) => ({ memberId, instanceId: null, metadata });
  const peers = [
    peer('x', Buffer.from('\0?')),
    peer('c', encodeIdentity(identity('c'))),
    peer('b', encodeIdentity(identity('b'))),
  ];
  const assigned = await group().assign('v0', peers, 'b');
  expect([...assigned.keys()]).toEqual(['x', 'c', 'b']);
  for (const bytes of assigned.values()) expect(decodeChoice(bytes)).toEqual(chosen('b'));
});

test('a write waits until the node that was chosen has taken over', async () => {
  let release = () => {};
  const held = new Promise<void>((resolve) => (release = resolve));
  const node = play({ takeOver: () => held, waitMs: 5000 });
  const writing = write(node);
  node.tell(chosen('a'));
  await waitFor(() => node.election.role === 'taking-over');
  expect(node.election.primary).toBe('http://a:1');
  release();
  await writing;
  expect(node.election.role).toBe('primary');
  expect(JSON.parse(node.group().protocols()[0]!.metadata.toString())).toMatchObject({ leader: true });
});

test('a write at a follower belongs to the primary, also during a rebalance and out of the group', async () => {
  const node = play();
  node.tell(chosen('b'));
  const expected = expect.objectContaining({ primary: 'http://b:1', errorCode: 50004 });
  await expect(write(node)).rejects.toEqual(expected);
  await node.group().onRevoked('rebalance');
  await node.group().onRevoked('lost');
  await expect(write(node)).rejects.toEqual(expected);
  await expect(write(node)).rejects.toBeInstanceOf(NotPrimary);
});

test('the primary writes on during a rebalance, and stops when it is out of the group', async () => {
  const node = play();
  node.tell(chosen('a'));
  await write(node);
  await node.group().onRevoked('rebalance');
  await write(node);
  node.tell(chosen('a'));
  await write(node);
  expect(node.takeOvers).toBe(1);
  await node.group().onRevoked('lost');
  await expect(write(node)).rejects.toEqual(UNKNOWN);
  node.tell(chosen('a'));
  await write(node);
  expect(node.takeOvers).toBe(2);
});

test.each([
  ['nobody is eligible', { kind: 'nobody' }, /eligible/],
  ['two nodes have one URL', { kind: 'duplicates' }, /same URL/],
] as const)('writes are refused at once, with the reason: %s', async (_what, choice, message) => {
  const node = play({ waitMs: 60_000 });
  node.tell(choice);
  await expect(write(node)).rejects.toEqual(UNKNOWN);
  await expect(write(node)).rejects.toThrow(message);
  node.tell(chosen('a'));
  await write(node);
});

test('a fenced primary asks the group again, once', async () => {
  const node = play({ waitMs: 5000 });
  node.tell(chosen('a'));
  const term = await write(node);
  node.election.fenced(term, fenced());
  node.election.fenced(term, fenced());
  expect([node.election.role, node.rejoins]).toEqual(['joining', 1]);
  node.tell(chosen('a'));
  await write(node);
  // A write of before, answered late.
  node.election.fenced(term, fenced());
  expect([node.election.role, node.rejoins, node.takeOvers]).toEqual(['primary', 1, 2]);
});

test('a write in doubt is decided by a new fence before the next write', async () => {
  const node = play({ waitMs: 5000 });
  node.tell(chosen('a'));
  const term = await write(node);
  node.election.doubted(term);
  node.election.doubted(term);
  expect(node.election.role).toBe('taking-over');
  expect(await write(node)).toBeGreaterThan(term);
  expect([node.takeOvers, node.rejoins]).toEqual([2, 0]);
});

test('a take-over is repeated while that may help, and ends when another was quicker', async () => {
  const errors = [new RetriableError('busy'), new RetriableError('busy')];
  const node = play({
    waitMs: 5000,
    async takeOver() {
      const error = errors.shift();
      if (error) throw error;
    },
  });
  node.tell(chosen('a'));
  await write(node);
  const loser = play({ takeOver: () => Promise.reject(fenced()) });
  loser.tell(chosen('a'));
  await waitFor(() => loser.election.role === 'joining');
  expect(loser.rejoins).toBe(1);
});

test('what may pass is waited for, and told when it does not', async () => {
  const node = play({ takeOver: () => Promise.reject(new RetriableError('no coordinator')) });
  node.tell(chosen('a'));
  await expect(write(node)).rejects.toThrow('Leader not known: no coordinator');
});

test('what somebody must mend is told at once, and mended it goes on', async () => {
  let allowed = false;
  const node = play({
    waitMs: 60_000,
    async takeOver() {
      if (!allowed) throw new MillraceError('KAFKA_REFUSED', 'No right', { hint: 'Give the right.' });
    },
  });
  node.tell(chosen('a'));
  await expect(write(node)).rejects.toThrow('Leader not known: No right Give the right.');
  allowed = true;
  await waitFor(() => write(node).then(() => true));
});

test('a node whose place another process took stays out', async () => {
  const node = play({ waitMs: 60_000 });
  node.tell(chosen('a'));
  await write(node);
  await node.group().onRevoked('lost');
  node.group().onFatal(fenced());
  await expect(write(node)).rejects.toThrow('another registry is http://a:1 too');
  expect(node.election.role).toBe('vacant');
});

test('leaves the group for good', async () => {
  const node = play();
  node.tell(chosen('a'));
  await write(node);
  await node.election.leave();
  expect([node.stops, node.election.role, node.election.primary]).toEqual([[{ leave: true }], 'left', null]);
  await expect(write(node)).rejects.toEqual(UNKNOWN);
});
