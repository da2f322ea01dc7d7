/** Background jobs of a worker. Loaded only where there is a Redis to keep them in. */
import { causeChain, type Logger, MillraceError } from '../kernel';
import type { JobBook, Operations } from '../worker';
import { createBook } from './book';
import { keysOf, LOADS, restartsOf, WORK } from './keys';
import { Lane } from './lanes';
import { fire, type LoadJob, syncSchedules } from './loads';
import { createMarks } from './marks';
import { RedisLink } from './redis-link';
import { type RestartJob, restart, restartScheduler, tellPresence } from './restarts';
import { Work, type WorkJob } from './work';

export interface JobsOptions {
  readonly redisUrl: string;
  /** Of the cluster: its workers share jobs. */
  readonly namespace: string;
  /** Redrives and backfills at the same time. */
  readonly concurrency: number;
  readonly operations: Operations;
  readonly logger: Logger;
}

export interface Jobs {
  readonly book: JobBook;
  /** Takes jobs from now on. @param workerId `host:port` of this worker */
  start(workerId: string): void;
  /** Runs are interrupted, and gone on with elsewhere or later. */
  close(): Promise<void>;
}

/** Returns at once: Redis may come later. */
export function createJobs(options: JobsOptions): Jobs {
  return new BackgroundJobs(options);
}

interface Lanes {
  readonly work: Lane;
  readonly loads: Lane;
  readonly restarts: Lane;
}

const LOOK_MS = 500;
const PRESENCE_MS = 30_000;
const SYNC_MS = 30_000;
const CLOSE_MS = 3000;

class BackgroundJobs implements Jobs {
  readonly book: JobBook;
  readonly #options: JobsOptions;
  readonly #link: RedisLink;
  readonly #keys: ReturnType<typeof keysOf>;
  readonly #work: Work;
  readonly #timer: NodeJS.Timeout;
  #workerId: string | null = null;
  #lanes: Lanes | null = null;
  #closed = false;
  /** Schedules in Redis may not be those of the configurations. */
  #syncDueAt: number | null = 0;
  #presenceDueAt = 0;
  #looking = false;

  constructor(options: JobsOptions) {
    const { redisUrl, namespace, operations, logger } = options;
    this.#options = options;
    this.#keys = keysOf(namespace);
    this.#link = new RedisLink({ url: redisUrl, logger, onUp: () => this.#up() });
    const shared = {
      link: this.#link,
      keys: this.#keys,
      marks: createMarks(this.#link, this.#keys),
      operations,
    };
    this.#work = new Work({ ...shared, logger, queue: () => this.#requireLanes().work.queue });
    this.book = createBook({ ...shared, lanes: () => this.#requireLanes() });
    operations.restarts.use(restartScheduler(this.#link, () => this.#lanes?.restarts ?? null));
    operations.schedules.onChange = () => {
      this.#syncDueAt = 0;
    };
    this.#timer = setInterval(() => void this.#look(), LOOK_MS).unref();
  }

  #requireLanes(): Lanes {
    if (this.#lanes !== null) return this.#lanes;
    throw new MillraceError('REDIS_UNREACHABLE', 'Background jobs are about to start: try again in a moment');
  }

  start(workerId: string): void {
    this.#workerId = workerId;
    if (this.#link.isUp) this.#up();
  }

  #up(): void {
    if (this.#workerId === null || this.#closed) return;
    const broken = Object.values(this.#lanes ?? {}).some((lane: Lane) => lane.broken);
    if (broken) this.#drop();
    this.#lanes ??= this.#open();
    this.#syncDueAt = 0;
    this.#presenceDueAt = 0;
    void this.#look();
  }

  #drop(): void {
    const lanes = Object.values(this.#lanes!) as Lane[];
    this.#lanes = null;
    for (const lane of lanes) void lane.close(true);
  }

  #open(): Lanes {
    const { redisUrl: url, concurrency, operations, logger } = this.#options;
    const workerId = this.#workerId!;
    const shared = { link: this.#link, url, prefix: this.#keys.prefix, workerId, logger };
    const work = new Lane({
      ...shared,
      name: WORK,
      concurrency,
      process: (job) => this.#work.process(job as WorkJob),
    });
    work.onLockLost((ids) => this.#work.lockLost(ids));
    const loads = new Lane({
      ...shared,
      name: LOADS,
      concurrency: 1,
      process: (job) => fire(job as LoadJob, operations),
    });
    const restarts = new Lane({
      ...shared,
      name: restartsOf(workerId),
      concurrency: 10,
      process: (job) => restart(job as RestartJob, operations),
    });
    work.active = true;
    restarts.active = true;
    return { work, loads, restarts };
  }

  /** What the leader does, and what is to be done from time to time. */
  async #look(): Promise<void> {
    const { operations, logger } = this.#options;
    if (this.#lanes === null || this.#closed || this.#looking) return;
    if (this.#link.isUp && Object.values(this.#lanes).some((lane: Lane) => lane.broken)) this.#up();
    const { loads } = this.#lanes;
    const leads = operations.isLeader();
    // Before it takes the first one, its schedules are those of the configurations.
    if (!leads) {
      loads.active = false;
      this.#syncDueAt = 0;
    }
    if (!this.#link.isUp) return;
    this.#looking = true;
    try {
      if (Date.now() >= this.#presenceDueAt) {
        await tellPresence(this.#link, this.#keys, this.#workerId!);
        this.#presenceDueAt = Date.now() + PRESENCE_MS;
      }
      if (leads && this.#syncDueAt !== null && Date.now() >= this.#syncDueAt) {
        this.#syncDueAt = Date.now() + SYNC_MS;
        await syncSchedules(loads, operations.schedules.all(), logger);
        if (operations.isLeader()) loads.active = true;
      }
    } catch (error) {
      this.#syncDueAt = 0;
      logger.debug({}, `Jobs: ${causeChain(error).join(': ')}`);
    } finally {
      this.#looking = false;
    }
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    clearInterval(this.#timer);
    const { operations } = this.#options;
    operations.restarts.use(null);
    operations.schedules.onChange = () => {};
    this.#work.leave();
    if (this.#lanes !== null) await this.#closeLanes(this.#lanes);
    await this.#link[Symbol.asyncDispose]();
  }

  async #closeLanes({ work, loads, restarts }: Lanes): Promise<void> {
    const isUp = this.#link.isUp;
    if (isUp) await restarts.queue.obliterate({ force: true }).catch(() => {});
    if (isUp) await this.#link.redis.zrem(this.#keys.workers, this.#workerId!).catch(() => {});
    const closing = Promise.all([work, loads, restarts].map((lane) => lane.close(!isUp)));
    let timer: NodeJS.Timeout | undefined;
    await Promise.race([closing, new Promise((resolve) => (timer = setTimeout(resolve, CLOSE_MS)))]);
    clearTimeout(timer);
    if (isUp) return;
    await Promise.all([work, loads, restarts].map((lane) => lane.close(true)));
  }
}
