/** Records that a sink task gives up itself (KIP-610): dead letter with the bytes they came with, then tolerance. */
import type { SinkRecord } from '../kernel';
import type { ErrantRecordReporter } from '../plugin';
import type { DeadLetters } from './dead-letters';
import { type Chunk, type RawRecord, rawRecord, whereIs } from './sink-decoder';
import { asError, type StageOperator } from './stage';
import type { SinkRunOptions } from './types';

/** How long a record is looked for in Kafka that is not in the batch being put. */
const FETCH_MS = 10_000;

export class ErrantRecords {
  /** What is being put: there the bytes of a record are at hand. */
  current: Chunk | null = null;
  /** A report under `errors.tolerance=none`: the task fails after this put, whether it lets the rejection through or not. */
  failure: Error | null = null;
  readonly #options: SinkRunOptions;
  readonly #operator: StageOperator;
  readonly #deadLetters: DeadLetters;
  readonly #pending = new Set<Promise<void>>();

  constructor(options: SinkRunOptions, operator: StageOperator, deadLetters: DeadLetters) {
    this.#options = options;
    this.#operator = operator;
    this.#deadLetters = deadLetters;
  }

  /** Null when nobody would hear of a report. */
  get reporter(): ErrantRecordReporter | null {
    const { deadLetter, logEnable } = this.#options.errors;
    if (deadLetter === null && !logEnable) return null;
    return { report: (record, error) => this.#remember(this.#reportDurably(record, error)) };
  }

  /** Resolves when the record is on its way. */
  report(record: SinkRecord, error: Error): Promise<void> {
    return this.#remember(this.#report(record, error));
  }

  /** The task need not wait, and need not look at what becomes of it. */
  #remember(reported: Promise<void>): Promise<void> {
    const settled = reported.catch((error: unknown) => {
      this.failure ??= asError(error);
    });
    this.#pending.add(settled);
    void settled.then(() => this.#pending.delete(settled));
    return reported;
  }

  async #reportDurably(record: SinkRecord, error: Error): Promise<void> {
    await this.#report(record, error);
    await this.#deadLetters.flush();
  }

  async #report(record: SinkRecord, error: Error): Promise<void> {
    const raw = this.#findQueued(record) ?? (await this.#fetch(record)) ?? this.#encode(record);
    const { name: className } = this.#options.plugin;
    const failure = { stage: 'TASK_PUT', className, error: asError(error), ...whereIs(raw) } as const;
    await this.#operator.refuse(failure, (reported) => this.#deadLetters.report(reported, raw));
  }

  #findQueued({ originalTopic, partition, offset }: SinkRecord): RawRecord | null {
    for (const batch of this.current?.batches ?? []) {
      if (batch.topic !== originalTopic || batch.partition !== partition) continue;
      if (offset < batch.baseOffset || offset > batch.lastOffset) continue;
      const cursor = batch.records();
      while (cursor.next()) if (cursor.offset === offset) return rawRecord(batch, cursor);
    }
    return null;
  }

  /** A sink that buffers gives up records of earlier batches: their bytes are where they came from. */
  async #fetch({ originalTopic: topic, partition, offset }: SinkRecord): Promise<RawRecord | null> {
    const reader = this.#options.kafka.reader({ ...this.#options.reader, outOfRange: 'none' });
    const deadline = Date.now() + FETCH_MS;
    const passed = (): boolean => (reader.position({ topic, partition }) ?? 0) > offset;
    try {
      reader.assign([{ topic, partition, offset }]);
      while (Date.now() < deadline && !passed()) {
        for (const batch of await reader.next(deadline - Date.now())) {
          const cursor = batch.records();
          while (cursor.next()) if (cursor.offset === offset) return rawRecord(batch, cursor);
        }
      }
      return null;
    } catch {
      return null; // Deleted meanwhile: what the task has of it must do.
    } finally {
      await reader.close();
    }
  }

  /** The record as the task knows it. */
  #encode(record: SinkRecord): RawRecord {
    const { keyConverter, valueConverter, headerConverter } = this.#options.pipeline;
    const { topic, headers } = record;
    return {
      topic: record.originalTopic,
      partition: record.partition,
      offset: record.offset,
      timestamp: record.timestamp ?? -1,
      timestampType: record.timestampType === 'append' ? 'append' : 'create',
      key: owned(keyConverter.fromConnect(topic, headers, record.keySchema, record.key)),
      value: owned(valueConverter.fromConnect(topic, headers, record.valueSchema, record.value)),
      headers: headers.map(({ key, schema, value }) => ({
        key,
        value: owned(headerConverter.fromConnectHeader(topic, key, schema, value)),
      })),
    };
  }

  /** Resolves when all that was reported is durable; throws when something could not be written or is not tolerated. */
  async flush(): Promise<void> {
    while (this.#pending.size > 0) await Promise.all(this.#pending);
    await this.#deadLetters.flush();
    if (this.failure !== null) throw this.failure;
  }
}

/** Converters reuse their bytes. */
const owned = (bytes: Uint8Array | null): Buffer | null => (bytes === null ? null : Buffer.from(bytes));
