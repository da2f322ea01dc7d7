/** Redrives and backfills as jobs: the run itself is the worker's, here is who may run it and how far it is. */
import type { Job, Queue } from 'bullmq';
import { causeChain, isRetriable, type Logger } from '../kernel';
import type {
  BackfillPlan,
  BackfillProgress,
  JobState,
  Operations,
  RedrivePlan,
  RedriveProgress,
} from '../worker';
import type { Keys } from './keys';
import { Interrupted } from './lanes';
import type { Marks } from './marks';
import type { RedisLink } from './redis-link';
import { type Ending, RunControl } from './run-control';

export interface WorkData<P> {
  readonly connector: string;
  readonly fence: string;
  /** As it was asked for. */
  readonly request: unknown;
  readonly plan: P;
}

export type WorkJob =
  | Job<WorkData<RedrivePlan>, WorkResult, 'redrive'>
  | Job<WorkData<BackfillPlan>, WorkResult, 'backfill'>;

export interface WorkResult {
  readonly state: JobState;
  readonly message: string | null;
}

export interface WorkParts {
  readonly link: RedisLink;
  readonly keys: Keys;
  readonly marks: Marks;
  readonly operations: Operations;
  readonly logger: Logger;
  queue(): Queue;
}

/** Runs under way on this worker. */
export class Work {
  readonly #parts: WorkParts;
  readonly #runs = new Map<string, RunControl>();

  constructor(parts: WorkParts) {
    this.#parts = parts;
  }

  async process(job: WorkJob): Promise<WorkResult> {
    const { link, keys, operations } = this.#parts;
    const { connector, fence } = job.data;
    const control = new RunControl({
      link,
      keys,
      jobId: job.id!,
      fence,
      fenceNow: () => operations.fence(connector),
    });
    this.#runs.set(job.id!, control);
    this.#tell(job, job.attemptsStarted > 1 ? 'goes on' : 'begins');
    try {
      await control.begin();
      if (control.ending === null) await this.#run(job, control);
    } catch (error) {
      // A run that was ended throws whatever it was at, and may do so before it was told.
      if (control.ending === null) await control.look();
      if (control.ending === null) {
        const what = isRetriable(error) ? 'is tried again later' : 'failed';
        this.#tell(job, `${what}: ${causeChain(error).join(': ')}`);
        throw error;
      }
    } finally {
      control.end();
      if (this.#runs.get(job.id!) === control) this.#runs.delete(job.id!);
    }
    this.#tell(job, control.ending === null ? 'is done' : WORDS[control.ending]);
    return resultOf(control.ending);
  }

  #tell({ id, name, data: { connector } }: WorkJob, what: string): void {
    this.#parts.logger.info({ connector, job: id }, `The ${name} of ${connector} ${what}`);
  }

  async #run(job: WorkJob, control: RunControl): Promise<void> {
    const { operations, marks } = this.#parts;
    const { signal } = control;
    const common = { id: job.id!, signal, isPaused: () => control.paused };
    const reached = (progress: object): Promise<void> => this.#store(job, control, progress);
    if (job.name === 'backfill') {
      const progress = progressOf<BackfillProgress>(job);
      await operations.backfills.run(job.data.plan, { ...common, progress, reached });
    } else {
      const progress = progressOf<RedriveProgress>(job);
      await operations.redrives.run(job.data.plan, { ...common, progress, marks, reached });
    }
  }

  /** Tries until it is stored, or the run is ended because it is not: nobody may go on from an older place unnoticed. */
  async #store(job: WorkJob, control: RunControl, progress: object): Promise<void> {
    for (;;) {
      await control.look();
      if (control.signal.aborted) return;
      try {
        // Not by the job itself: its connection would wait for Redis, and write when another run is further.
        await this.#parts.queue().updateJobProgress(job.id!, progress);
        return;
      } catch {
        await new Promise((resolve) => setTimeout(resolve, 250));
      }
    }
  }

  lockLost(ids: readonly string[]): void {
    for (const id of ids) this.#runs.get(id)?.stop('lost');
  }

  /** Another worker goes on. */
  leave(): void {
    for (const run of this.#runs.values()) run.stop('leaving');
  }
}

const progressOf = <P>(job: WorkJob): P | null =>
  typeof job.progress === 'object' ? (job.progress as P) : null;

const WORDS: Readonly<Record<Ending, string>> = {
  cancelled: 'was cancelled',
  deleted: 'ends: the connector was deleted',
  outdated: 'ends: the configuration of the connector has changed',
  lost: 'ends here: another worker has it',
  away: 'is interrupted: Redis does not answer, so it could not be said how far it is',
  leaving: 'is interrupted: the worker stops',
};

const ENDINGS: Readonly<Partial<Record<Ending, WorkResult>>> = {
  cancelled: { state: 'cancelled', message: 'It was cancelled.' },
  deleted: { state: 'cancelled', message: 'The connector was deleted.' },
  outdated: {
    state: 'outdated',
    message: 'The configuration of the connector has changed: ask for it anew.',
  },
};

function resultOf(ending: Ending | null): WorkResult {
  if (ending === null) return { state: 'done', message: null };
  const result = ENDINGS[ending];
  if (result === undefined) throw new Interrupted(ending);
  return result;
}
