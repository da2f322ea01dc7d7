import type { SourceRecord } from '../kernel';
import type { SourceTask } from '../plugin';
import type { OutboxListener } from './outbox';
import type { StageOperator } from './stage';
import type { StageClock } from './stage-clock';
import type { TaskControl } from './task-control';
import type { SourceRunOptions } from './types';

/** How polled records and their offsets get into Kafka: at least once, or both in one transaction. */
export interface SourceDelivery {
  /** Before the task opens, which asks for its offsets. */
  start(): Promise<void>;
  /** Null, or a promise of room for more. */
  ready(): Promise<void> | null;
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

/** What both ways of delivery are given by the runner. */
export interface DeliveryHost {
  readonly options: SourceRunOptions;
  readonly operator: StageOperator;
  readonly control: TaskControl;
  readonly clock: StageClock;
  readonly listener: OutboxListener;
  task(): SourceTask | null;
}
