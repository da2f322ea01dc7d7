import type { TaskMetrics, TimedStage } from './task-metrics';

/** Stages of the synchronous loops, in the order of `mark`. */
const STAGES: readonly TimedStage[] = [
  'TRANSFORMATION',
  'HEADER_CONVERTER',
  'KEY_CONVERTER',
  'VALUE_CONVERTER',
  'KAFKA_PRODUCE',
];
export const TRANSFORMATION = 0;
export const HEADER_CONVERTER = 1;
export const KEY_CONVERTER = 2;
export const VALUE_CONVERTER = 3;
export const PRODUCE = 4;

/** A prime, so that it does not always hit the same place of batches whose sizes are round. */
const EVERY = 61;
/** Counters are not touched more often than after so many ms of work. */
const SHARED_MS = 50;
/** Older samples count less and less. */
const KEPT = 0.9;

/**
 * Time per stage in loops that do all stages of one record after the other: one record in 61 is timed, and the time of
 * the whole loop is shared out in the proportions found.
 */
export class StageClock {
  #untilSample = EVERY;
  #last = 0;
  #began = 0;
  /** Loop time that waits for a first sample. */
  #unshared = 0;
  readonly #sampled = new Float64Array(STAGES.length);

  constructor(readonly metrics: TaskMetrics) {}

  beginLoop(): void {
    this.#began = performance.now();
  }

  /** Whether this record is to be timed: then `mark` follows after each stage. */
  beginRecord(): boolean {
    if (--this.#untilSample > 0) return false;
    this.#untilSample = EVERY;
    this.#last = performance.now();
    return true;
  }

  mark(stage: number): void {
    const now = performance.now();
    this.#sampled[stage]! += now - this.#last;
    this.#last = now;
  }

  endLoop(): void {
    this.#unshared += performance.now() - this.#began;
    if (this.#unshared >= SHARED_MS) this.share();
  }

  /** Counts what is not counted yet. */
  share(): void {
    if (this.#unshared === 0) return;
    const total = this.#sampled.reduce((sum, ms) => sum + ms, 0);
    if (total === 0) return;
    for (let stage = 0; stage < STAGES.length; stage++) {
      const sampled = this.#sampled[stage]!;
      if (sampled === 0) continue;
      this.metrics.spent(STAGES[stage]!, (this.#unshared * sampled) / total);
      this.#sampled[stage] = sampled * KEPT;
    }
    this.#unshared = 0;
  }
}
