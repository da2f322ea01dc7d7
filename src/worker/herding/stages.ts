/** What a worker is busy with, so that a request without an answer can say who holds it up (connect.md §1.1). */
import type { Stage } from '../herder';

export class Stages {
  #last: Stage | null = null;

  get current(): Stage | null {
    return this.#last;
  }

  async run<T>(description: string, work: () => Promise<T>): Promise<T> {
    const stage = { description, startedAt: Date.now(), completedAt: null as number | null };
    this.#last = stage;
    try {
      return await work();
    } finally {
      stage.completedAt = Date.now();
    }
  }
}
