/** One word and one sentence about a connector, from all that is known of it. Pure. */
import type { ConnectorState, TargetState } from '../lifecycle';
import type { TaskStatusState } from '../worker-view';

/** Worst first. */
export const HEALTH_STATES = ['unhealthy', 'degraded', 'starting', 'healthy', 'paused', 'stopped'] as const;
export type HealthState = (typeof HEALTH_STATES)[number];

/** A connector or task as it looks from here. */
export interface Sight<S> {
  /** Null: nothing was said of it yet. */
  readonly state: S | null;
  readonly workerId: string | null;
  /** How its worker is: `gone` is not in the group, `silent` does not answer. */
  readonly worker: 'here' | 'gone' | 'silent';
  readonly error: string | null;
  readonly waiting: string | null;
  readonly stuck: { readonly method: string; readonly seconds: number } | null;
}

export interface Sights {
  readonly target: TargetState;
  /** Whether a set of tasks was ever written for it. */
  readonly planned: boolean;
  readonly connector: Sight<ConnectorState>;
  readonly tasks: readonly (Sight<TaskStatusState> & { readonly id: number })[];
}

export interface Verdict {
  readonly health: HealthState;
  readonly reason: string;
  /** Index of the task that the reason is about; null: the connector itself, or all of it. */
  readonly task: number | null;
}

type Rule = (sights: Sights) => Verdict | null;

export function judge(sights: Sights): Verdict {
  for (const rule of RULES) {
    const verdict = rule(sights);
    if (verdict !== null) return verdict;
  }
  return healthy(sights);
}

const whole = (health: HealthState, reason: string): Verdict => ({ health, reason, task: null });

const stopped: Rule = ({ target, tasks }) => {
  if (target !== 'STOPPED') return null;
  const running = tasks.filter(({ state }) => state === 'RUNNING').length;
  return whole(
    'stopped',
    running === 0
      ? 'It was stopped on request.'
      : `It is being stopped: ${count(running, 'task')} still ${running === 1 ? 'runs' : 'run'}.`,
  );
};

const connectorFailed: Rule = ({ connector }) =>
  connector.state === 'FAILED'
    ? whole('unhealthy', `The connector failed: ${connector.error ?? 'its worker did not say why'}`)
    : null;

/** Some tasks are in trouble: degraded; all of them: unhealthy, where nothing moves then. */
function troubled(
  { tasks }: Sights,
  isTroubled: (task: Sights['tasks'][number]) => boolean,
  say: (task: Sights['tasks'][number], which: string) => string,
  worst: HealthState = 'unhealthy',
): Verdict | null {
  const found = tasks.filter(isTroubled);
  const [first] = found;
  if (first === undefined) return null;
  const all = found.length === tasks.length;
  const which =
    tasks.length === 1
      ? 'Its task'
      : found.length === 1
        ? `Task ${first.id} of ${tasks.length}`
        : `${all ? `All ${found.length}` : `${found.length} of ${tasks.length}`} tasks, the first is ${first.id},`;
  return { health: all ? worst : 'degraded', reason: say(first, which), task: first.id };
}

const tasksFailed: Rule = (sights) =>
  troubled(
    sights,
    ({ state }) => state === 'FAILED',
    ({ error }, which) => `${which} failed: ${error ?? 'its worker did not say why'}`,
  );

const workerGone: Rule = (sights) => {
  const { connector } = sights;
  const tasks = troubled(
    sights,
    ({ worker, state }) => worker === 'gone' && state !== 'UNASSIGNED',
    ({ workerId }, which) =>
      `${which} ran on worker ${workerId}, which is gone; another worker has not taken over yet.`,
  );
  if (tasks !== null || connector.worker !== 'gone' || connector.state === 'UNASSIGNED') return tasks;
  return whole(
    'degraded',
    `The connector ran on worker ${connector.workerId}, which is gone; another worker has not taken over yet.`,
  );
};

const workerSilent: Rule = (sights) =>
  troubled(
    sights,
    ({ worker }) => worker === 'silent',
    ({ workerId, state }, which) =>
      `${which} was ${state ?? 'not started'} as far as is known: worker ${workerId} does not answer.`,
    'degraded',
  );

const stuck: Rule = (sights) =>
  troubled(
    sights,
    (task) => task.stuck !== null,
    (task, which) => `${which} hangs in ${task.stuck!.method} of its plug-in for ${task.stuck!.seconds} s.`,
    'degraded',
  );

const waiting: Rule = (sights) => {
  const { connector } = sights;
  if (connector.waiting !== null) return whole('degraded', `The connector waits: ${connector.waiting}`);
  return troubled(
    sights,
    (task) => task.waiting !== null,
    (task, which) => `${which} waits: ${task.waiting}`,
    'degraded',
  );
};

const starting: Rule = (sights) => {
  const { connector, planned, target, tasks } = sights;
  const { state } = connector;
  if (state === null) return whole('starting', 'No worker has said anything of it yet.');
  if (state === 'UNASSIGNED') return whole('starting', 'No worker has taken it yet.');
  if (state === 'RESTARTING') return whole('starting', 'The connector restarts.');
  if (target === 'STARTED' && (state === 'PAUSED' || state === 'STOPPED'))
    return whole('starting', `The connector was ${state} and is to run again.`);
  if (!planned && target === 'STARTED') return whole('starting', 'It has not said yet which tasks it has.');
  const begun = target === 'PAUSED' ? 'PAUSED' : 'RUNNING';
  const late = tasks.filter((task) => task.state !== begun);
  if (late.length === 0) return null;
  return {
    health: 'starting',
    reason: `${count(late.length, 'task')} of ${tasks.length} ${late.length === 1 ? 'is' : 'are'} ${late[0]!.state ?? 'not started'}.`,
    task: late[0]!.id,
  };
};

const paused: Rule = ({ target }) =>
  target === 'PAUSED' ? whole('paused', 'It was paused on request; its tasks keep what they have.') : null;

const withoutTasks: Rule = ({ tasks }) =>
  tasks.length === 0
    ? whole('degraded', 'The connector runs but has no tasks: it found nothing to do.')
    : null;

const RULES: readonly Rule[] = [
  stopped,
  connectorFailed,
  tasksFailed,
  workerGone,
  workerSilent,
  stuck,
  waiting,
  starting,
  paused,
  withoutTasks,
];

const healthy = ({ tasks }: Sights): Verdict =>
  whole('healthy', tasks.length === 1 ? 'Its task runs.' : `All ${tasks.length} tasks run.`);

const count = (n: number, what: string): string => `${n} ${what}${n === 1 ? '' : 's'}`;
