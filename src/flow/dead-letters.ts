/** The dead-letter topic of a sink: the record's own bytes, with what went wrong in headers (connect.md §4). */

import { partitionForKey } from '../kafka/partitioner';
import type { BatchProducer, RecordBatchBuilder, WireHeader } from '../kafka/port';
import { createRecordBatchBuilder } from '../kafka/wire/record-batch';
import { type Counter, causeChain, MillraceError } from '../kernel';
import type { RawRecord } from './sink-decoder';
import { asError, type Failure } from './stage';
import type { SinkRunOptions } from './types';

const PREFIX = '__connect.errors.';

export class DeadLetters {
  #producer: BatchProducer | null = null;
  #partitions = 0;
  #nextPartition = 0;
  #failure: Error | null = null;
  readonly #pending = new Set<Promise<unknown>>();
  readonly #builder: RecordBatchBuilder = createRecordBatchBuilder();
  readonly #options: SinkRunOptions;
  readonly #requests: Counter;
  readonly #failures: Counter;
  readonly #left: AbortSignal;

  /** @param left the task was left behind: what it still reports is not written */
  constructor(options: SinkRunOptions, left: AbortSignal) {
    this.#options = options;
    this.#left = left;
    const labels = { connector: options.connector, task: String(options.task) };
    const name = 'kafka_connect_task_error_metrics_deadletterqueue_produce';
    this.#requests = options.metrics.counter(
      `${name}_requests`,
      'Records written to the dead-letter topic',
      labels,
    );
    this.#failures = options.metrics.counter(
      `${name}_failures`,
      'Failed writes to the dead-letter topic',
      labels,
    );
  }

  /** Creates the topic with one partition, as Connect does at the start of a task. Without a topic configured: nothing. */
  async start(): Promise<void> {
    const { kafka, errors } = this.#options;
    const target = errors.deadLetter;
    if (target === null) return;
    const { topic, replicationFactor } = target;
    await kafka.admin.createTopic({ topic, partitions: 1, replicationFactor });
    const [view] = await kafka.metadata([topic]);
    this.#partitions = Math.max(1, view?.partitions.length ?? 1);
  }

  /** Hands the record to the producer; `flush` tells when it is durable. */
  async report(failure: Failure, raw: RawRecord): Promise<void> {
    this.#options.onGivenUp?.(raw, failure.error);
    const target = this.#options.errors.deadLetter;
    if (target === null || this.#left.aborted) return;
    this.#producer ??= this.#options.kafka.producer({ idempotent: true });
    const headers = target.contextHeaders ? withContext(raw, this.#context(failure, raw)) : raw.headers;
    this.#builder.append(raw.timestamp, raw.key, raw.value, headers);
    const batch = this.#builder.build('none');
    const sent = this.#producer.send(target.topic, this.#partitionOf(raw), batch).catch((error: unknown) => {
      this.#failures.add(1);
      this.#failure ??= asError(error);
    });
    this.#requests.add(1);
    this.#pending.add(sent);
    void sent.then(() => this.#pending.delete(sent));
    await this.#producer.ready();
  }

  /** A topic that was there before may have several partitions. */
  #partitionOf({ key }: RawRecord): number {
    if (this.#partitions <= 1) return 0;
    return key === null ? this.#nextPartition++ % this.#partitions : partitionForKey(key, this.#partitions);
  }

  #context({ stage, className, error }: Failure, raw: RawRecord): WireHeader[] {
    const { connector, task } = this.#options;
    const values: Readonly<Record<string, string>> = {
      topic: raw.topic,
      partition: String(raw.partition),
      offset: String(raw.offset),
      'connector.name': connector,
      'task.id': String(task),
      stage,
      'class.name': className,
      'exception.class.name': error.name,
      'exception.message': causeChain(error).join(': '),
      'exception.stacktrace': error.stack ?? '',
    };
    return Object.entries(values).map(([key, text]) => ({ key: PREFIX + key, value: Buffer.from(text) }));
  }

  /** Resolves when all that was reported is durable; throws when something could not be written. */
  async flush(): Promise<void> {
    while (this.#pending.size > 0) await Promise.all(this.#pending);
    if (this.#failure !== null) {
      const { topic } = this.#options.errors.deadLetter!;
      throw new MillraceError(
        'TASK_FAILED',
        `a bad record could not be written to the dead-letter topic ${topic}`,
        {
          cause: this.#failure,
        },
      );
    }
  }

  async close(): Promise<void> {
    await this.#producer?.close();
  }
}

/** A record that was a dead letter before keeps what was said of it first, as in Connect. */
function withContext({ headers }: RawRecord, context: readonly WireHeader[]): readonly WireHeader[] {
  const taken = new Set(headers.map(({ key }) => key));
  return [...headers, ...context.filter(({ key }) => !taken.has(key))];
}
