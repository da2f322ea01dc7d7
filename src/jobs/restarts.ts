/**
 * Automatic restarts as jobs of the worker that has what failed: nobody else could tell whether the failure is still
 * there. What a worker leaves behind is of no use to its successor, which starts everything anew.
 */
import type { Job } from 'bullmq';
import { Queue } from 'bullmq';
import type { Operations, RestartScheduler, RestartTicket } from '../worker';
import { type Keys, restartsOf } from './keys';
import type { Lane } from './lanes';
import type { RedisLink } from './redis-link';
import type { WorkResult } from './work';

export type RestartJob = Job<RestartTicket, WorkResult, 'restart'>;

export const restartJobId = ({ id }: Pick<RestartTicket, 'id'>): string => `restart-${id}`;

export async function restart(job: RestartJob, { restarts }: Operations): Promise<WorkResult> {
  return (await restarts.due(job.data.id))
    ? { state: 'done', message: null }
    : { state: 'outdated', message: 'What had failed was started, changed or gone before.' };
}

export function restartScheduler(link: RedisLink, lane: () => Lane | null): RestartScheduler {
  const queue = (): Queue => {
    link.requireUp();
    const found = lane()?.queue;
    if (found === undefined) throw new Error('the queue is not there yet');
    return found;
  };
  return {
    async schedule(ticket) {
      const delay = Math.max(0, ticket.at - Date.now());
      await queue().add('restart', ticket, {
        jobId: restartJobId(ticket),
        delay,
        removeOnComplete: { count: 20 },
        removeOnFail: { count: 20 },
      });
    },
    async cancel(ticket) {
      await queue().remove(restartJobId(ticket));
    },
    async has(ticket) {
      return (await queue().getJob(restartJobId(ticket))) !== undefined;
    },
  };
}

const GONE_MS = 10 * 60_000;

/** Says that this worker is there, and clears what workers that are gone left behind. */
export async function tellPresence(link: RedisLink, keys: Keys, workerId: string): Promise<void> {
  const { redis } = link;
  await redis.zadd(keys.workers, Date.now(), workerId);
  const gone = await redis.zrangebyscore(keys.workers, '-inf', Date.now() - GONE_MS);
  for (const id of gone) {
    const queue = new Queue(restartsOf(id), {
      connection: redis,
      prefix: keys.prefix,
      skipWaitingForReady: true,
    });
    queue.on('error', () => {});
    await queue.obliterate({ force: true });
    await queue.close();
    await redis.zrem(keys.workers, id);
  }
}
