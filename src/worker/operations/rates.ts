/** Records per second of each task here, over the last half minute. */
import type { HostedTask } from '../host';
import { taskKey } from '../host';

const SAMPLE_MS = 5000;
const SAMPLES = 7;

interface Sample {
  readonly at: number;
  readonly records: number;
}

interface Series {
  /** A task that starts again counts from nothing. */
  readonly task: HostedTask;
  readonly samples: Sample[];
}

export class Rates {
  #series = new Map<string, Series>();
  readonly #tasks: () => readonly HostedTask[];

  /** Samples until the signal aborts. */
  constructor(tasks: () => readonly HostedTask[], signal: AbortSignal) {
    this.#tasks = tasks;
    const timer = setInterval(() => this.#sample(), SAMPLE_MS).unref();
    signal.addEventListener('abort', () => clearInterval(timer), { once: true });
  }

  #sample(): void {
    const next = new Map<string, Series>();
    const at = Date.now();
    for (const task of this.#tasks()) {
      const key = taskKey(task.id);
      const known = this.#series.get(key);
      const series = known?.task === task ? known : { task, samples: [] };
      if (series.samples.push({ at, records: task.progress.records }) > SAMPLES) series.samples.shift();
      next.set(key, series);
    }
    this.#series = next;
  }

  /** Null before the task has been here for a sample. */
  perSecond(task: HostedTask): number | null {
    const series = this.#series.get(taskKey(task.id));
    if (series?.task !== task) return null;
    const [first] = series.samples;
    const elapsed = (Date.now() - first!.at) / 1000;
    if (elapsed < 1) return null;
    return Math.round(((task.progress.records - first!.records) / elapsed) * 10) / 10;
  }
}
