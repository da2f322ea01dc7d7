/** From keys to settings: what the worker says for all its clients, then for one kind, then what a connector overrides. */
import type { AssignorName } from '../kafka/assignors';
import { parseConsumerOptions, parseProducerOptions } from '../kafka/options';
import type { Compression, ProducerOptions, ReaderOptions } from '../kafka/port';
import type { RawConfig } from '../kernel';
import { type ClientKind, CONNECTION_DEF, withClientDefaults } from './client-keys';
import { stripPrefix } from './config-compose';

type Raw = Readonly<Record<string, string>>;

/**
 * Files tuned for a JVM give clients tens of megabytes each, which there buy throughput and here only memory. These
 * keys are upper limits by their nature, so going below them changes nothing but the footprint.
 */
const MOST_FETCH_BYTES = 1024 * 1024;
const MOST_PARTITION_FETCH_BYTES = 512 * 1024;
const MOST_READER_BYTES = 2 * 1024 * 1024;
const MOST_BUFFER_BYTES = 8 * 1024 * 1024;

const capped = (value: number | undefined, most: number): number | undefined =>
  value === undefined ? undefined : Math.min(value, most);

/** Keys of Kafka's clients that say how to reach brokers. */
export type ConnectionSettings = Raw;

export interface ProducerSettings {
  readonly connection: ConnectionSettings;
  readonly options: ProducerOptions;
  readonly compression: Compression;
  readonly batchBytes: number;
  readonly lingerMs: number;
  readonly maxRecordBytes: number;
}

export interface ConsumerSettings {
  readonly connection: ConnectionSettings;
  readonly reader: ReaderOptions;
  readonly autoOffsetReset: 'earliest' | 'latest' | 'none';
  readonly maxPollRecords: number;
  readonly groupId: string | null;
  readonly instanceId: string | null;
  readonly sessionTimeoutMs: number | undefined;
  readonly heartbeatMs: number | undefined;
  readonly rebalanceTimeoutMs: number | undefined;
  readonly assignors: readonly AssignorName[] | undefined;
}

function pickConnection(raw: RawConfig): Record<string, string> {
  const picked: Record<string, string> = {};
  for (const name of CONNECTION_DEF.keys.keys()) {
    const value = raw[name];
    if (typeof value === 'string' && value !== '') picked[name] = value;
  }
  return picked;
}

/** How the worker itself reaches Kafka. `bootstrap.servers` is always there. */
export const workerConnection = (worker: Raw): ConnectionSettings => ({
  'bootstrap.servers': 'localhost:9092',
  ...pickConnection(worker),
});

function merge(
  kind: ClientKind,
  worker: Raw,
  connector: Raw,
): { connection: Raw; own: Record<string, string> } {
  const own = { ...stripPrefix(worker, `${kind}.`), ...stripPrefix(connector, `${kind}.override.`) };
  const connection = { ...workerConnection(worker), ...pickConnection(own) };
  return { connection, own: withClientDefaults(kind, own) };
}

/** Throws ConfigError for values that do not go together. */
export function producerSettings(worker: Raw, connector: Raw = {}): ProducerSettings {
  const { connection, own } = merge('producer', worker, connector);
  const { lingerMs, batchBytes, compression, ...options } = parseProducerOptions(own).options;
  const maxRecordBytes = options.maxRequestBytes!;
  return {
    connection,
    options: { ...options, bufferBytes: capped(options.bufferBytes, MOST_BUFFER_BYTES) },
    compression: compression!,
    batchBytes: Math.min(batchBytes!, maxRecordBytes),
    lingerMs: lingerMs!,
    maxRecordBytes,
  };
}

/** Throws ConfigError for values that do not go together. */
export function consumerSettings(worker: Raw, connector: Raw = {}): ConsumerSettings {
  const { connection, own } = merge('consumer', worker, connector);
  const parsed = parseConsumerOptions(own).options;
  const { offsetReset, maxPollRecords, groupId, instanceId, ...more } = parsed;
  const { sessionTimeoutMs, heartbeatMs, rebalanceTimeoutMs, assignors, ...reader } = more;
  return {
    connection,
    reader: {
      ...reader,
      maxBytes: capped(reader.maxBytes, MOST_FETCH_BYTES),
      maxPartitionBytes: capped(reader.maxPartitionBytes, MOST_PARTITION_FETCH_BYTES),
      bufferBytes: MOST_READER_BYTES,
    },
    autoOffsetReset: offsetReset!,
    maxPollRecords: maxPollRecords!,
    groupId: groupId ?? null,
    instanceId: instanceId ?? null,
    sessionTimeoutMs,
    heartbeatMs,
    rebalanceTimeoutMs,
    assignors,
  };
}
