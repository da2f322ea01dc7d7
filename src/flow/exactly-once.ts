/**
 * Records and source offsets in the same Kafka transactions (KIP-618; connect.md §3.2). Order at the start: fence older
 * producers of the id, which ends what they left open; ask whether the task is still ours; only then read offsets.
 *
 * A transaction costs several milliseconds whatever is in it. Whole polls may therefore share one: nobody can see a part
 * of a poll, and what waits for a commit waits no longer than a moment.
 */
import { partitionForKey } from '../kafka/partitioner';
import type { BatchProducer, ProducerTransactions, RecordBatchBuilder } from '../kafka/port';
import { createRecordBatchBuilder } from '../kafka/wire/record-batch';
import { causeChain, MillraceError, type SourceRecord } from '../kernel';
import { OffsetTracker } from './offset-tracker';
import { Outbox } from './outbox';
import type { DeliveryHost, SourceDelivery } from './source-delivery';
import { SourceEncoder } from './source-encoder';
import { asError } from './stage';
import { orAborted } from './task-status';
import type { TransactionEnd, TransactionMarks } from './transaction-marks';
import type { ExactlyOnceOptions, OffsetEntry } from './types';

/** Under `poll`: polls join a transaction until it has so many records, or is so old. */
const MERGED_RECORDS = 2000;
const MERGED_MS = 10;

export interface ExactlyOnceHost extends DeliveryHost {
  readonly exactlyOnce: ExactlyOnceOptions;
  /** There under the boundary `connector`. */
  readonly marks: TransactionMarks | null;
  /** Records of a transaction that was committed, or dropped with it. */
  ended(records: number, end: TransactionEnd): void;
}

export class ExactlyOnce implements SourceDelivery {
  readonly #host: ExactlyOnceHost;
  readonly #producer: BatchProducer;
  readonly #transaction: ProducerTransactions;
  readonly #tracker = new OffsetTracker();
  readonly #outbox: Outbox;
  readonly #encoder: SourceEncoder;
  /** Ends of transactions, one after the other. */
  #ending: Promise<void> = Promise.resolve();
  #isOpen = false;
  /** Records handed over in the open transaction. */
  #records = 0;
  #timer: NodeJS.Timeout | null = null;
  /** Its time has come while records were being added. */
  #overdue = false;
  #isAdding = false;
  /** The task was stopped in the middle of a poll. */
  #isCut = false;
  #offsetPartitions = 0;

  constructor(host: ExactlyOnceHost) {
    const { options, operator, clock, listener, exactlyOnce } = host;
    this.#host = host;
    this.#producer = exactlyOnce.openProducer();
    this.#transaction = this.#producer.transaction!;
    const transactions = { offsetsTopic: exactlyOnce.offsets.topic };
    const transactional = { ...listener, failed: (error: Error) => this.#failed(error) };
    this.#outbox = new Outbox(options, operator, this.#producer, transactional, transactions);
    this.#encoder = new SourceEncoder(options, operator, this.#outbox, this.#tracker, clock);
    host.control.left.addEventListener('abort', () => {
      this.#disarm();
      void this.#producer.close();
    });
  }

  async start(): Promise<void> {
    const { options, control, exactlyOnce } = this.#host;
    await orAborted(this.#transaction.init(), control.signal);
    if (control.signal.aborted) return;
    if (!(await exactlyOnce.stillOwner())) throw notTheOwner(this.#name);
    // Reading makes the store find, or create, its topic.
    await options.offsets.get(options.connector, []);
    const { topic } = exactlyOnce.offsets;
    const [view] = await options.kafka.metadata([topic]);
    if (view === undefined || view.error !== 0) throw noOffsetsTopic(topic, view?.error ?? 3);
    this.#offsetPartitions = view.partitions.length;
  }

  ready(): Promise<void> | null {
    return this.#outbox.ready();
  }

  get #name(): string {
    const { connector, task } = this.#host.options;
    return `${connector}-${task}`;
  }

  async deliver(records: readonly SourceRecord[]): Promise<void> {
    const segments = this.#host.marks?.split(records) ?? [{ records, end: null }];
    for (const { records: part, end } of segments) {
      await this.#ending;
      if (this.#host.control.failure !== null) return;
      if (part.length > 0) await this.#add(part);
      if (this.#isCut) return;
      if (end !== null) void this.#end(end);
    }
    if (this.#overdue || this.#isFull) void this.#end('commit');
  }

  get #isFull(): boolean {
    return this.#host.exactlyOnce.boundary.kind === 'poll' && this.#records >= MERGED_RECORDS;
  }

  async #add(records: readonly SourceRecord[]): Promise<void> {
    this.#open();
    this.#isAdding = true;
    try {
      this.#isCut = !(await this.#encoder.encode(records));
      this.#records += records.length;
    } finally {
      this.#isAdding = false;
      this.#outbox.settle();
    }
  }

  #open(): void {
    if (this.#isOpen) return;
    this.#transaction.begin();
    this.#isOpen = true;
    const { boundary } = this.#host.exactlyOnce;
    if (boundary.kind === 'connector') return;
    const ms = boundary.kind === 'poll' ? MERGED_MS : boundary.intervalMs;
    this.#timer = setTimeout(() => this.#onTime(), ms);
  }

  #onTime(): void {
    if (this.#isAdding) this.#overdue = true;
    else void this.#end('commit');
  }

  /** Nothing to share a transaction with: under `poll` there is nothing to wait for. */
  idle(): void {
    const { exactlyOnce, marks } = this.#host;
    const end = marks?.takeBatchEnd() ?? null;
    if (end !== null) void this.#end(end);
    else if (exactlyOnce.boundary.kind === 'poll' && this.#isOpen) void this.#end('commit');
  }

  /** An open transaction would run into its time-out. One that the connector delimits stays as it is. */
  async pausing(): Promise<void> {
    if (this.#host.marks === null) void this.#end('commit');
    else this.idle();
    await this.#ending;
  }

  tick(): void {}

  /** One that the connector has not ended, or that holds a part of a poll, is given up. */
  async finish(failed: boolean): Promise<void> {
    const { control, marks, exactlyOnce } = this.#host;
    if (!failed && !control.abandoned) {
      const wanted = marks === null ? 'commit' : marks.takeBatchEnd();
      const whole = !this.#isCut || exactlyOnce.boundary.kind === 'interval';
      if (wanted !== null && whole) void this.#end(wanted);
    }
    await this.#ending;
    this.#disarm();
    // Where this fails, the next run of the task ends the transaction by beginning.
    if (this.#isOpen && !control.abandoned) await this.#giveUp().catch(() => {});
    await this.#producer.close();
  }

  stalledMs(): number {
    return this.#outbox.stalledMs();
  }

  /** Never rejects: what goes wrong fails the task. */
  #end(end: TransactionEnd): Promise<void> {
    this.#disarm();
    const ending = this.#ending.then(() => (end === 'commit' ? this.#commit() : this.#abort()));
    this.#ending = ending.catch((error: unknown) => this.#failed(asError(error)));
    return this.#ending;
  }

  #disarm(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#overdue = false;
  }

  #failed(error: Error): void {
    const { listener } = this.#host;
    listener.failed(error instanceof MillraceError ? inWords(error, this.#name) : error);
  }

  async #commit(): Promise<void> {
    if (this.#host.control.abandoned || this.#host.control.failure !== null || !this.#isOpen) return;
    const records = this.#records;
    const began = performance.now();
    const entries = this.#tracker.takeAll();
    this.#outbox.flush();
    this.#sendOffsets(entries);
    try {
      await this.#transaction.commit();
    } catch (error) {
      this.#host.clock.metrics.committed(began, false);
      throw error;
    }
    this.#isOpen = false;
    this.#records = 0;
    this.#host.clock.metrics.committed(began, true);
    this.#host.ended(records, 'commit');
    if (entries.length > 0) await this.#tell(entries);
  }

  /** The records are dropped; their offsets go into a transaction of their own, so that they do not come again. */
  async #abort(): Promise<void> {
    if (this.#host.control.abandoned || !this.#isOpen) return;
    const records = this.#records;
    this.#host.options.logger.info({ records }, 'The connector asked to abort the transaction');
    await this.#giveUp();
    this.#host.ended(records, 'abort');
    this.#transaction.begin();
    this.#isOpen = true;
    await this.#commit();
  }

  async #giveUp(): Promise<void> {
    this.#outbox.discard();
    await this.#transaction.abort();
    this.#isOpen = false;
    this.#records = 0;
  }

  /** Not waited for: a commit waits for all that was sent, and says when something was refused. */
  #sendOffsets(entries: readonly OffsetEntry[]): void {
    const { options, exactlyOnce } = this.#host;
    const { topic } = exactlyOnce.offsets;
    const builders = new Map<number, RecordBatchBuilder>();
    const now = Date.now();
    for (const { key, value } of exactlyOnce.offsets.encode(options.connector, entries)) {
      const partition = partitionForKey(key, this.#offsetPartitions);
      let builder = builders.get(partition);
      if (builder === undefined) builders.set(partition, (builder = createRecordBatchBuilder()));
      builder.append(now, key, value, []);
    }
    for (const [partition, builder] of builders) {
      this.#producer.send(topic, partition, builder.build('none')).catch(() => {});
    }
  }

  async #tell(entries: readonly OffsetEntry[]): Promise<void> {
    const { options, exactlyOnce, control, operator } = this.#host;
    exactlyOnce.offsets.mirror?.(options.connector, entries).catch((error: unknown) => {
      const message = `offsets were not copied to the worker's topic: ${causeChain(error).join(': ')}`;
      operator.log.report('warn', 'offset copy', {}, message);
    });
    const task = this.#host.task();
    if (task?.committed === undefined || control.abandoned) return;
    const offsets = entries.map(({ partition, offset }) => ({ partition, offset: offset! }));
    await control.call('committed', () => task.committed!(offsets));
  }
}

/** Kafka does not tell a successor from a transaction that was open for too long: both raise the epoch. */
function inWords(error: MillraceError, task: string): MillraceError {
  if (error.code !== 'KAFKA_FENCED') return error;
  return new MillraceError(
    'KAFKA_FENCED',
    `Task ${task} was fenced: another run of it has begun, or its transaction was open longer than transaction.timeout.ms`,
    {
      cause: error,
      hint: 'If no other run began: shorten transaction.boundary.interval.ms, use transaction.boundary=poll, or raise producer.override.transaction.timeout.ms.',
    },
  );
}

const notTheOwner = (task: string): MillraceError =>
  new MillraceError('KAFKA_FENCED', `Task ${task} was given to another worker while it began`);

const noOffsetsTopic = (topic: string, code: number): MillraceError =>
  new MillraceError('KAFKA_REFUSED', `The offsets topic ${topic} cannot be used (Kafka error ${code})`, {
    hint: 'Create it compacted, or set offsets.storage.topic to one that is there.',
  });
