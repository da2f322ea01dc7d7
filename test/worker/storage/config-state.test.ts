import {
  type ConfigTable,
  createConfigTable,
  type IgnoredRecord,
} from '../../../src/worker/storage/config-state';
import type { ConfigEvent } from '../../../src/worker/storage/types';

type Row = readonly [key: string, value: unknown];

/** Applies rows at offsets 0, 1, …; a string is taken as it is, anything else as JSON, null as a tombstone. */
function read(rows: readonly Row[], offsets?: readonly number[]) {
  const ignored: IgnoredRecord[] = [];
  const events: ConfigEvent[] = [];
  const state = createConfigTable((record) => ignored.push(record));
  rows.forEach(([key, value], i) => {
    const text = value === null || typeof value === 'string' ? value : JSON.stringify(value);
    events.push(...state.apply(offsets?.[i] ?? i, key, text));
  });
  return { state, events, ignored };
}

const connector = (name: string, config: Record<string, string> = { name }): Row => [
  `connector-${name}`,
  { properties: config },
];
const task = (name: string, id: number, config: Record<string, string> = { task: `${id}` }): Row => [
  `task-${name}-${id}`,
  { properties: config },
];
const commit = (name: string, tasks: number): Row => [`commit-${name}`, { tasks }];
const target = (name: string, state: string): Row => [
  `target-state-${name}`,
  { state: state === 'STOPPED' ? 'PAUSED' : state, 'state.v2': state },
];
const removal = (name: string): Row[] => [
  [`connector-${name}`, null],
  [`target-state-${name}`, null],
];

describe('connectors', () => {
  test('nothing is there before the first record', () => {
    const { state } = read([]);
    expect(state.offset).toBe(-1);
    expect(state.connectors()).toEqual([]);
    expect(state.config('c')).toBeNull();
    expect(state.target('c')).toBeNull();
    expect(state.tasks('c')).toEqual([]);
    expect(state.sessionKey).toBeNull();
  });

  test('are told in the order of their names, with the offset after the last record', () => {
    const { state, events } = read([connector('b'), connector('a', { name: 'a', x: '1' })], [7, 12]);
    expect(state.offset).toBe(13);
    expect(state.connectors()).toEqual(['a', 'b']);
    expect(state.config('a')).toEqual({ name: 'a', x: '1' });
    expect(state.target('a')).toBe('STARTED');
    expect(events).toEqual([
      { kind: 'connector', connector: 'b' },
      { kind: 'connector', connector: 'a' },
    ]);
  });

  test('values that are null are absent, values that are no text are told as text', () => {
    const { state } = read([['connector-c', { properties: { a: null, b: 2, c: true, d: 'x' } }]]);
    expect(state.config('c')).toEqual({ b: '2', c: 'true', d: 'x' });
  });

  test('a removed connector leaves no tasks and no target', () => {
    const { state, events } = read([
      connector('c'),
      target('c', 'PAUSED'),
      task('c', 0),
      commit('c', 1),
      ...removal('c'),
    ]);
    expect(state.connectors()).toEqual([]);
    expect([state.config('c'), state.target('c'), state.appliedConfig('c')]).toEqual([null, null, null]);
    expect(state.tasks('c')).toEqual([]);
    expect(events.at(-1)).toEqual({ kind: 'removed', connector: 'c' });
    expect(events.filter(({ kind }) => kind === 'removed')).toHaveLength(1);
  });
});

describe('target states', () => {
  test.each([
    ['STARTED', 'STARTED'],
    ['PAUSED', 'PAUSED'],
    ['STOPPED', 'STOPPED'],
  ])('%s', (written, told) => {
    expect(read([connector('c'), target('c', written)]).state.target('c')).toBe(told);
  });

  test('records of workers before 3.5 have no state.v2', () => {
    expect(read([connector('c'), ['target-state-c', { state: 'PAUSED' }]]).state.target('c')).toBe('PAUSED');
    const odd = { state: 'PAUSED', 'state.v2': 7 };
    expect(read([connector('c'), ['target-state-c', odd]]).state.target('c')).toBe('PAUSED');
  });

  test('one of a newer worker that is not known here leaves the state as it was', () => {
    const { state, ignored } = read([
      connector('c'),
      target('c', 'PAUSED'),
      ['target-state-c', { state: 'STARTED', 'state.v2': 'ASLEEP' }],
    ]);
    expect(state.target('c')).toBe('PAUSED');
    expect(ignored).toEqual([{ offset: 2, key: 'target-state-c', why: '"ASLEEP" is no target state' }]);
  });

  test('an initial state comes before the connector and is no change', () => {
    const { state, events } = read([target('c', 'STOPPED'), connector('c')]);
    expect(state.target('c')).toBe('STOPPED');
    expect(events).toEqual([{ kind: 'connector', connector: 'c' }]);
  });

  test('only changes are told, a tombstone alone is back to STARTED', () => {
    const { state, events } = read([
      connector('c'),
      target('c', 'STARTED'),
      target('c', 'PAUSED'),
      target('c', 'PAUSED'),
      ['target-state-c', null],
    ]);
    expect(events.filter(({ kind }) => kind === 'target')).toHaveLength(1);
    expect(state.target('c')).toBe('STARTED');
  });
});

describe('tasks', () => {
  test('take effect by their commit record', () => {
    const before = read([connector('c'), task('c', 0), task('c', 1)]);
    expect(before.state.tasks('c')).toEqual([]);
    const { state, events } = read([
      connector('c'),
      task('c', 1),
      task('c', 0),
      commit('c', 2),
      task('c', 0, { new: '' }),
    ]);
    expect(state.tasks('c')).toEqual([{ task: '0' }, { task: '1' }]);
    expect(state.appliedConfig('c')).toEqual({ name: 'c' });
    expect(state.isInconsistent('c')).toBe(false);
    expect(events.at(-1)).toEqual({ kind: 'tasks', connector: 'c' });
  });

  test('fewer than before, and none', () => {
    const two: Row[] = [connector('c'), task('c', 0), task('c', 1), commit('c', 2)];
    expect(read([...two, task('c', 0, { n: '1' }), commit('c', 1)]).state.tasks('c')).toEqual([{ n: '1' }]);
    const none = read([...two, commit('c', 0)]).state;
    expect(none.tasks('c')).toEqual([]);
    expect(none.isInconsistent('c')).toBe(false);
  });

  test('names with hyphens and digits', () => {
    const { state } = read([connector('a-1-2'), task('a-1-2', 0, { x: 'y' }), commit('a-1-2', 1)]);
    expect(state.tasks('a-1-2')).toEqual([{ x: 'y' }]);
    expect(state.tasks('a-1')).toEqual([]);
  });

  test('the configuration they were made of stays what it was when the connector is updated', () => {
    const { state } = read([
      connector('c', { v: '1' }),
      task('c', 0),
      commit('c', 1),
      connector('c', { v: '2' }),
    ]);
    expect(state.config('c')).toEqual({ v: '2' });
    expect(state.appliedConfig('c')).toEqual({ v: '1' });
    expect(state.tasks('c')).toHaveLength(1);
  });

  test('an incomplete commit, as compaction leaves it, makes the connector inconsistent until they are written again', () => {
    // The leader died after writing task 0 of the next set, and compaction took the old task 0.
    const rows: Row[] = [connector('c'), task('c', 1), commit('c', 2), task('c', 0)];
    const { state, events } = read(rows);
    expect(state.isInconsistent('c')).toBe(true);
    expect(state.tasks('c')).toEqual([]);
    expect(state.appliedConfig('c')).toBeNull();
    expect(events.at(-1)).toEqual({ kind: 'tasks', connector: 'c' });
    const mended = read([...rows, task('c', 0), task('c', 1), commit('c', 2)]).state;
    expect(mended.isInconsistent('c')).toBe(false);
    expect(mended.tasks('c')).toHaveLength(2);
  });

  test('configurations that are left from a larger set do no harm', () => {
    const { state } = read([connector('c'), task('c', 2), task('c', 0), commit('c', 1)]);
    expect(state.tasks('c')).toEqual([{ task: '0' }]);
  });

  test('what an incomplete commit did not take is not kept for the next one', () => {
    const { state } = read([connector('c'), task('c', 1), commit('c', 2), task('c', 0), commit('c', 2)]);
    expect(state.isInconsistent('c')).toBe(true);
  });

  test('each complete set is a generation', () => {
    const one: Row[] = [connector('c'), task('c', 0), commit('c', 1)];
    expect(read([connector('c')]).state.taskGeneration('c')).toBeNull();
    expect(read(one).state.taskGeneration('c')).toBe(0);
    expect(read([...one, commit('c', 3)]).state.taskGeneration('c')).toBe(0);
    expect(read([...one, task('c', 0), commit('c', 1)]).state.taskGeneration('c')).toBe(1);
  });
});

describe('a connector deleted and created again', () => {
  const deleted: Row[] = [connector('c'), task('c', 0), commit('c', 1), ...removal('c')];

  test('has none of the old tasks', () => {
    const { state } = read([...deleted, connector('c', { v: '2' })]);
    expect(state.tasks('c')).toEqual([]);
    expect(state.appliedConfig('c')).toBeNull();
    expect(state.isInconsistent('c')).toBe(false);
  });

  test('nor when compaction has taken every trace of the deletion (KAFKA-16838)', () => {
    const { state } = read([task('c', 0), commit('c', 1), connector('c', { v: '2' })]);
    expect(state.tasks('c')).toEqual([]);
    // Or the connector was only updated: the topic does not tell, so its tasks are asked for again (KAFKA-17719).
    expect(state.isInconsistent('c')).toBe(true);
  });

  test('its own tasks are those committed after it', () => {
    const { state } = read([
      task('c', 1, { old: '' }),
      commit('c', 2),
      connector('c'),
      task('c', 0, { new: '' }),
      commit('c', 1),
    ]);
    expect(state.tasks('c')).toEqual([{ new: '' }]);
    expect(state.isInconsistent('c')).toBe(false);
  });

  test('task configurations that were never committed do not go over to it', () => {
    const { state } = read([
      connector('c'),
      task('c', 0, { old: '' }),
      ...removal('c'),
      connector('c'),
      commit('c', 1),
    ]);
    expect(state.isInconsistent('c')).toBe(true);
    expect(state.tasks('c')).toEqual([]);
  });

  test('a stopped one that had no tasks misses none', () => {
    expect(read([commit('c', 0), connector('c')]).state.isInconsistent('c')).toBe(false);
  });

  test('its zombies are still to be fenced', () => {
    const { state } = read([...deleted, ['tasks-fencing-c', { 'task-count': 3 }], connector('c')]);
    expect(state.fencedTasks('c')).toBe(3);
  });
});

describe('fencing', () => {
  test('is due again after each commit', () => {
    const rows: Row[] = [connector('c'), task('c', 0), commit('c', 1)];
    expect(read(rows).state.fencingDue('c')).toBe(true);
    expect(read(rows).state.fencedTasks('c')).toBeNull();
    const fenced: Row[] = [...rows, ['tasks-fencing-c', { 'task-count': 1 }]];
    expect(read(fenced).state.fencingDue('c')).toBe(false);
    expect(read(fenced).state.fencedTasks('c')).toBe(1);
    expect(read([...fenced, task('c', 0), commit('c', 1)]).state.fencingDue('c')).toBe(true);
  });
});

test('restarts, session keys and loggers', () => {
  const { state, events } = read([
    ['restart-connector-c', { 'include-tasks': true, 'only-failed': false }],
    ['restart-connector-d', {}],
    ['session-key', { key: 'AAEC', algorithm: 'HmacSHA256', 'creation-timestamp': 1700000000000 }],
    ['logger-cluster-org.apache.kafka', { level: 'DEBUG' }],
  ]);
  expect(events).toEqual([
    { kind: 'restart', request: { connector: 'c', includeTasks: true, onlyFailed: false } },
    { kind: 'restart', request: { connector: 'd', includeTasks: false, onlyFailed: false } },
    { kind: 'session-key' },
    { kind: 'logger', namespace: 'org.apache.kafka', level: 'DEBUG' },
  ]);
  expect(state.sessionKey).toEqual({
    key: Buffer.from([0, 1, 2]),
    algorithm: 'HmacSHA256',
    createdAt: 1700000000000,
  });
});

test.each([
  ['mystery', {}, 'no such key is known'],
  ['session-keys', {}, 'no such key is known'],
  ['connector-c', '{"properties":{"password":"se', 'the value is no JSON: SyntaxError'],
  ['connector-c', '[]', 'the value is no JSON object'],
  ['connector-c', { properties: [] }, 'it has no properties'],
  ['task-c', { properties: {} }, 'the key names no task'],
  ['task-c-x', { properties: {} }, 'the key names no task'],
  ['task-c-0', {}, 'it has no properties'],
  ['commit-c', {}, 'undefined is no number of tasks'],
  ['commit-c', { tasks: -1 }, '-1 is no number of tasks'],
  ['target-state-c', {}, 'undefined is no target state'],
  ['restart-connector-c', null, 'the value is null'],
  ['tasks-fencing-c', null, 'the value is null'],
  ['session-key', { key: 'AA==' }, 'key, algorithm or creation-timestamp is missing'],
  ['logger-cluster-x', {}, 'it has no level'],
])('%s %j is passed over: %s', (key, value, why) => {
  const { state, events, ignored } = read([connector('z'), [key, value]]);
  expect(ignored).toEqual([{ offset: 1, key, why }]);
  expect(events).toHaveLength(1);
  expect(state.offset).toBe(2);
  expect(state.connectors()).toEqual(['z']);
});

/** A worker's doings at random: the records that a cluster writes, in their order. */
function randomLog(random: () => number, steps: number): Row[] {
  const rows: Row[] = [];
  const pick = (n: number): number => Math.floor(random() * n);
  for (let i = 0; i < steps; i++) {
    const name = 'abc'[pick(3)]!;
    const alive = rows.findLast(([key]) => key === `connector-${name}`)?.[1] != null;
    const action = pick(6);
    if (!alive || action === 0) rows.push(connector(name, { v: `${i}` }));
    else if (action === 1) rows.push(...removal(name));
    else if (action === 2) rows.push(target(name, ['STARTED', 'PAUSED', 'STOPPED'][pick(3)]!));
    else if (action === 3) rows.push(task(name, 0, { dead: `${i}` }));
    else {
      const tasks = pick(4);
      for (let id = 0; id < tasks; id++) rows.push(task(name, id, { made: `${i}` }));
      rows.push(commit(name, tasks));
    }
  }
  return rows;
}

/** As a cleaner leaves it that has come as far as `dirty`: the last record of each key, tombstones perhaps gone, too. */
function compact(rows: readonly Row[], dirty: number, keepTombstones: boolean) {
  const kept = rows
    .map((row, offset) => ({ row, offset }))
    .filter(({ row: [key, value], offset }) => {
      if (offset >= dirty) return true;
      const last = rows.findLastIndex((other, i) => i < dirty && other[0] === key) === offset;
      return last && (value !== null || keepTombstones);
    });
  return { rows: kept.map(({ row }) => row), offsets: kept.map(({ offset }) => offset) };
}

test('a compacted topic tells the same connectors and targets, and no task configurations but the committed ones', () => {
  const random = seeded(20240607);
  let inconsistent = 0;
  for (let run = 0; run < 400; run++) {
    const rows = randomLog(random, 30);
    const whole = read(rows).state;
    const { rows: kept, offsets } = compact(rows, Math.floor(random() * rows.length), random() < 0.5);
    const again = read(kept, offsets).state;
    expect(again.offset).toBe(whole.offset);
    expect(again.connectors()).toEqual(whole.connectors());
    for (const name of whole.connectors()) {
      expect(again.config(name)).toEqual(whole.config(name));
      expect(again.target(name)).toEqual(whole.target(name));
      if (again.isInconsistent(name)) inconsistent++;
      // Either all that a follower knows, or none and it is said so.
      expect(again.tasks(name)).toEqual(again.isInconsistent(name) ? [] : whole.tasks(name));
    }
  }
  expect(inconsistent).toBeGreaterThan(0);
});

test('never throws, whatever the topic holds', () => {
  const random = seeded(7);
  const keys = [
    'connector-a',
    'connector-',
    'task-a-0',
    'task-',
    'commit-a',
    'target-state-a',
    'session-key',
    'logger-cluster-',
    '',
  ];
  const values = [
    null,
    '',
    '{',
    '0',
    '"x"',
    '[]',
    '{}',
    '{"properties":null}',
    '{"tasks":1e9}',
    '{"tasks":"1"}',
  ];
  const state: ConfigTable = createConfigTable(() => {});
  for (let i = 0; i < 2000; i++) {
    state.apply(i, keys[Math.floor(random() * keys.length)]!, values[Math.floor(random() * values.length)]!);
  }
  expect(state.offset).toBe(2000);
});

/** mulberry32 */
function seeded(seed: number): () => number {
  let a = seed;
  return () => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}
