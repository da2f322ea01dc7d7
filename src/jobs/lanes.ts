/**
 * One kind of work: a queue, and this worker's hand at it. Built when Redis is there for the first time; BullMQ reconnects
 * by itself from then on.
 */
import { type Job, type JobsOptions, type Processor, Queue, UnrecoverableError, Worker } from 'bullmq';
import { causeChain, isRetriable, type Logger } from '../kernel';
import type { RedisLink } from './redis-link';

export interface LaneOptions {
  readonly link: RedisLink;
  readonly url: string;
  readonly prefix: string;
  readonly workerId: string;
  /** No colons. */
  readonly name: string;
  readonly concurrency: number;
  readonly logger: Logger;
  readonly process: Processor;
}

/**
 * A lock is renewed twice in its life. Who cannot for so long, because the process is dead or busy, loses the job to
 * somebody else: jobs are written to bear that.
 */
const LOCK_MS = 10_000;
const STALLED_LOOK_MS = 5000;
const RETRY_MS = 2000;

/** Errors that pass are tried again, for as long as it takes; others end the job. */
export const PATIENCE: JobsOptions = {
  attempts: 1_000_000,
  backoff: { type: 'fixed', delay: RETRY_MS },
  removeOnComplete: { count: 200 },
  removeOnFail: { count: 200 },
};

export class Lane {
  readonly queue: Queue;
  /** Redis went while it was set up: BullMQ does not try that again. */
  broken = false;
  readonly #options: LaneOptions;
  #worker: Worker | null = null;
  #onLockLost: (ids: readonly string[]) => void = () => {};

  constructor(options: LaneOptions) {
    this.#options = options;
    const { link, prefix, name } = options;
    this.queue = new Queue(name, { connection: link.redis, prefix, skipWaitingForReady: true });
    this.queue.on('error', (error) => this.#quiet(error));
    this.queue.waitUntilReady().catch(() => this.#break());
  }

  #break(): void {
    this.broken = true;
  }

  /** Whether Redis is there is told once, by the link. */
  #quiet(error: Error): void {
    const { link, logger, name } = this.#options;
    if (link.isUp) logger.debug({ queue: name }, `Queue ${name}: ${causeChain(error).join(': ')}`);
  }

  /** Whether this worker takes jobs. */
  set active(active: boolean) {
    if (active === (this.#worker !== null)) return;
    if (active) this.#worker = this.#open();
    else {
      void this.#worker!.close().catch(() => {});
      this.#worker = null;
    }
  }

  #open(): Worker {
    const { url, prefix, name, workerId, concurrency, process } = this.#options;
    const worker = new Worker(name, passing(process), {
      connection: { url, maxRetriesPerRequest: null, retryStrategy: (tries) => Math.min(100 * tries, 2000) },
      prefix,
      name: workerId,
      concurrency,
      autorun: false,
      lockDuration: LOCK_MS,
      stalledInterval: STALLED_LOOK_MS,
      // A worker that dies over a job is no fault of the job.
      maxStalledCount: 1000,
    });
    worker.on('error', (error) => this.#quiet(error));
    worker.on('lockRenewalFailed', (ids) => this.#onLockLost(ids));
    worker.waitUntilReady().catch(() => this.#break());
    worker.run().catch((error: Error) => this.#quiet(error));
    return worker;
  }

  /** Called with the ids of jobs whose lock could not be renewed. */
  onLockLost(listener: (ids: readonly string[]) => void): void {
    this.#onLockLost = listener;
  }

  /** @param force without waiting for what runs */
  async close(force: boolean): Promise<void> {
    await this.#worker?.close(force).catch(() => {});
    await this.queue.close().catch(() => {});
  }
}

/** What does not pass is said so, in the words of the error. */
function passing(process: Processor): Processor {
  return async (job: Job, token?: string) => {
    try {
      return await process(job, token);
    } catch (error) {
      if (isRetriable(error) || error instanceof Interrupted) throw error;
      throw new UnrecoverableError(causeChain(error).join(': '));
    }
  };
}

/** The run ended for a reason outside of it: somebody else, or a later run, goes on. */
export class Interrupted extends Error {}
