/** Schedules as job schedulers: one per connector, fired by whoever leads. */
import type { Job } from 'bullmq';
import { causeChain, type Logger } from '../kernel';
import { type Firing, type JobState, type Operations, OtherWorkerError, type Schedule } from '../worker';
import { Interrupted, type Lane, PATIENCE } from './lanes';

interface LoadData {
  readonly connector: string;
  readonly fence: string;
}

export type LoadJob = Job<LoadData, LoadResult, 'load'>;

export interface LoadResult {
  readonly state: JobState;
  readonly message: string;
  readonly firing: Firing;
}

/** `repeat:<scheduler>:<when it is due>`. */
export const dueOf = (jobId: string): number | null => {
  const [, ms] = /:(\d+)$/.exec(jobId) ?? [];
  return ms === undefined ? null : Number(ms);
};

const schedulerOf = (connector: string): string => `load-${connector}`;

const SENTENCES: Readonly<Record<Firing['outcome'], string>> = {
  started: 'The load has begun.',
  restarted: 'The load before had failed: what failed of it was restarted.',
  running: 'The load before was not through, so there was none.',
  stopped: 'The connector was stopped, so there was none.',
  outdated: 'The connector has changed since.',
};

export async function fire(job: LoadJob, { schedules }: Operations): Promise<LoadResult> {
  const { connector, fence } = job.data;
  try {
    const firing = await schedules.fire(connector, { fence, dueAt: dueOf(job.id!), byHand: false });
    const state = firing.outcome === 'outdated' ? 'outdated' : 'done';
    return { state, message: SENTENCES[firing.outcome], firing };
  } catch (error) {
    // Somebody else leads by now.
    if (error instanceof OtherWorkerError) throw new Interrupted(error.message);
    throw error;
  }
}

/** Makes the schedulers those of the configurations. One that is as it should be keeps its place in time. */
export async function syncSchedules(
  { queue }: Lane,
  wanted: readonly Schedule[],
  logger: Logger,
): Promise<void> {
  const known = new Map((await queue.getJobSchedulers()).map((scheduler) => [scheduler.key, scheduler]));
  for (const { connector, pattern, timezone, fence } of wanted) {
    const key = schedulerOf(connector);
    const scheduler = known.get(key);
    known.delete(key);
    const data = scheduler?.template?.data as LoadData | undefined;
    if (scheduler?.pattern === pattern && scheduler.tz === timezone && data?.fence === fence) continue;
    const template = { name: 'load', data: { connector, fence } satisfies LoadData, opts: PATIENCE };
    try {
      await queue.upsertJobScheduler(key, { pattern, tz: timezone }, template);
    } catch (error) {
      logger.warn({ connector }, `The schedule of ${connector} is not set: ${causeChain(error).join(': ')}`);
    }
  }
  for (const key of known.keys()) await queue.removeJobScheduler(key);
}

/** Next firings by connector. */
export async function nextFirings({ queue }: Lane): Promise<Map<string, Date>> {
  const schedulers = await queue.getJobSchedulers();
  const firings = schedulers.flatMap(({ template, next }) => {
    const data = template?.data as LoadData | undefined;
    return next === undefined || data === undefined ? [] : [[data.connector, new Date(next)] as const];
  });
  return new Map(firings);
}
