/** Whether and when something that failed is started again by itself. Pure; `auto-restarts.ts` carries it out. */
import { type Config, type ErrorCode, MillraceError } from '../../kernel';
import { ownDef } from '../own-keys';
import type { RawConfig } from '../storage/types';

export interface RestartPolicy {
  /** Null: without end. */
  readonly maxAttempts: number | null;
  readonly initialDelayMs: number;
  readonly maxDelayMs: number;
  /** What ran for so long is healthy: it starts to count anew. */
  readonly healthyAfterMs: number;
}

/** Null: nothing is restarted by itself, as in Kafka Connect. Wrong values were refused before. */
export function restartPolicyOf(connector: RawConfig, worker: Config): RestartPolicy | null {
  const own = ownDef('sink').parse(onlyOwn(connector));
  const value = (key: string): number =>
    own.optionalNumber(`millrace.restart.${key}`) ?? worker.number(`restart.${key}`);
  const attempts = value('max.attempts');
  if (attempts === 0) return null;
  return {
    maxAttempts: attempts < 0 ? null : attempts,
    initialDelayMs: value('initial.delay.ms'),
    maxDelayMs: value('max.delay.ms'),
    healthyAfterMs: value('healthy.after.ms'),
  };
}

const onlyOwn = (config: RawConfig): RawConfig =>
  Object.fromEntries(Object.entries(config).filter(([key]) => key.startsWith('millrace.restart.')));

/** The same input fails the same way: somebody has to change a configuration, a table or a record first. */
const LASTING: ReadonlySet<ErrorCode> = new Set([
  'CONFIG_INVALID',
  'PLUGIN_UNKNOWN',
  'DATA_INVALID',
  'SCHEMA_INCOMPATIBLE',
  'TABLE_UNSUITABLE',
]);

/** The error in a chain that time does not heal; null when there is none. */
export function lastingCause(error: unknown): MillraceError | null {
  for (
    let current = error, depth = 0;
    current instanceof Error && depth < 10;
    current = current.cause, depth++
  ) {
    if (current instanceof MillraceError && !current.retriable && LASTING.has(current.code)) return current;
  }
  return null;
}

/** Half a step of jitter, so that what failed together does not come back together. */
export function restartDelay(
  { initialDelayMs, maxDelayMs }: RestartPolicy,
  attempt: number,
  random = Math.random,
): number {
  const full = Math.min(maxDelayMs, initialDelayMs * 2 ** (attempt - 1));
  return Math.round(full * (1 - 0.25 * random()));
}

/** Attempts of one connector or task. */
export class Attempts {
  made = 0;
  #runningSince: number | null = null;

  running(at: number): void {
    this.#runningSince ??= at;
  }

  /** The number of the attempt that is due now; null when all were made. */
  failed({ maxAttempts, healthyAfterMs }: RestartPolicy, at: number): number | null {
    if (this.#runningSince !== null && at - this.#runningSince >= healthyAfterMs) this.made = 0;
    this.#runningSince = null;
    if (maxAttempts !== null && this.made >= maxAttempts) return null;
    return ++this.made;
  }
}
