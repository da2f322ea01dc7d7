import {
  type ConfigEvent,
  createMemoryConfigStore,
  createMemoryStatusStore,
  type TaskRow,
} from '../../../src/worker/storage';

describe('configurations in memory', () => {
  test('follow the rules of the topic; what was written is there when the write resolves', async () => {
    const store = createMemoryConfigStore();
    const events: ConfigEvent[] = [];
    await store.start((event) => events.push(event));
    await store.putConnector('c', { name: 'c' }, 'STOPPED');
    expect(store.state.target('c')).toBe('STOPPED');
    await store.putTasks('c', [{ a: '1' }, { a: '2' }]);
    await store.putTarget('c', 'STARTED');
    await store.putRestart({ connector: 'c', includeTasks: true, onlyFailed: true });
    await store.putFencedTasks('c', 2);
    await store.putLoggerLevel('root', 'WARN');
    await store.putSessionKey({ key: Buffer.from('k'), algorithm: 'HmacSHA256', createdAt: 5 });
    expect(store.state.tasks('c')).toEqual([{ a: '1' }, { a: '2' }]);
    expect(store.state.fencedTasks('c')).toBe(2);
    expect(store.state.sessionKey?.key.toString()).toBe('k');
    await store.removeConnector('c');
    expect(store.state.connectors()).toEqual([]);
    expect(events.map(({ kind }) => kind)).toEqual([
      'connector',
      'tasks',
      'target',
      'restart',
      'logger',
      'session-key',
      'removed',
    ]);
    expect(store.state.offset).toBe(12);
    await store.stop();
  });
});

describe('states in memory', () => {
  const row = (state: TaskRow['state'], workerId = 'w:1', generation = 1): TaskRow => ({
    state,
    workerId,
    generation,
    trace: null,
    version: null,
  });

  test('by connector and task', () => {
    const store = createMemoryStatusStore();
    store.putConnector('b', { ...row('RUNNING'), version: '1.0' });
    for (const task of [10, 2, 0]) store.putTask({ connector: 'a', task }, row('RUNNING'));
    expect(store.connectors()).toEqual(['a', 'b']);
    expect(store.connector('b')).toEqual({ ...row('RUNNING'), version: '1.0' });
    expect(store.connector('a')).toBeNull();
    expect(store.tasks('a').map(({ id }) => id)).toEqual([0, 2, 10]);
    expect(store.task({ connector: 'a', task: 2 })).toEqual(row('RUNNING'));
    store.removeTask({ connector: 'a', task: 2 });
    store.removeTask({ connector: 'a', task: 77 });
    expect(store.tasks('a').map(({ id }) => id)).toEqual([0, 10]);
    store.removeConnector('a');
    store.removeConnector('nobody');
    expect(store.connectors()).toEqual(['b']);
    expect(store.tasks('a')).toEqual([]);
  });

  test('topics are told once, and forgotten on demand', () => {
    let now = 100;
    const store = createMemoryStatusStore(() => now++);
    store.addTopic('t', { connector: 'c', task: 0 });
    store.addTopic('s', { connector: 'c', task: 1 });
    store.addTopic('t', { connector: 'c', task: 1 });
    expect(now).toBe(102);
    expect(store.topics('c')).toEqual(['s', 't']);
    expect(store.connectors()).toEqual([]);
    store.removeTopics('c');
    expect(store.topics('c')).toEqual([]);
  });

  const id = { connector: 'c', task: 0 };
  type Case = [what: string, there: TaskRow, put: TaskRow, safe: boolean, written: boolean];
  test.each<Case>([
    ['blind over a newer one', row('RUNNING', 'a:1', 5), row('RUNNING', 'b:1', 4), false, true],
    ['safe over a newer one', row('RUNNING', 'a:1', 5), row('FAILED', 'b:1', 4), true, false],
    ['safe over a newer end', row('FAILED', 'a:1', 5), row('FAILED', 'b:1', 4), true, false],
    ['safe over an older one', row('RUNNING', 'a:1', 5), row('FAILED', 'b:1', 6), true, true],
    ['safe over its own of any generation', row('RUNNING', 'a:1', 5), row('FAILED', 'a:1', 1), true, true],
    [
      'safe over one at work in this generation',
      row('RUNNING', 'a:1', 5),
      row('FAILED', 'b:1', 5),
      true,
      false,
    ],
    ['safe over one that ended in it', row('UNASSIGNED', 'a:1', 5), row('FAILED', 'b:1', 5), true, true],
    [
      'UNASSIGNED over RUNNING elsewhere',
      row('RUNNING', 'a:1', 5),
      row('UNASSIGNED', 'b:1', 5),
      false,
      false,
    ],
    ['UNASSIGNED over RUNNING of before', row('RUNNING', 'a:1', 5), row('UNASSIGNED', 'b:1', 6), false, true],
    ['UNASSIGNED over its own RUNNING', row('RUNNING', 'a:1', 5), row('UNASSIGNED', 'a:1', 5), true, true],
    ['UNASSIGNED over FAILED elsewhere', row('FAILED', 'a:1', 5), row('UNASSIGNED', 'b:1', 5), false, true],
  ])('%s', (_, there, put, safe, written) => {
    const store = createMemoryStatusStore();
    store.putTask(id, there);
    store.putTask(id, put, { safe });
    expect(store.task(id)).toEqual(written ? put : there);
  });
});
