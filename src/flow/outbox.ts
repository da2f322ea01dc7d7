/** Records on their way to Kafka: routed to a partition, gathered into batches, sent, acknowledged. */

import { partitionForKey } from '../kafka/partitioner';
import type { BatchProducer, EncodedBatch, KafkaPort, RecordBatchBuilder, WireHeader } from '../kafka/port';
import { createRecordBatchBuilder, splitBatch } from '../kafka/wire/record-batch';
import { DataError, MillraceError, type SourceRecord } from '../kernel';
import { Pending } from '../plugin';
import type { Poll } from './offset-tracker';
import { asError, type StageOperator } from './stage';
import type { SourceRunOptions } from './types';

interface PartitionBuffer {
  readonly topic: string;
  readonly partition: number;
  readonly builder: RecordBatchBuilder;
  /** Polls with records in the builder, oldest first. */
  polls: Poll[];
  /** Timestamp of the first record in the builder. */
  oldest: number;
}

export interface OutboxListener {
  /** A batch is durable, or as durable as it gets before its transaction ends. */
  acknowledged(records: number, oldestTimestamp: number): void;
  /** What ends the task: nothing that was not acknowledged until now may be taken for sent. */
  failed(error: Error): void;
}

/** Batches of a transaction are taken or refused together. */
export interface OutboxTransactions {
  /** Of the connector's own offsets: who reads them would wait for the very transaction that needs them. */
  readonly offsetsTopic: string;
}

/** A batch on its way. */
interface Shipment {
  readonly topic: string;
  readonly partition: number;
  readonly batch: EncodedBatch;
  readonly oldest: number;
  readonly settled: () => void;
}

interface TopicRoute {
  readonly topic: string;
  readonly buffers: PartitionBuffer[];
  /** Where records without key go until the next batch is sent. */
  sticky: number;
}

export class Outbox {
  #routes = new Map<string, TopicRoute>();
  #lastRoute: TopicRoute | null = null;
  #resolving = new Map<string, Promise<void>>();
  #dirty: PartitionBuffer[] = [];
  #lingering: NodeJS.Timeout | null = null;
  #outstanding = 0;
  #oldestSentAt = 0;
  #drainWaiters: (() => void)[] = [];
  readonly #options: SourceRunOptions;
  readonly #operator: StageOperator;
  readonly #producer: BatchProducer;
  readonly #kafka: KafkaPort;
  readonly #listener: OutboxListener;
  readonly #transactions: OutboxTransactions | null;
  /** Raised when a transaction is given up: what is still on its way then is nobody's concern. */
  #epoch = 0;

  constructor(
    options: SourceRunOptions,
    operator: StageOperator,
    producer: BatchProducer,
    listener: OutboxListener,
    transactions: OutboxTransactions | null = null,
  ) {
    this.#options = options;
    this.#operator = operator;
    this.#producer = producer;
    this.#kafka = options.kafka;
    this.#listener = listener;
    this.#transactions = transactions;
  }

  /** Null, or a promise of room for more. */
  ready(): Promise<void> | null {
    return this.#producer.ready();
  }

  /** Queues one record. Throws Pending while its topic is not known yet, DataError when it is too large. */
  append(
    record: SourceRecord,
    key: Uint8Array | null,
    value: Uint8Array | null,
    headers: readonly WireHeader[],
    now: number,
    poll: Poll,
  ): void {
    const route = this.#route(record.topic);
    const buffer = this.#bufferOf(route, record, key);
    const size = (key?.length ?? 0) + (value?.length ?? 0) + headerBytes(headers) + 70;
    if (size > this.#options.maxRecordBytes) throw tooLarge(record.topic, size, this.#options.maxRecordBytes);
    const { builder } = buffer;
    if (builder.count > 0 && builder.sizeBytes + size > this.#options.batchBytes) this.#send(buffer);
    const timestamp = record.timestamp ?? now;
    if (builder.count === 0) {
      this.#dirty.push(buffer);
      buffer.oldest = timestamp;
    }
    if (buffer.polls.at(-1) !== poll) {
      buffer.polls.push(poll);
      poll.pending++;
    }
    builder.append(timestamp, key, value, headers);
  }

  #route(topic: string): TopicRoute {
    if (this.#lastRoute !== null && this.#lastRoute.topic === topic) return this.#lastRoute;
    const route = this.#routes.get(topic);
    if (route === undefined) throw this.#unknown(topic);
    this.#lastRoute = route;
    return route;
  }

  #unknown(topic: string): unknown {
    if (topic !== this.#transactions?.offsetsTopic) {
      return new Pending(this.#resolve(topic), `topic ${topic}`);
    }
    const error = ownOffsetsTopic(topic);
    this.#listener.failed(error);
    return error;
  }

  #bufferOf(route: TopicRoute, record: SourceRecord, key: Uint8Array | null): PartitionBuffer {
    const { buffers } = route;
    if (record.partition !== null) {
      const buffer = buffers[record.partition];
      if (buffer === undefined) {
        throw new DataError(`partition ${record.partition} of topic ${record.topic} does not exist`, {
          hint: `The topic has ${buffers.length} partitions.`,
        });
      }
      return buffer;
    }
    if (buffers.length === 1) return buffers[0]!;
    if (key !== null) return buffers[partitionForKey(key, buffers.length)]!;
    return buffers[route.sticky]!;
  }

  #resolve(topic: string): Promise<void> {
    let resolving = this.#resolving.get(topic);
    if (resolving === undefined) {
      resolving = this.#discover(topic).finally(() => this.#resolving.delete(topic));
      this.#resolving.set(topic, resolving);
    }
    return resolving;
  }

  /** Creates the topic when the connector says how, else leaves it to the broker; then learns its partitions. */
  async #discover(topic: string): Promise<void> {
    const creation = this.#options.topicCreation?.(topic) ?? null;
    let [view] = await this.#kafka.metadata([topic], { allowAutoCreate: creation === null });
    if (creation !== null && (view === undefined || view.error !== 0)) {
      await this.#kafka.admin.createTopic({ topic, ...creation });
      [view] = await this.#kafka.metadata([topic]);
    }
    for (
      let tries = 0;
      (view === undefined || view.error !== 0 || view.partitions.length === 0) && tries < 50;
      tries++
    ) {
      await new Promise((resolve) => setTimeout(resolve, 100));
      [view] = await this.#kafka.metadata([topic], { allowAutoCreate: creation === null });
    }
    if (view === undefined || view.error !== 0 || view.partitions.length === 0)
      throw missing(topic, view?.error);
    const buffers = view.partitions.map((_, partition) => ({
      topic,
      partition,
      builder: createRecordBatchBuilder(),
      polls: [],
      oldest: 0,
    }));
    this.#routes.set(topic, { topic, buffers, sticky: Math.floor(Math.random() * buffers.length) });
  }

  /** After a poll: what is gathered goes out now, or when it is old enough. */
  settle(): void {
    if (this.#dirty.length === 0) return;
    if (this.#options.lingerMs <= 0) this.flush();
    else this.#lingering ??= setTimeout(() => this.flush(), this.#options.lingerMs);
  }

  /** Sends everything gathered. */
  flush(): void {
    if (this.#lingering !== null) clearTimeout(this.#lingering);
    this.#lingering = null;
    const dirty = this.#dirty;
    this.#dirty = [];
    for (const buffer of dirty) if (buffer.builder.count > 0) this.#send(buffer);
  }

  /** Forgets what is gathered and what becomes of the batches on their way. */
  discard(): void {
    this.#epoch++;
    if (this.#lingering !== null) clearTimeout(this.#lingering);
    this.#lingering = null;
    for (const buffer of this.#dirty) {
      if (buffer.builder.count > 0) buffer.builder.build('none');
      buffer.polls = [];
    }
    this.#dirty = [];
  }

  #send(buffer: PartitionBuffer): void {
    const { topic, partition, polls, oldest } = buffer;
    const batch = buffer.builder.build(this.#options.compression);
    buffer.polls = [];
    const route = this.#routes.get(topic)!;
    if (route.sticky === partition) route.sticky = (partition + 1) % route.buffers.length;
    const settled = (): void => {
      for (const poll of polls) poll.pending--;
    };
    this.#transmit({ topic, partition, batch, oldest, settled });
  }

  #transmit(shipment: Shipment): void {
    const epoch = this.#epoch;
    if (this.#outstanding++ === 0) this.#oldestSentAt = Date.now();
    this.#producer.send(shipment.topic, shipment.partition, shipment.batch).then(
      () => {
        if (epoch === this.#epoch) this.#listener.acknowledged(shipment.batch.count, shipment.oldest);
        shipment.settled();
        this.#arrived();
      },
      (error: unknown) => {
        if (epoch === this.#epoch) this.#refused(shipment, asError(error));
        else this.#arrived();
      },
    );
  }

  #arrived(): void {
    this.#oldestSentAt = Date.now();
    if (--this.#outstanding > 0) return;
    const waiters = this.#drainWaiters;
    this.#drainWaiters = [];
    for (const wake of waiters) wake();
  }

  /** A batch the broker refuses for what is in it is halved until the one bad record stands alone. */
  #refused(shipment: Shipment, error: Error): void {
    const { topic, partition, batch } = shipment;
    if (!aboutRecords(error) || this.#transactions !== null) {
      this.#listener.failed(refusedForGood(topic, partition, error));
      this.#arrived();
    } else if (batch.count > 1) {
      let left = 2;
      const settled = (): void => {
        if (--left === 0) shipment.settled();
      };
      for (const half of splitBatch(batch, this.#options.compression)) {
        this.#transmit({ ...shipment, batch: half, settled });
      }
      this.#arrived();
    } else {
      void this.#refusedAlone(shipment, error);
    }
  }

  async #refusedAlone({ topic, partition, settled }: Shipment, error: Error): Promise<void> {
    const at = `topic='${topic}', partition=${partition}`;
    try {
      await this.#operator.tolerate({ stage: 'KAFKA_PRODUCE', className: 'producer', error, at });
      settled();
    } catch (fatal) {
      this.#listener.failed(asError(fatal));
    }
    this.#arrived();
  }

  /** Milliseconds since Kafka last acknowledged anything, 0 when nothing is outstanding. */
  stalledMs(): number {
    return this.#outstanding === 0 ? 0 : Date.now() - this.#oldestSentAt;
  }

  /** Resolves when every batch sent is acknowledged or refused. */
  drained(): Promise<void> {
    if (this.#outstanding === 0) return Promise.resolve();
    return new Promise((resolve) => this.#drainWaiters.push(resolve));
  }
}

const headerBytes = (headers: readonly WireHeader[]): number => {
  let size = 0;
  for (const header of headers) size += header.key.length + (header.value?.length ?? 0) + 10;
  return size;
};

/** MESSAGE_TOO_LARGE, INVALID_TIMESTAMP, INVALID_RECORD: the fault of single records. */
const RECORD_FAULTS = new Set([10, 32, 87]);

const aboutRecords = (error: Error): boolean =>
  'kafkaCode' in error && RECORD_FAULTS.has(error.kafkaCode as number);

/** Keeps what the error says of itself, and begins as Connect's. */
function refusedForGood(topic: string, partition: number, error: Error): MillraceError {
  const { code, retriable } = error instanceof MillraceError ? error : { code: 'TASK_FAILED' as const };
  const message = `Unrecoverable exception from producer send callback: ${topic}-${partition}: ${error.message}`;
  return new MillraceError(code, message, { cause: error, retriable });
}

const ownOffsetsTopic = (topic: string): MillraceError =>
  new MillraceError(
    'TASK_FAILED',
    `Source tasks may not produce to their own offsets topics when exactly-once support is enabled: ${topic}`,
    { hint: 'Let the connector write to another topic, or set offsets.storage.topic to another.' },
  );

const tooLarge = (topic: string, size: number, limit: number): DataError =>
  new DataError(
    `a record of about ${size} bytes for topic ${topic} is larger than max.request.size ${limit}`,
    {
      hint: 'Raise producer.override.max.request.size and max.message.bytes of the topic.',
    },
  );

const missing = (topic: string, error: number | undefined): MillraceError =>
  new MillraceError(
    'KAFKA_REFUSED',
    `topic ${topic} does not exist and was not created (Kafka error ${error ?? 3})`,
    {
      hint: 'Create it, or set topic.creation.default.partitions and .replication.factor on the connector.',
    },
  );
