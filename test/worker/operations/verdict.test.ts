import type { ConnectorState } from '../../../src/worker/lifecycle';
import { judge, type Sight, type Sights } from '../../../src/worker/operations/verdict';

const sight = <S>(state: S | null, more: Partial<Sight<S>> = {}): Sight<S> => ({
  state,
  workerId: state === null ? null : 'a:8083',
  worker: 'here',
  error: null,
  waiting: null,
  stuck: null,
  ...more,
});
const task = (id: number, ...given: Parameters<typeof sight<Sights['tasks'][number]['state']>>) => ({
  id,
  ...(sight(...given) as Sight<NonNullable<Sights['tasks'][number]['state']>>),
});
const sights = (more: Partial<Sights> = {}): Sights => ({
  target: 'STARTED',
  planned: true,
  connector: sight('RUNNING'),
  tasks: [task(0, 'RUNNING'), task(1, 'RUNNING')],
  ...more,
});

const TABLE: readonly (readonly [string, Partial<Sights>, string, RegExp])[] = [
  ['all run', {}, 'healthy', /^All 2 tasks run\.$/],
  [
    'one of two has failed',
    { tasks: [task(0, 'RUNNING'), task(1, 'FAILED', { error: 'boom' })] },
    'degraded',
    /^Task 1 of 2 failed: boom/,
  ],
  [
    'the only one has failed',
    { tasks: [task(0, 'FAILED', { error: 'boom' })] },
    'unhealthy',
    /^Its task failed: boom/,
  ],
  [
    'all have failed',
    { tasks: [0, 1].map((id) => task(id, 'FAILED', { error: 'boom' })) },
    'unhealthy',
    /^All 2 tasks, the first is 0, failed: boom/,
  ],
  [
    'the connector has failed',
    { connector: sight('FAILED', { error: 'no plan' }) },
    'unhealthy',
    /^The connector failed: no plan/,
  ],
  [
    'a task waits',
    {
      tasks: [task(0, 'RUNNING', { waiting: 'The database db:5432 cannot be reached' }), task(1, 'RUNNING')],
    },
    'degraded',
    /^Task 0 of 2 waits: The database db:5432/,
  ],
  ['all tasks wait', { tasks: [task(0, 'RUNNING', { waiting: 'db' })] }, 'degraded', /^Its task waits: db/],
  [
    'the connector waits',
    { planned: false, tasks: [], connector: sight('UNASSIGNED', { waiting: 'db' }) },
    'degraded',
    /^The connector waits: db/,
  ],
  [
    'a plug-in hangs',
    { tasks: [task(0, 'RUNNING', { stuck: { method: 'put', seconds: 40 } })] },
    'degraded',
    /hangs in put of its plug-in for 40 s/,
  ],
  [
    'the worker of all is gone',
    { tasks: [task(0, 'RUNNING', { worker: 'gone' })] },
    'unhealthy',
    /ran on worker a:8083, which is gone/,
  ],
  [
    'the worker of some is gone',
    { tasks: [task(0, 'RUNNING'), task(1, 'RUNNING', { worker: 'gone' })] },
    'degraded',
    /^Task 1 of 2 ran on worker a:8083, which is gone/,
  ],
  [
    'the worker of the connector is gone',
    { connector: sight('RUNNING', { worker: 'gone' }) },
    'degraded',
    /^The connector ran on worker a:8083, which is gone/,
  ],
  [
    'a worker does not answer',
    { tasks: [task(0, 'RUNNING', { worker: 'silent' }), task(1, 'RUNNING')] },
    'degraded',
    /worker a:8083 does not answer/,
  ],
  [
    'a task was given back',
    { tasks: [task(0, 'UNASSIGNED', { worker: 'gone' }), task(1, 'RUNNING')] },
    'starting',
    /^1 task of 2 is UNASSIGNED/,
  ],
  [
    'tasks were not heard of',
    { tasks: [task(0, null), task(1, null)] },
    'starting',
    /^2 tasks of 2 are not started/,
  ],
  ['a task restarts', { tasks: [task(0, 'RESTARTING')] }, 'starting', /^1 task of 1 is RESTARTING/],
  [
    'nobody has said anything',
    { connector: sight<ConnectorState>(null), planned: false, tasks: [] },
    'starting',
    /No worker has said anything/,
  ],
  ['there is no plan yet', { planned: false, tasks: [] }, 'starting', /not said yet which tasks/],
  ['there is nothing to do', { tasks: [] }, 'degraded', /runs but has no tasks/],
  [
    'it is paused',
    { target: 'PAUSED', connector: sight('PAUSED'), tasks: [task(0, 'PAUSED')] },
    'paused',
    /paused on request/,
  ],
  [
    'it is paused from the beginning',
    { target: 'PAUSED', planned: false, connector: sight('PAUSED'), tasks: [] },
    'paused',
    /paused on request/,
  ],
  [
    'a paused one has failed',
    { target: 'PAUSED', connector: sight('PAUSED'), tasks: [task(0, 'FAILED', { error: 'boom' })] },
    'unhealthy',
    /boom/,
  ],
  [
    'it is about to go on',
    { connector: sight('PAUSED'), tasks: [task(0, 'PAUSED')] },
    'starting',
    /was PAUSED and is to run again/,
  ],
  [
    'it is stopped',
    { target: 'STOPPED', connector: sight('STOPPED'), tasks: [] },
    'stopped',
    /stopped on request/,
  ],
  [
    'it is being stopped',
    { target: 'STOPPED', connector: sight('RUNNING') },
    'stopped',
    /2 tasks still run\./,
  ],
];

describe('the verdict about a connector', () => {
  it.each(TABLE)('when %s', (_when, more, health, reason) => {
    const verdict = judge(sights(more));
    expect(verdict.health).toBe(health);
    expect(verdict.reason).toMatch(reason);
  });
});
