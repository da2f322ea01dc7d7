/** Records first; offsets follow what is acknowledged, into a store of their own. */
import { causeChain, type SourceRecord } from '../kernel';
import { OffsetTracker } from './offset-tracker';
import { Outbox } from './outbox';
import type { DeliveryHost, SourceDelivery } from './source-delivery';
import { SourceEncoder } from './source-encoder';

export class AtLeastOnce implements SourceDelivery {
  readonly #host: DeliveryHost;
  readonly #tracker = new OffsetTracker();
  readonly #outbox: Outbox;
  readonly #encoder: SourceEncoder;
  #committing: Promise<void> = Promise.resolve();

  constructor(host: DeliveryHost) {
    this.#host = host;
    const { options, operator, clock, listener } = host;
    this.#outbox = new Outbox(options, operator, options.producer, listener);
    this.#encoder = new SourceEncoder(options, operator, this.#outbox, this.#tracker, clock);
  }

  async start(): Promise<void> {}

  ready(): Promise<void> | null {
    return this.#outbox.ready();
  }

  async deliver(records: readonly SourceRecord[]): Promise<void> {
    try {
      await this.#encoder.encode(records);
    } finally {
      this.#outbox.settle();
    }
  }

  idle(): void {}

  async pausing(): Promise<void> {
    this.#outbox.flush();
  }

  tick(): void {
    this.#commit().catch((error: unknown) => {
      const message = `offsets were not stored, will try again: ${causeChain(error).join(': ')}`;
      this.#host.operator.log.report('warn', 'offset commit', {}, message);
    });
  }

  async finish(): Promise<void> {
    const { control } = this.#host;
    if (control.abandoned) return this.#outbox.discard();
    this.#outbox.flush();
    await this.#outbox.drained();
    await this.#commit();
  }

  stalledMs(): number {
    return this.#outbox.stalledMs();
  }

  /** Stores what is safe, then tells the task. One at a time. */
  #commit(): Promise<void> {
    const commit = this.#committing.catch(() => {}).then(() => this.#commitOnce());
    this.#committing = commit;
    return commit;
  }

  async #commitOnce(): Promise<void> {
    const { options, control, clock } = this.#host;
    if (control.abandoned) return;
    const entries = this.#tracker.take();
    if (entries.length === 0) return;
    const began = performance.now();
    try {
      await options.offsets.set(options.connector, entries);
    } catch (error) {
      this.#tracker.restore(entries);
      clock.metrics.committed(began, false);
      throw error;
    }
    clock.metrics.committed(began, true);
    const task = this.#host.task();
    if (task?.committed === undefined || control.abandoned) return;
    const offsets = entries.map(({ partition, offset }) => ({ partition, offset: offset! }));
    await control.call('committed', () => task.committed!(offsets));
  }
}
