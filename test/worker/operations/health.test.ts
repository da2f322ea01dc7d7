import type { Core } from '../../../src/worker/herding/core';
import { aloneMembership } from '../../../src/worker/membership';
import { createHealthBook, NOBODY_ELSE } from '../../../src/worker/operations/health';
import { Transitions } from '../../../src/worker/operations/transitions';
import { createMemoryConfigStore, createMemoryStatusStore } from '../../../src/worker/storage';

/** A worker where nothing runs, among others: all it knows is in its stores. */
function bookOf(configs = createMemoryConfigStore(), statuses = createMemoryStatusStore()) {
  const core = {
    configs,
    membership: aloneMembership(),
    host: { connectors: () => [], tasks: () => [] },
    parts: { statuses, configs, workerId: () => 'me:8083' },
    transitions: new Transitions(),
    leaving: new AbortController().signal,
    isStarted: true,
    typeOf: () => 'sink',
    taskIds: (connector: string) => configs.state.tasks(connector).map((_, task) => ({ connector, task })),
  };
  return { book: createHealthBook(core as unknown as Core), configs, statuses };
}

const row = <S>(state: S, trace: string | null = null) => ({
  state,
  workerId: 'other:8083',
  generation: 1,
  trace,
  version: '1.0.0',
});

const TASKS = [{ t: '0' }, { t: '1' }, { t: '2' }];

describe('the health of connectors', () => {
  it('is that of the states where no worker says more', async () => {
    const { book, configs, statuses } = bookOf();
    await configs.start(() => {});
    await configs.putConnector('c', { 'connector.class': 'X' });
    expect(book.one('c', NOBODY_ELSE)).toMatchObject({ health: 'starting', state: null });
    await configs.putTasks('c', TASKS);
    statuses.putConnector('c', row('RUNNING'));
    for (const [task] of TASKS.entries()) statuses.putTask({ connector: 'c', task }, row('RUNNING'));
    expect(book.one('c', NOBODY_ELSE)).toMatchObject({ health: 'healthy', records: null, lag: null });
    statuses.putTask({ connector: 'c', task: 1 }, row('FAILED', 'Error: boom\n\tat x'));
    const failed = book.one('c', NOBODY_ELSE);
    expect(failed).toMatchObject({ health: 'degraded', reason: 'Task 1 of 3 failed: boom' });
    expect(book.one('c', NOBODY_ELSE).since).toEqual(failed.since);
    const gone = book.one('c', { ...NOBODY_ELSE, members: ['third:8083'] });
    expect(gone.reason).toBe('Task 1 of 3 failed: boom');
    statuses.putTask({ connector: 'c', task: 1 }, row('RUNNING'));
    expect(book.one('c', { ...NOBODY_ELSE, members: ['third:8083'] })).toMatchObject({
      health: 'unhealthy',
      reason: expect.stringContaining('worker other:8083, which is gone'),
    });
    expect(() => book.one('d', NOBODY_ELSE)).toThrow('Connector d not found');
  });

  it('prefers what the owner says to what was written', async () => {
    const { book, configs, statuses } = bookOf();
    await configs.start(() => {});
    await configs.putConnector('c', { 'connector.class': 'X' });
    await configs.putTasks('c', [{ t: '0' }]);
    statuses.putConnector('c', row('RUNNING'));
    statuses.putTask({ connector: 'c', task: 0 }, row('RUNNING'));
    const quiet = { waiting: null, error: null, since: 5, restart: null };
    const facts = {
      workerId: 'other:8083',
      connectors: { c: { ...quiet, state: 'RUNNING' as const } },
      tasks: {
        'c-0': {
          ...quiet,
          state: 'RUNNING' as const,
          stuckIn: { method: 'put' as const, since: Date.now() - 42_000 },
          records: 7,
          skipped: 0,
          lastRecordAt: 6,
          recordsPerSecond: 1.5,
          lag: { records: 12, seconds: 3 },
        },
      },
    };
    expect(book.one('c', { facts: [facts], silent: [], members: ['other:8083'] })).toMatchObject({
      health: 'degraded',
      reason: 'Its task hangs in put of its plug-in for 42 s.',
      since: new Date(5),
      records: 7,
      recordsPerSecond: 1.5,
      lag: { records: 12, seconds: 3 },
      lastRecordAt: new Date(6),
    });
  });

  it('of 2000 connectors is there at once', async () => {
    const { book, configs, statuses } = bookOf();
    await configs.start(() => {});
    for (let i = 0; i < 2000; i++) {
      const name = `connector-${i}`;
      await configs.putConnector(name, { 'connector.class': 'X' });
      await configs.putTasks(name, TASKS);
      statuses.putConnector(name, row('RUNNING'));
      for (const [task] of TASKS.entries()) statuses.putTask({ connector: name, task }, row('RUNNING'));
    }
    const times = Array.from({ length: 3 }, () => {
      const began = performance.now();
      expect(JSON.parse(JSON.stringify(book.all(NOBODY_ELSE)))).toHaveLength(2000);
      return performance.now() - began;
    });
    // It takes some 60 ms; a machine that is busy with other tests has its time.
    expect(Math.min(...times)).toBeLessThan(1000);
    process.stdout.write(`health of 2000 connectors x 3 tasks: ${Math.min(...times).toFixed(0)} ms\n`);
  }, 30_000);
});
