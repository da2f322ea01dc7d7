/**
 * Looks after one run of a job: whether somebody cancelled or paused it, whether its connector is still the one it was made
 * for, and whether another run has taken its place, which happens when this worker was held up for longer than a lock lasts.
 */
import type { Keys } from './keys';
import type { RedisLink } from './redis-link';

/** `lost`: somebody else has the job; `away`: Redis is, so it could not be said how far the run is. */
export type Ending = 'cancelled' | 'deleted' | 'outdated' | 'lost' | 'away' | 'leaving';

export interface RunControlOptions {
  readonly link: RedisLink;
  readonly keys: Keys;
  readonly jobId: string;
  readonly fence: string;
  /** That of the connector now; null: there is none. */
  fenceNow(): string | null;
}

const LOOK_MS = 500;
/** Less than a lock lasts: who cannot say how far it is stops before another run begins. */
const AWAY_MS = 8000;
const KEPT_SECONDS = 7 * 86_400;

export class RunControl {
  ending: Ending | null = null;
  paused = false;
  readonly #abort = new AbortController();
  readonly #options: RunControlOptions;
  readonly #key: string;
  #timer: NodeJS.Timeout | null = null;
  #run = 0;
  #heardAt = Date.now();

  constructor(options: RunControlOptions) {
    this.#options = options;
    this.#key = options.keys.wishes(options.jobId);
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** This run is the newest one; earlier ones end when they look. */
  async begin(): Promise<void> {
    const { link } = this.#options;
    this.#run = await link.passing((redis) => redis.hincrby(this.#key, 'runs', 1));
    await link.passing((redis) => redis.expire(this.#key, KEPT_SECONDS));
    await this.look();
    if (!this.signal.aborted) this.#schedule();
  }

  end(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  stop(ending: Ending): void {
    this.ending ??= ending;
    this.end();
    this.#abort.abort();
  }

  #schedule(): void {
    this.#timer = setTimeout(
      () => void this.look().then(() => this.signal.aborted || this.#schedule()),
      LOOK_MS,
    );
  }

  /** Also before progress is stored: a run that was superseded must not move it. */
  async look(): Promise<void> {
    const { link, fence, fenceNow } = this.#options;
    const now = fenceNow();
    if (now === null) return this.stop('deleted');
    if (now !== fence) return this.stop('outdated');
    try {
      const [wish, runs] = await link.redis.hmget(this.#key, 'wish', 'runs');
      this.#heardAt = Date.now();
      if (Number(runs) !== this.#run) return this.stop('lost');
      if (wish === 'cancel') return this.stop('cancelled');
      this.paused = wish === 'pause';
    } catch {
      if (Date.now() - this.#heardAt > AWAY_MS) this.stop('away');
    }
  }
}
