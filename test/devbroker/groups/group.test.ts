import { Group, type Joining, Member, NOTHING } from '../../../src/devbroker/groups/group';

const CLIENT = { id: 'c', host: '/127.0.0.1' };

const joiningWith = (...names: string[]): Joining => ({
  sessionTimeoutMs: 6000,
  rebalanceTimeoutMs: 1000,
  protocolType: 'test',
  protocols: names.map((name) => ({ name, metadata: Buffer.from(name) })),
});

function groupOf(members: Readonly<Record<string, readonly string[]>>): Group {
  const group = new Group('g', 0);
  for (const [id, names] of Object.entries(members))
    group.add(new Member(id, null, CLIENT, joiningWith(...names)), 'test');
  group.enter('PreparingRebalance', 0);
  return group;
}

describe('the choice of a protocol', () => {
  test.each<[string, Readonly<Record<string, readonly string[]>>, string]>([
    ['the only one', { a: ['x'] }, 'x'],
    ['the one that all have', { a: ['x', 'y'], b: ['y', 'z'] }, 'y'],
    ['what most like best', { a: ['x', 'y'], b: ['y', 'x'], c: ['y', 'x'] }, 'y'],
    [
      'a vote for what not all have goes to the next',
      { a: ['w', 'x', 'y'], b: ['y', 'x'], c: ['x', 'y'] },
      'x',
    ],
  ])('%s', (_, members, chosen) => {
    expect(groupOf(members).choose()).toBe(chosen);
  });

  test('a member suits when it speaks one that all speak', () => {
    const group = groupOf({ a: ['x', 'y'], b: ['y', 'z'] });
    expect(group.suits(joiningWith('y'))).toBe(true);
    expect(group.suits(joiningWith('x'))).toBe(false);
    expect(group.suits({ ...joiningWith('y'), protocolType: 'other' })).toBe(false);
    expect(group.suits(joiningWith())).toBe(false);
  });

  test('who has gone no longer counts', () => {
    const group = groupOf({ a: ['x', 'y'], b: ['y'] });
    group.remove(group.member('b', null));
    expect(group.suits(joiningWith('x'))).toBe(true);
    expect(group.choose()).toBe('x');
  });
});

describe('the leader', () => {
  test('is the first one, then the next in line', () => {
    const group = groupOf({ a: ['x'], b: ['x'], c: ['x'] });
    expect(group.leader).toBe('a');
    group.remove(group.member('a', null));
    expect(group.leader).toBe('b');
  });

  test('gives way to one that has joined', () => {
    const group = groupOf({ a: ['x'], b: ['x'] });
    expect(group.electLeader()).toBe(false);
    group.update(group.member('b', null), joiningWith('x'), () => {});
    expect(group.electLeader()).toBe(true);
    expect(group.leader).toBe('b');
  });
});

test('a protocol list is the same only byte for byte and in the same order', () => {
  const member = new Member('m', null, CLIENT, joiningWith('x', 'y'));
  expect(member.has(joiningWith('x', 'y').protocols)).toBe(true);
  expect(member.has(joiningWith('y', 'x').protocols)).toBe(false);
  expect(member.has(joiningWith('x').protocols)).toBe(false);
  expect(member.has([{ name: 'x', metadata: NOTHING }, ...joiningWith('y').protocols])).toBe(false);
});

describe('topics of consumers', () => {
  const subscription = (version: number, ...topics: string[]) =>
    Buffer.concat([
      Buffer.from([0, version, 0, 0, 0, topics.length]),
      ...topics.flatMap((topic) => [Buffer.from([0, topic.length]), Buffer.from(topic)]),
      // User data, and what later versions add.
      Buffer.from([255, 255, 255, 255]),
    ]);

  function consumers(...metadata: Buffer[]): Group {
    const group = new Group('g', 0);
    for (const [index, bytes] of metadata.entries()) {
      const joining = { ...joiningWith(), protocols: [{ name: 'range', metadata: bytes }] };
      group.add(new Member(String(index), null, CLIENT, joining), 'consumer');
    }
    group.beginGeneration();
    return group;
  }

  test('are those of all members, in any version', () => {
    const group = consumers(subscription(0, 'a'), subscription(3, 'b', 'c'));
    expect(['a', 'b', 'c', 'd'].map((topic) => group.isSubscribedTo(topic))).toEqual([
      true,
      true,
      true,
      false,
    ]);
  });

  test('could be any when a member does not tell them', () => {
    expect(consumers(subscription(0, 'a'), Buffer.from('?')).isSubscribedTo('d')).toBe(true);
  });

  test('are none for groups of another kind', () => {
    expect(groupOf({ a: ['x'] }).isSubscribedTo('a')).toBe(false);
  });
});
