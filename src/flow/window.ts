/** Two samples of this length, as Kafka's sensors keep them (`metrics.sample.window.ms`, `metrics.num.samples`). */
const SAMPLE_MS = 30_000;

interface Sample {
  since: number;
  sum: number;
  count: number;
  max: number;
  min: number;
}

const sampleAt = (since: number): Sample => ({
  since,
  sum: 0,
  count: 0,
  max: Number.NEGATIVE_INFINITY,
  min: Number.POSITIVE_INFINITY,
});

/** Rate, mean and extremes of what was recorded in the last 30 to 60 s. */
export class Window {
  #current: Sample;
  #previous: Sample | null = null;
  readonly #now: () => number;

  constructor(now: () => number = Date.now) {
    this.#now = now;
    this.#current = sampleAt(now());
  }

  record(value: number): void {
    this.#roll();
    const sample = this.#current;
    sample.sum += value;
    sample.count++;
    if (value > sample.max) sample.max = value;
    if (value < sample.min) sample.min = value;
  }

  #roll(): void {
    const now = this.#now();
    const age = now - this.#current.since;
    if (age < SAMPLE_MS) return;
    this.#previous = age < 2 * SAMPLE_MS ? this.#current : null;
    this.#current = sampleAt(now);
  }

  #samples(): readonly Sample[] {
    this.#roll();
    return this.#previous === null ? [this.#current] : [this.#previous, this.#current];
  }

  /** Sum per second. The first sample counts as a whole one, so that a start does not look like a burst. */
  get rate(): number {
    const samples = this.#samples();
    const elapsed = this.#now() - samples[0]!.since;
    return samples.reduce((sum, each) => sum + each.sum, 0) / (Math.max(elapsed, SAMPLE_MS) / 1000);
  }

  get count(): number {
    return this.#samples().reduce((sum, each) => sum + each.count, 0);
  }

  /** 0 when nothing was recorded, as the next two. */
  get average(): number {
    const { count } = this;
    return count === 0 ? 0 : this.#samples().reduce((sum, each) => sum + each.sum, 0) / count;
  }

  get max(): number {
    return finite(Math.max(...this.#samples().map(({ max }) => max)));
  }

  get min(): number {
    return finite(Math.min(...this.#samples().map(({ min }) => min)));
  }
}

const finite = (value: number): number => (Number.isFinite(value) ? value : 0);
