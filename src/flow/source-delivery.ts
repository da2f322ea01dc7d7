import type { SourceRecord } from '../kernel';

/** How polled records and their offsets get into Kafka: at least once, or both in one transaction. */
export interface SourceDelivery {
  /** Before the task opens, which asks for its offsets. */
  start(): Promise<void>;
  /** Records of one poll. */
  deliver(records: readonly SourceRecord[]): Promise<void>;
  /** A poll had nothing. */
  idle(): void;
  /** The task is being paused: what can be finished is. */
  pausing(): Promise<void>;
  /** Every `offset.flush.interval.ms`. */
  tick(): void;
  /** After the last poll. `failed`: nothing more may become visible than is already. */
  finish(failed: boolean): Promise<void>;
  /** Milliseconds since Kafka last acknowledged anything, 0 when nothing is outstanding. */
  stalledMs(): number;
}
