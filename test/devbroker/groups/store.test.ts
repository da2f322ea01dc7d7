import { BrokerClock } from '../../../src/devbroker/clock';
import { Group, Member } from '../../../src/devbroker/groups/group';
import { OffsetStore } from '../../../src/devbroker/groups/offsets';
import { GroupStore } from '../../../src/devbroker/groups/store';
import type { Journal } from '../../../src/devbroker/log/port';

/** As the log keeps it: JSON, the last value of each key. */
function memoryJournal(): Journal {
  const table = new Map<string, string>();
  return {
    load: () => new Map([...table].map(([key, value]) => [key, JSON.parse(value)])),
    put: (key, value) => void (value === null ? table.delete(key) : table.set(key, JSON.stringify(value))),
  };
}

function reopened(journal: Journal) {
  const store = new GroupStore(journal);
  const offsets = new OffsetStore(store);
  return { groups: store.load(offsets), offsets, store };
}

function stableGroup(id: string): Group {
  const group = new Group(id, 100);
  const protocols = [
    { name: 'x', metadata: Buffer.from([1, 255]) },
    { name: 'y', metadata: Buffer.from('other') },
  ];
  const says = { sessionTimeoutMs: 6000, rebalanceTimeoutMs: 9000, protocols };
  group.add(new Member('a', 'one', { id: 'client', host: '/10.0.0.1' }, says), 'test');
  group.add(new Member('b', null, { id: 'client', host: '/10.0.0.2' }, says), 'test');
  group.beginGeneration();
  group.member('a', 'one').assignment = Buffer.from([0, 254]);
  group.enter('Stable', 200);
  return group;
}

test('a stable group is found again as it was', () => {
  const journal = memoryJournal();
  const id = 'any "name"\u0000 [1,2]';
  const store = new GroupStore(journal);
  store.save(stableGroup(id));
  const { groups } = reopened(journal);
  const [group] = groups;
  expect(group).toMatchObject({
    id,
    state: 'Stable',
    generation: 1,
    protocolType: 'test',
    protocol: 'x',
    leader: 'a',
    since: 200,
  });
  expect(group!.peers()).toEqual([
    { memberId: 'a', instanceId: 'one', metadata: Buffer.from([1, 255]) },
    { memberId: 'b', instanceId: null, metadata: Buffer.from([1, 255]) },
  ]);
  expect(group!.member('a', 'one')).toMatchObject({
    assignment: Buffer.from([0, 254]),
    client: { id: 'client', host: '/10.0.0.1' },
    sessionTimeoutMs: 6000,
    rebalanceTimeoutMs: 9000,
    isNew: false,
  });
});

test('a group whose members have left is empty and goes on counting generations', () => {
  const journal = memoryJournal();
  const group = stableGroup('g');
  for (const member of [...group.members.values()]) group.remove(member);
  group.beginGeneration();
  group.enter('PreparingRebalance', 300);
  group.enter('Empty', 300);
  new GroupStore(journal).save(group);
  expect(reopened(journal).groups).toMatchObject([
    { state: 'Empty', generation: 2, protocolType: 'test', protocol: null, leader: null },
  ]);
});

test('offsets, staged offsets and deletions', () => {
  const journal = memoryJournal();
  const { offsets, store } = reopened(journal);
  const at = (offset: number) => ({ offset, leaderEpoch: 3, metadata: 'text', at: 7, expiresAt: null });
  store.save(new Group('g', 0));
  store.save(new Group('h', 0));
  offsets.commit('g', 't', 0, at(1));
  offsets.commit('g', 't', 1, at(2));
  offsets.commit('h', 't', 0, at(3));
  offsets.stage(9, 'g', 't', 2, at(4));
  offsets.delete('g', 't', 1);
  offsets.deleteGroup('h');
  store.remove('h');
  const after = reopened(journal);
  expect(after.groups.map(({ id }) => id)).toEqual(['g']);
  expect(after.offsets.get('g', 't', 0)).toEqual({ ...at(1), order: 1 });
  expect(after.offsets.get('g', 't', 1)).toBeUndefined();
  expect(after.offsets.of('h')).toBeUndefined();
  expect(after.offsets.isStaged('g', 't', 2)).toBe(true);
  after.offsets.complete(9, 'g', true);
  expect(reopened(journal).offsets.get('g', 't', 2)).toMatchObject({ offset: 4 });
});

test('late timers of a group that was unloaded touch nothing', () => {
  const clock = new BrokerClock();
  const group = stableGroup('g');
  let rung = 0;
  for (const member of group.members.values()) member.session = clock.after(10, () => rung++);
  group.joinTimer = clock.after(10, () => rung++);
  group.candidates.set(
    'c',
    clock.after(10, () => rung++),
  );
  group.stopTimers();
  clock.advance(1000);
  expect(rung).toBe(0);
});
