/** How a connector is that runs by a schedule: resting is as it should be, and so is a task that is through. Pure. */
import type { ScheduleInfo } from './schedule';
import { judge, type Sights, type Verdict } from './verdict';

export function judgeScheduled({ pattern, timezone, nextAt }: ScheduleInfo, sights: Sights): Verdict {
  const { target, connector, tasks } = sights;
  if (target === 'PAUSED' && connector.state !== 'FAILED') {
    const running = tasks.filter(({ state }) => state === 'RUNNING').length;
    const reason =
      running > 0
        ? `It is being paused: ${running} of ${tasks.length} tasks still run.`
        : `It rests: its next load begins at ${nextAt.toISOString()} (${pattern}, ${timezone}).`;
    return { health: 'paused', reason, task: null };
  }
  if (target !== 'STARTED') return judge(sights);
  const through = tasks.filter(({ state }) => state === 'PAUSED').length;
  const loading = tasks.map((task) =>
    task.state === 'PAUSED' ? { ...task, state: 'RUNNING' as const } : task,
  );
  const verdict = judge({ ...sights, tasks: loading });
  return verdict.health === 'healthy'
    ? { ...verdict, reason: `It loads: ${through} of ${tasks.length} tasks are through.` }
    : verdict;
}
