/** What a worker is busy with, so that a request without an answer can say who holds it up (connect.md §1.1). */
import type { Stage } from '../herder';

export class Stages {
  /** Under way, oldest first. */
  readonly #running = new Set<Stage>();
  #last: Stage | null = null;

  /** Of what is under way the oldest, since others pass by what is stuck; else what was done last. */
  get current(): Stage | null {
    const [oldest] = this.#running;
    return oldest ?? this.#last;
  }

  async run<T>(description: string, work: () => Promise<T>): Promise<T> {
    const stage = { description, startedAt: Date.now(), completedAt: null as number | null };
    this.#running.add(stage);
    try {
      return await work();
    } finally {
      this.#running.delete(stage);
      stage.completedAt = Date.now();
      this.#last = stage;
    }
  }
}
