/** Jobs asked for, looked at, paused and cancelled, whichever worker runs them. */
import { randomUUID } from 'node:crypto';
import { type Job, Queue } from 'bullmq';
import { MillraceError } from '../kernel';
import type {
  BackfillRequest,
  JobBook,
  JobFilter,
  JobInfo,
  JobKind,
  Operations,
  RedriveRequest,
} from '../worker';
import { queueId, type SeenJob, viewOf } from './job-view';
import { type Keys, restartsOf } from './keys';
import { type Lane, PATIENCE } from './lanes';
import { nextFirings } from './loads';
import type { Marks } from './marks';
import type { RedisLink } from './redis-link';
import type { WorkData } from './work';

export interface BookParts {
  readonly link: RedisLink;
  readonly keys: Keys;
  readonly marks: Marks;
  readonly operations: Operations;
  /** Throws while they are not there. */
  lanes(): { readonly work: Lane; readonly loads: Lane };
}

const OPEN = ['waiting', 'delayed', 'active', 'prioritized'] as const;
const OVER = ['completed', 'failed'] as const;
const MOST_PER_QUEUE = 500;
const KEPT_SECONDS = 7 * 86_400;

export const createBook = (parts: BookParts): JobBook => new Book(parts);

class Book implements JobBook {
  readonly #parts: BookParts;

  constructor(parts: BookParts) {
    this.#parts = parts;
  }

  list(filter: JobFilter): Promise<readonly JobInfo[]> {
    return this.#ask(async () => {
      const jobs = await this.#withQueues(filter.kind, (queues) =>
        Promise.all(queues.map((queue) => this.#allOf(queue))),
      );
      const views = jobs.flat().map(viewOf);
      const { kind, connector, state } = filter;
      return views
        .filter((job) => kind === null || job.kind === kind)
        .filter((job) => connector === null || job.connector === connector)
        .filter((job) => state === null || job.state === state)
        .sort((a, b) => b.createdAt.getTime() - a.createdAt.getTime());
    });
  }

  async #allOf(queue: Queue): Promise<SeenJob[]> {
    const jobs = (await queue.getJobs([...OPEN, ...OVER], 0, MOST_PER_QUEUE)).filter(
      (job) => job !== undefined,
    );
    return Promise.all(jobs.map((job) => this.#see(job)));
  }

  async #see(job: Job): Promise<SeenJob> {
    const [state, wish] = await Promise.all([
      job.getState(),
      this.#parts.link.redis.hget(this.#parts.keys.wishes(job.id!), 'wish'),
    ]);
    return { job, state, wish };
  }

  get(id: string): Promise<JobInfo> {
    return this.#ask(() => this.#find(id, async (job) => viewOf(await this.#see(job))));
  }

  cancel(id: string): Promise<JobInfo> {
    return this.#ask(() =>
      this.#find(id, async (job) => {
        const before = await this.#see(job);
        if (job.name === 'restart') this.#parts.operations.restarts.cancel(job.data.id);
        if (before.state === 'active') {
          await this.#wish(job.id!, 'cancel');
          return viewOf({ ...before, wish: 'cancel' });
        }
        await job.remove();
        const view = viewOf(before);
        return { ...view, state: view.endedAt === null ? 'cancelled' : view.state };
      }),
    );
  }

  pause(id: string, paused: boolean): Promise<JobInfo> {
    return this.#ask(() =>
      this.#find(id, async (job) => {
        if (job.name !== 'redrive' && job.name !== 'backfill') {
          throw new MillraceError('CONFLICT', `A ${job.name} cannot be paused`, { retriable: false });
        }
        await this.#wish(job.id!, paused ? 'pause' : '');
        return viewOf(await this.#see(job));
      }),
    );
  }

  async #wish(jobId: string, wish: string): Promise<void> {
    const { link, keys } = this.#parts;
    const key = keys.wishes(jobId);
    await link.redis.hset(key, 'wish', wish);
    await link.redis.expire(key, KEPT_SECONDS);
  }

  async redrive(connector: string, request: RedriveRequest): Promise<JobInfo> {
    this.#parts.link.requireUp();
    const plan = await this.#parts.operations.redrives.plan(connector, request);
    return this.#add('redrive', { connector, fence: plan.fence, request, plan });
  }

  async backfill(connector: string, request: BackfillRequest): Promise<JobInfo> {
    this.#parts.link.requireUp();
    const plan = await this.#parts.operations.backfills.plan(connector, request);
    return this.#add('backfill', { connector, fence: plan.fence, request, plan });
  }

  #add(name: 'redrive' | 'backfill', data: WorkData<unknown>): Promise<JobInfo> {
    return this.#ask(async () => {
      const { queue } = this.#parts.lanes().work;
      const job = await queue.add(name, data, { ...PATIENCE, jobId: `${name}-${randomUUID()}` });
      return viewOf(await this.#see(job));
    });
  }

  redriven(topic: string, ids: readonly string[]): Promise<ReadonlyMap<string, Date>> {
    return this.#ask(() => this.#parts.marks.times(topic, ids));
  }

  firings(): Promise<ReadonlyMap<string, Date>> {
    return this.#ask(() => nextFirings(this.#parts.lanes().loads));
  }

  async #ask<T>(command: () => Promise<T>): Promise<T> {
    return this.#parts.link.ask(command);
  }

  async #find<T>(id: string, use: (job: Job) => Promise<T>): Promise<T> {
    const kind = id.slice(0, Math.max(0, id.indexOf('-'))) as JobKind;
    return this.#withQueues(kind, async (queues) => {
      for (const queue of queues) {
        const job = await queue.getJob(queueId(id));
        if (job !== undefined) return use(job);
      }
      throw new MillraceError('NOT_FOUND', `There is no job ${id}`);
    });
  }

  /** Restarts are in a queue for each worker. */
  async #withQueues<T>(kind: JobKind | null, use: (queues: readonly Queue[]) => Promise<T>): Promise<T> {
    const { work, loads } = this.#parts.lanes();
    if (kind === 'load') return use([loads.queue]);
    if (kind === 'redrive' || kind === 'backfill') return use([work.queue]);
    const restarts = await this.#restartQueues();
    try {
      return await use(kind === 'restart' ? restarts : [work.queue, loads.queue, ...restarts]);
    } finally {
      await Promise.all(restarts.map((queue) => queue.close()));
    }
  }

  async #restartQueues(): Promise<Queue[]> {
    const { link, keys } = this.#parts;
    const workers = await link.redis.zrange(keys.workers, '0', '-1');
    return workers.map((id) => {
      const queue = new Queue(restartsOf(id), {
        connection: link.redis,
        prefix: keys.prefix,
        skipWaitingForReady: true,
      });
      queue.on('error', () => {});
      return queue;
    });
  }
}
