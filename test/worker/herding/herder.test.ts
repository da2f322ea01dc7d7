import { ConfigError } from '../../../src/kernel';
import type { StandaloneWorker } from '../../../src/worker';
import { waitFor } from '../../support/wait';
import { configOf, type Steered, startAlone, steeredSource } from './support';

let steered: Steered;
let worker: StandaloneWorker;

beforeEach(async () => {
  steered = steeredSource();
  worker = (await startAlone([steered.plugin])).worker;
});
afterEach(() => worker.stop());

const states = (name = 'c') =>
  [
    worker.status(name)?.connector.state,
    ...(worker.status(name)?.tasks ?? []).map(({ state }) => state),
  ].join(' ');

const running = (expected: string, name = 'c') => waitFor(() => states(name) === expected);

describe('a herder alone', () => {
  test('a created connector answers with its tasks, which run', async () => {
    steered.tasks = 2;
    const info = await worker.createConnector('c', configOf('c', { 'tasks.max': '3' }), null);
    expect(info).toEqual({
      name: 'c',
      config: configOf('c', { 'tasks.max': '3' }),
      tasks: [
        { connector: 'c', task: 0 },
        { connector: 'c', task: 1 },
      ],
      type: 'source',
    });
    await running('RUNNING RUNNING RUNNING');
  });

  test('a name is taken once', async () => {
    await worker.createConnector('c', configOf('c'), null);
    await expect(worker.createConnector('c', configOf('c'), null)).rejects.toThrow(
      'Connector c already exists',
    );
    const both = [0, 1].map(() => worker.createConnector('d', configOf('d'), null));
    const outcomes = (await Promise.allSettled(both)).map(({ status }) => status);
    expect(outcomes.sort()).toEqual(['fulfilled', 'rejected']);
  });

  test('an invalid configuration creates and changes nothing', async () => {
    await expect(worker.createConnector('c', configOf('c', { topic: '' }), null)).rejects.toThrow('topic');
    expect(worker.connectors()).toEqual([]);
    await worker.createConnector('c', configOf('c'), null);
    await expect(worker.putConnector('c', configOf('c', { topic: '' }))).rejects.toThrow('topic');
    expect(worker.config('c').topic).toBe('t');
  });

  test('a change of configuration starts tasks anew, the same configuration does not', async () => {
    await worker.createConnector('c', configOf('c'), null);
    await running('RUNNING RUNNING');
    expect(await worker.putConnector('c', configOf('c'))).toMatchObject({ created: false });
    expect(steered.plans).toHaveLength(2);
    expect(steered.opened.get(0)).toBe(1);
    await worker.patchConnector('c', { 'batch.size': '7', mode: 'head' });
    await waitFor(() => steered.opened.get(0) === 2);
    await worker.patchConnector('c', { mode: null });
    expect(worker.config('c')).toEqual(configOf('c', { 'batch.size': '7' }));
    await expect(worker.patchConnector('x', {})).rejects.toThrow('Connector x not found');
  });

  test('pause keeps the tasks and stops the data; resume goes on', async () => {
    await worker.createConnector('c', configOf('c'), null);
    await running('RUNNING RUNNING');
    await worker.setTarget('c', 'PAUSED');
    await running('PAUSED PAUSED');
    const before = worker.progress('c').records;
    await worker.setTarget('c', 'PAUSED');
    await worker.setTarget('c', 'STARTED');
    await running('RUNNING RUNNING');
    await waitFor(() => worker.progress('c').records > before);
    expect(steered.opened.get(0)).toBe(1);
  });

  test('stop releases the tasks, and only resume brings them back', async () => {
    await worker.createConnector('c', configOf('c'), null);
    await running('RUNNING RUNNING');
    await worker.setTarget('c', 'STOPPED');
    await running('STOPPED');
    expect(worker.tasks('c')).toEqual([]);
    await worker.setTarget('c', 'PAUSED');
    await running('PAUSED');
    expect(worker.tasks('c')).toEqual([]);
    await worker.setTarget('c', 'STARTED');
    await running('RUNNING RUNNING');
  });

  test.each(['PAUSED', 'STOPPED'] as const)(
    'created %s it has no tasks until it is resumed',
    async (target) => {
      await worker.createConnector('c', configOf('c'), target);
      await running(target);
      expect(steered.plans).toHaveLength(0);
      await worker.setTarget('c', 'STARTED');
      await running('RUNNING RUNNING');
    },
  );

  test('a deleted connector is gone with its states and tasks', async () => {
    await worker.createConnector('c', configOf('c'), null);
    await running('RUNNING RUNNING');
    await worker.deleteConnector('c');
    expect(worker.connectors()).toEqual([]);
    await waitFor(() => worker.status('c') === null);
    await expect(worker.deleteConnector('c')).rejects.toThrow('Connector c not found');
    expect(() => worker.connector('c')).toThrow('Connector c not found');
  });

  test('a task that failed stays FAILED until it is restarted', async () => {
    await worker.createConnector('c', configOf('c'), null);
    await running('RUNNING RUNNING');
    steered.fail = new ConfigError('no disk');
    await running('RUNNING FAILED');
    expect(worker.status('c')!.tasks[0]!.trace).toContain('no disk');
    steered.fail = null;
    await worker.restartTask({ connector: 'c', task: 0 });
    await running('RUNNING RUNNING');
    await expect(worker.restartTask({ connector: 'c', task: 9 })).rejects.toThrow('Unknown task: c-9');
    await expect(worker.restartTask({ connector: 'x', task: 0 })).rejects.toThrow('Unknown connector: x');
  });

  test('a restart of what failed leaves the rest alone', async () => {
    steered.tasks = 2;
    await worker.createConnector('c', configOf('c', { 'tasks.max': '2' }), null);
    await running('RUNNING RUNNING RUNNING');
    const idle = { includeTasks: true, onlyFailed: true };
    expect(await worker.restartConnectorAndTasks('c', idle)).toMatchObject({
      connector: { state: 'RUNNING' },
      tasks: [{ state: 'RUNNING' }, { state: 'RUNNING' }],
    });
    steered.fail = new ConfigError('no disk');
    await running('RUNNING FAILED FAILED');
    steered.fail = null;
    const answer = await worker.restartConnectorAndTasks('c', idle);
    expect(answer.connector.state).toBe('RUNNING');
    expect(answer.tasks).toMatchObject([{ state: 'RESTARTING' }, { state: 'RESTARTING' }]);
    expect(answer.tasks[0]).not.toHaveProperty('trace');
    await running('RUNNING RUNNING RUNNING');
    expect(steered.plans).toHaveLength(1);
    await worker.restartConnectorAndTasks('c', { includeTasks: true, onlyFailed: false });
    await waitFor(() => steered.opened.get(1) === 3 && steered.plans.length === 2);
    await running('RUNNING RUNNING RUNNING');
  });

  test('restarting a connector alone asks it for its tasks again and leaves them running', async () => {
    await worker.createConnector('c', configOf('c'), null);
    await running('RUNNING RUNNING');
    await worker.restartConnector('c');
    await waitFor(() => steered.plans.length === 2);
    await running('RUNNING RUNNING');
    expect(steered.opened.get(0)).toBe(1);
    await expect(worker.restartConnector('x')).rejects.toThrow('Unknown connector: x');
  });

  test('a connector that wants more or fewer tasks gets them, states included', async () => {
    await worker.createConnector('c', configOf('c', { 'tasks.max': '5' }), null);
    await running('RUNNING RUNNING');
    for (const count of [5, 3]) {
      steered.tasks = count;
      steered.plans.at(-1)!.requestReplan();
      await running(['RUNNING', ...Array.from({ length: count }, () => 'RUNNING')].join(' '));
    }
    expect([...steered.opened.values()]).toEqual([1, 1, 1, 1, 1]);
  });

  test('values from a config provider that expire restart the connector and its tasks', async () => {
    let given = 0;
    const vault = {
      get: async (_path: string, [key]: readonly string[]) => ({
        values: { [key!]: `v${++given}` },
        ttlMs: 200,
      }),
    };
    const { worker: vaulted } = await startAlone([steered.plugin], { vault });
    await vaulted.createConnector('c', configOf('c', { token: '${vault:token}' }), null);
    await waitFor(() => steered.plans.length >= 3 && steered.opened.get(0)! >= 3);
    expect(new Set(steered.tokens).size).toBe(steered.tokens.length);
    expect(vaulted.config('c').token).toBe('${vault:token}');
    await vaulted.stop();
  });
});
