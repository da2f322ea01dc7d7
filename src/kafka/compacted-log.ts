/**
 * A compacted topic kept as state: read to the end, apply, follow, write and wait for one's own record. The stores of
 * configurations, offsets and states, and the registry's schemas, are built on it.
 */
import { ConfigError, type Logger, MillraceError, type Position } from '../kernel';
import { laneClosed } from './connection-errors';
import { Code, kafkaCodeOf, kafkaError } from './errors';
import { partitionForKey } from './partitioner';
import type {
  BatchProducer,
  BatchReader,
  CompactedLog,
  CompactedLogOptions,
  KafkaPort,
  RawBatch,
  RecordBatchBuilder,
} from './port';
import { orAborted, retrying } from './retry';
import { createRecordBatchBuilder } from './wire/record-batch';

/** How long the reader waits for new records before it looks whether positions alone have moved. */
const POLL_MS = 500;
const WAITING_POLL_MS = 50;
/** Longest time without letting other work run, ms. */
const SLICE_MS = 10;

type Port = Pick<KafkaPort, 'admin' | 'metadata' | 'offsets' | 'producer' | 'reader'>;
type WrittenRecord = Parameters<CompactedLog['write']>[0][number];

/** Settles when everything below `ends` (by partition) is applied. */
interface Waiter {
  readonly ends: ReadonlyMap<number, number>;
  resolve(): void;
  reject(error: Error): void;
}

export function createCompactedLog(kafka: Port, options: CompactedLogOptions, logger: Logger): CompactedLog {
  return new TopicLog(kafka, options, logger.child({ topic: options.topic }));
}

class TopicLog implements CompactedLog {
  readonly #kafka: Port;
  readonly #options: CompactedLogOptions;
  readonly #logger: Logger;
  readonly #stopping = new AbortController();
  /** Next offset to apply, by partition; empty before the start. */
  #applied: number[] = [];
  #waiters: Waiter[] = [];
  #reader: BatchReader | null = null;
  /** Null with a `writerId`, before the take-over. */
  #producer: BatchProducer | null = null;
  /** With a `writerId`: for what needs no take-over. */
  #unfenced: BatchProducer | null = null;
  /** Take-overs begun: only the last one counts. */
  #takeOvers = 0;
  #pumping: Promise<void> = Promise.resolve();
  #failure: Error | null = null;

  constructor(kafka: Port, options: CompactedLogOptions, logger: Logger) {
    this.#kafka = kafka;
    this.#options = options;
    this.#logger = logger;
  }

  async start(signal?: AbortSignal): Promise<void> {
    const { topic, isolation = 'read_uncommitted' } = this.#options;
    const prepared = retrying(() => this.#prepare(), { signal });
    const starts = await orAborted(prepared, signal, `find topic ${topic}`);
    if (this.#stopping.signal.aborted) throw laneClosed();
    this.#applied = starts.map(({ offset }) => offset);
    this.#reader = this.#kafka.reader({ isolation, outOfRange: 'earliest' });
    if (this.#options.writerId === undefined) this.#producer = this.#kafka.producer({ idempotent: true });
    this.#reader.assign(starts);
    this.#pumping = this.#pump(this.#reader);
    await orAborted(this.readToEnd(), signal, `read topic ${topic} to its end`);
  }

  async readToEnd(): Promise<void> {
    this.#assertRunning();
    const { topic } = this.#options;
    const partitions = this.#applied.map((_, partition) => ({ topic, partition }));
    // Not only to the last stable offset: what is committed may lie behind a transaction that is still open.
    const ends = await this.#kafka.offsets(partitions, 'latest');
    await this.#untilApplied(new Map(ends.map(({ partition, offset }) => [partition, offset])));
  }

  async write(records: readonly WrittenRecord[], { unfenced = false } = {}): Promise<number> {
    this.#assertRunning();
    const producer = unfenced ? this.#anyWriter() : this.#producer;
    if (producer === null) throw notTheWriter(this.#options.topic);
    const sent = [...this.#encode(records)].map(async ([partition, builder]) => {
      const count = builder.count;
      const { baseOffset } = await producer.send(this.#options.topic, partition, builder.build('none'));
      // The broker had the batch already and does not say where: then it is before the end.
      if (baseOffset < 0) await this.readToEnd();
      const end = baseOffset < 0 ? this.#applied[partition]! : baseOffset + count;
      await this.#untilApplied(new Map([[partition, end]]));
      return end - 1;
    });
    return Math.max(-1, ...(await Promise.all(sent)));
  }

  #anyWriter(): BatchProducer | null {
    if (this.#options.writerId === undefined) return this.#producer;
    return (this.#unfenced ??= this.#kafka.producer({ idempotent: true }));
  }

  async takeOver(): Promise<void> {
    this.#assertRunning();
    const { topic, writerId } = this.#options;
    if (writerId === undefined)
      throw new RangeError(`The log of ${topic} has no writerId to take over with.`);
    const attempt = ++this.#takeOvers;
    // What the old one still has on its way comes before the new one's first batch, or never.
    const old = this.#producer;
    this.#producer = null;
    void old?.close();
    const producer = this.#kafka.producer({ fencingId: writerId });
    try {
      await producer.fencing!.init();
      this.#assertRunning();
      if (attempt !== this.#takeOvers) throw notTheWriter(topic);
    } catch (error) {
      await producer.close();
      throw error;
    }
    this.#producer = producer;
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#pumping;
    await Promise.all([this.#reader?.close(), this.#producer?.close(), this.#unfenced?.close()]);
    this.#rejectWaiters(laneClosed());
  }

  /** Creates or checks the topic; answers where its partitions begin. */
  async #prepare(): Promise<Position[]> {
    const { topic, partitions, replicationFactor = -1, configs } = this.#options;
    let [view] = await this.#kafka.metadata([topic]);
    if (view!.error === Code.UNKNOWN_TOPIC_OR_PARTITION) {
      const spec = {
        topic,
        partitions,
        replicationFactor,
        configs: { ...configs, 'cleanup.policy': 'compact' },
      };
      const created = await this.#kafka.admin.createTopic(spec);
      if (created) this.#logger.info({ partitions }, 'Created the topic');
      [view] = await this.#kafka.metadata([topic]);
    }
    if (view!.error !== Code.NONE) throw kafkaError(view!.error, `read topic ${topic}`);
    await this.#checkPolicy();
    const count = view!.partitions.length;
    if (partitions === 1 && count > 1) throw tooManyPartitions(topic, count);
    const all = Array.from({ length: count }, (_, partition) => ({ topic, partition }));
    return this.#kafka.offsets(all, 'earliest');
  }

  async #checkPolicy(): Promise<void> {
    const { topic } = this.#options;
    try {
      const policy = (await this.#kafka.admin.topicConfigs(topic)).get('cleanup.policy');
      if (policy !== undefined && policy !== 'compact') throw wrongPolicy(topic, policy);
    } catch (error) {
      if (!FORBIDDEN.has(kafkaCodeOf(error) ?? Code.NONE)) throw error;
      this.#logger.warn(
        {},
        'Not allowed to read the topic settings: make sure its cleanup.policy is compact',
      );
    }
  }

  async #pump(reader: BatchReader): Promise<void> {
    const { signal } = this.#stopping;
    let sliceEnd = Date.now() + SLICE_MS;
    try {
      while (!signal.aborted) {
        const batches = await reader.next(this.#waiters.length > 0 ? WAITING_POLL_MS : POLL_MS, signal);
        for (const batch of batches) {
          this.#apply(batch);
          if (Date.now() < sliceEnd) continue;
          await new Promise(setImmediate);
          sliceEnd = Date.now() + SLICE_MS;
        }
        this.#takePositions(reader);
        this.#settleWaiters();
      }
    } catch (error) {
      if (!signal.aborted) this.#fail(error as Error);
    }
  }

  #apply(batch: RawBatch): void {
    const { partition } = batch;
    const cursor = batch.records();
    while (cursor.next()) {
      const { offset, timestamp, key, value } = cursor;
      this.#options.apply({ partition, offset, timestamp, key: copy(key), value: copy(value) });
    }
    this.#applied[partition] = batch.lastOffset + 1;
  }

  /** Control records and what was aborted or compacted away move positions without a batch. */
  #takePositions(reader: BatchReader): void {
    const { topic } = this.#options;
    for (let partition = 0; partition < this.#applied.length; partition++) {
      const position = reader.position({ topic, partition });
      if (position !== undefined && position > this.#applied[partition]!) this.#applied[partition] = position;
    }
  }

  #encode(records: readonly WrittenRecord[]): Map<number, RecordBatchBuilder> {
    const builders = new Map<number, RecordBatchBuilder>();
    const now = Date.now();
    for (const { key, value, partition = partitionForKey(key, this.#applied.length) } of records) {
      let builder = builders.get(partition);
      if (builder === undefined) builders.set(partition, (builder = createRecordBatchBuilder()));
      builder.append(now, key, value, []);
    }
    return builders;
  }

  #untilApplied(ends: ReadonlyMap<number, number>): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiters.push({ ends, resolve, reject });
      this.#settleWaiters();
      if (this.#failure !== null) this.#rejectWaiters(this.#failure);
    });
  }

  #settleWaiters(): void {
    if (this.#waiters.length === 0) return;
    const isDone = ({ ends }: Waiter) =>
      [...ends].every(([partition, end]) => this.#applied[partition]! >= end);
    const done = this.#waiters.filter(isDone);
    if (done.length === 0) return;
    this.#waiters = this.#waiters.filter((waiter) => !done.includes(waiter));
    for (const waiter of done) waiter.resolve();
  }

  #rejectWaiters(error: Error): void {
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const waiter of waiters) waiter.reject(error);
  }

  /** A record that cannot be applied: the state would be wrong from here on, so nothing more is read or answered. */
  #fail(error: Error): void {
    const { topic, onFailure } = this.#options;
    const message = `Topic ${topic} cannot be read on: ${error.message}`;
    this.#failure =
      error instanceof MillraceError ? error : new MillraceError('INTERNAL', message, { cause: error });
    this.#rejectWaiters(this.#failure);
    if (onFailure !== undefined) onFailure(this.#failure);
    else this.#logger.error({ err: error }, 'The log has stopped: a record could not be applied');
  }

  #assertRunning(): void {
    if (this.#failure !== null) throw this.#failure;
    if (this.#stopping.signal.aborted || this.#reader === null) throw laneClosed();
  }
}

const copy = (bytes: Buffer | null): Buffer | null => (bytes === null ? null : Buffer.from(bytes));

const FORBIDDEN: ReadonlySet<number> = new Set([
  Code.TOPIC_AUTHORIZATION_FAILED,
  Code.CLUSTER_AUTHORIZATION_FAILED,
]);

const notTheWriter = (topic: string): MillraceError =>
  new MillraceError('KAFKA_FENCED', `This process has not taken over the writing of topic ${topic}`);

function wrongPolicy(topic: string, policy: string): ConfigError {
  const danger =
    policy.includes('delete') || policy === ''
      ? 'Kafka would delete its records after the retention time, and with them what is stored in it'
      : 'Only a compacted topic keeps the last record of each key for ever';
  return new ConfigError(
    `Topic ${topic} has cleanup.policy=${policy}, but it must be exactly "compact". ${danger}.`,
    {
      hint: `kafka-configs --bootstrap-server HOST:PORT --alter --entity-type topics --entity-name ${topic} --add-config cleanup.policy=compact`,
    },
  );
}

const tooManyPartitions = (topic: string, count: number): ConfigError =>
  new ConfigError(
    `Topic ${topic} has ${count} partitions, but the order of its records matters: it must have one.`,
    {
      hint: 'Name another topic, which is created with one partition, or create it again.',
    },
  );
