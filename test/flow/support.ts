/** Small connectors and pipelines to run the data plane on a real broker. */

import { converters, headerConverters } from '../../src/convert';
import type {
  ErrorPolicy,
  OffsetEntry,
  OffsetStore,
  Pipeline,
  SinkRunOptions,
  SourceRunOptions,
} from '../../src/flow';
import { createKafka } from '../../src/kafka/client';
import type { KafkaPort } from '../../src/kafka/port';
import { createRecordBatchBuilder } from '../../src/kafka/wire/record-batch';
import {
  ConfigDef,
  NO_METRICS,
  SILENT,
  type SinkRecord,
  SourceRecord,
  STRING_SCHEMA,
} from '../../src/kernel';
import type { SinkConnector, SinkTask, SourceConnector } from '../../src/plugin';
import { stackAddresses } from '../support/stack';

export async function openKafka(): Promise<KafkaPort> {
  const { kafka } = await stackAddresses();
  return createKafka({ brokers: kafka.split(','), clientId: 'flow-test' }, { logger: SILENT });
}

const context = { logger: SILENT, metrics: NO_METRICS, services: {} };

function converter(name: string, config: Record<string, string>) {
  const plugin = converters.find((candidate) => candidate.aliases.includes(name))!;
  return plugin.create(context, plugin.config.parse(config), false);
}

export function pipeline(overrides: Partial<Pipeline> & { format?: 'string' | 'json' } = {}): Pipeline {
  const { format = 'string', ...rest } = overrides;
  const header = headerConverters.find((candidate) => candidate.name === 'simple')!;
  return {
    transforms: [],
    keyConverter: converter('StringConverter', {}),
    valueConverter:
      format === 'json'
        ? converter('JsonConverter', { 'schemas.enable': 'false' })
        : converter('StringConverter', {}),
    headerConverter: header.create(context, header.config.parse({})),
    classNames: { key: 'StringConverter', value: 'ValueConverter', header: 'SimpleHeaderConverter' },
    ...rest,
  };
}

export const NO_TOLERANCE: ErrorPolicy = {
  tolerance: 'none',
  retryTimeoutMs: 0,
  retryDelayMaxMs: 60_000,
  logEnable: false,
  logIncludeMessages: false,
  deadLetter: null,
};

export class MemoryOffsets implements OffsetStore {
  readonly entries = new Map<string, OffsetEntry['offset']>();
  async get(_connector: string, partitions: readonly OffsetEntry['partition'][]) {
    return partitions.map((partition) => this.entries.get(JSON.stringify(partition)) ?? null);
  }
  async set(_connector: string, entries: readonly OffsetEntry[]) {
    for (const { partition, offset } of entries) this.entries.set(JSON.stringify(partition), offset);
  }
  async all() {
    return [];
  }
  async close() {}
}

const NO_KEYS = new ConfigDef([], [{ prefix: '', doc: 'Anything.' }]);
const base = { aliases: [], version: '1.0.0', summary: '', config: NO_KEYS };

/** Hands out records 0 … count-1 in polls of `size`, resuming behind the stored offset. */
export function countingSource(
  topic: string,
  count: number,
  size: number,
  valueText: (n: number) => string = String,
): SourceConnector {
  return {
    ...base,
    kind: 'source',
    name: 'counting',
    async open(task) {
      const partition = { source: 'count' };
      let next = Number((await task.offsets.offset(partition))?.['next'] ?? 0);
      return {
        async poll() {
          const records: SourceRecord[] = [];
          for (; next < count && records.length < size; next++) {
            const offset = { next: next + 1 };
            records.push(
              new SourceRecord(
                partition,
                offset,
                topic,
                null,
                STRING_SCHEMA,
                `k${next % 50}`,
                null,
                valueText(next),
              ),
            );
          }
          return records.length > 0 ? records : null;
        },
        exhausted: () => next >= count,
        async [Symbol.asyncDispose]() {},
      };
    },
  };
}

/** A sink whose `put` is the function given. */
export function sinkOf(
  put: (
    batch: readonly SinkRecord[],
    report: (record: SinkRecord, error: Error) => Promise<void>,
  ) => Promise<void>,
  more: Partial<SinkTask> = {},
): SinkConnector {
  return {
    ...base,
    kind: 'sink',
    name: 'collecting',
    async open(task) {
      return { put: (batch) => put(batch, task.report), async [Symbol.asyncDispose]() {}, ...more };
    },
  };
}

type Common = 'connector' | 'task' | 'config' | 'errors' | 'logger' | 'metrics' | 'flushIntervalMs';
const common: Pick<SourceRunOptions, Common> = {
  connector: 'c',
  task: 0,
  config: {},
  errors: NO_TOLERANCE,
  flushIntervalMs: 200,
  logger: SILENT,
  metrics: NO_METRICS,
};

export function sourceOptions(
  kafka: KafkaPort,
  given: Pick<SourceRunOptions, 'plugin' | 'producer' | 'offsets'> & Partial<SourceRunOptions>,
): SourceRunOptions {
  return {
    ...common,
    kafka,
    pipeline: pipeline(),
    topicCreation: () => ({ partitions: 3, replicationFactor: 1, configs: {} }),
    compression: 'none',
    batchBytes: 16_384,
    lingerMs: 5,
    maxRecordBytes: 1_000_000,
    once: true,
    ...given,
  };
}

export function sinkOptions(
  kafka: KafkaPort,
  given: Pick<SinkRunOptions, 'plugin' | 'topics' | 'group'> & Partial<SinkRunOptions>,
): SinkRunOptions {
  return {
    ...common,
    kafka,
    pipeline: pipeline(),
    reader: {},
    autoOffsetReset: 'earliest',
    maxPollRecords: 500,
    once: Promise.resolve(),
    ...given,
  };
}

/** Writes records into one partition of a topic. */
export async function produce(
  kafka: KafkaPort,
  topic: string,
  values: readonly (string | null)[],
  partition = 0,
): Promise<void> {
  const producer = kafka.producer({ idempotent: true });
  const builder = createRecordBatchBuilder();
  values.forEach((value, i) => {
    builder.append(1000 + i, Buffer.from(`k${i}`), value === null ? null : Buffer.from(value), []);
  });
  await producer.send(topic, partition, builder.build('none'));
  await producer.close();
}

/** Everything in a topic, in order per partition. */
export async function readAll(kafka: KafkaPort, topic: string) {
  const [view] = await kafka.metadata([topic]);
  const partitions = view!.partitions.map(({ partition }) => ({ topic, partition }));
  const ends = await kafka.offsets(partitions, 'latest');
  const reader = kafka.reader({});
  reader.assign(partitions.map((partition) => ({ ...partition, offset: 0 })));
  const records: {
    partition: number;
    key: string | null;
    value: string | null;
    headers: Record<string, string>;
  }[] = [];
  const done = (): boolean => ends.every((end) => (reader.position(end) ?? 0) >= end.offset);
  while (!done()) {
    for (const batch of await reader.next(1000)) {
      const cursor = batch.records();
      while (cursor.next()) {
        const headers = Object.fromEntries(cursor.headers.map((h) => [h.key, h.value?.toString() ?? '']));
        records.push({
          partition: batch.partition,
          key: cursor.key?.toString() ?? null,
          value: cursor.value?.toString() ?? null,
          headers,
        });
      }
    }
  }
  await reader.close();
  return records;
}
