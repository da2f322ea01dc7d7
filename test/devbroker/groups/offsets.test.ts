import { type Committed, entries, OffsetStore } from '../../../src/devbroker/groups/offsets';

const at = (offset: number) => ({ offset, leaderEpoch: -1, metadata: '', at: 0, expiresAt: null });

/** A log that keeps the last value of each key, and a store that writes to it. */
function recorded() {
  const committed = new Map<string, Committed>();
  const staged = new Map<string, Committed>();
  const put = (table: Map<string, Committed>, key: string, value: Committed | null) =>
    void (value === null ? table.delete(key) : table.set(key, value));
  const store = new OffsetStore({
    committed: (group, topic, partition, value) => put(committed, `${group} ${topic} ${partition}`, value),
    staged: (producerId, group, topic, partition, value) =>
      put(staged, `${producerId} ${group} ${topic} ${partition}`, value),
  });
  const offset = (key: string) => committed.get(key)?.offset;
  return { store, committed, staged, offset };
}

test('what a transaction stages counts when it commits', () => {
  const { store, staged, offset } = recorded();
  store.stage(1, 'g', 't', 0, at(5));
  expect(store.get('g', 't', 0)).toBeUndefined();
  expect(store.isStaged('g', 't', 0)).toBe(true);
  expect(staged.size).toBe(1);
  store.complete(1, 'g', true);
  expect(store.get('g', 't', 0)).toMatchObject({ offset: 5 });
  expect(offset('g t 0')).toBe(5);
  expect(staged.size).toBe(0);
  expect(store.hasStaged('g')).toBe(false);
});

test('what an aborted transaction staged is gone, and what was committed before stays', () => {
  const { store, staged } = recorded();
  store.commit('g', 't', 0, at(3));
  store.stage(1, 'g', 't', 0, at(5));
  store.complete(1, 'g', false);
  expect(store.get('g', 't', 0)).toMatchObject({ offset: 3 });
  expect(staged.size).toBe(0);
  store.complete(1, 'g', true);
  expect(store.get('g', 't', 0)).toMatchObject({ offset: 3 });
});

test('producers and groups do not end each other’s transactions', () => {
  const { store } = recorded();
  store.stage(1, 'g', 't', 0, at(1));
  store.stage(2, 'g', 't', 1, at(2));
  store.stage(1, 'h', 't', 0, at(3));
  store.complete(1, 'g', true);
  expect(entries(store.of('g'))).toMatchObject([['t', 0, { offset: 1 }]]);
  expect(store.of('h')).toBeUndefined();
  expect(store.hasStaged('h')).toBe(true);
});

test('a commit after the staging is not undone by the end of the transaction', () => {
  const { store } = recorded();
  store.stage(1, 'g', 't', 0, at(5));
  store.commit('g', 't', 0, at(9));
  store.complete(1, 'g', true);
  expect(store.get('g', 't', 0)).toMatchObject({ offset: 9 });
});

test('the order of commits is known again after a restart', () => {
  const before = recorded();
  before.store.stage(1, 'g', 't', 0, at(5));
  before.store.commit('g', 't', 0, at(9));
  const { store } = recorded();
  store.restore('g', 't', 0, before.committed.get('g t 0')!);
  store.restoreStaged(1, 'g', 't', 0, before.staged.get('1 g t 0')!);
  store.complete(1, 'g', true);
  expect(store.get('g', 't', 0)).toMatchObject({ offset: 9 });
  store.stage(2, 'g', 't', 0, at(11));
  store.complete(2, 'g', true);
  expect(store.get('g', 't', 0)).toMatchObject({ offset: 11 });
});

test('a topic that is gone takes its offsets along, the staged too', () => {
  const { store, committed, staged } = recorded();
  for (const topic of ['t', 'u']) {
    store.commit('g', topic, 0, at(1));
    store.stage(1, 'g', topic, 1, at(2));
  }
  store.deleteTopic('t');
  expect([...committed.keys()]).toEqual(['g u 0']);
  expect([...staged.keys()]).toEqual(['1 g u 1']);
  store.deleteGroup('g');
  expect([committed.size, staged.size]).toEqual([0, 0]);
});
