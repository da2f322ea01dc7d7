/** From keys to settings: what the worker says for all its clients, then for one kind, then what a connector overrides. */
import type { Compression, ProducerOptions, ReaderOptions } from '../kafka/port';
import { type Config, ConfigError, type RawConfig } from '../kernel';
import { type ClientKind, CONNECTION_KEYS, CONSUMER_DEF, PRODUCER_DEF } from './client-keys';
import { stripPrefix } from './config-compose';

type Raw = Readonly<Record<string, string>>;

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
  readonly sessionTimeoutMs: number;
  readonly heartbeatMs: number;
}

const CONNECTION_NAMES = ['bootstrap.servers', 'client.id', ...CONNECTION_KEYS.map((key) => key.name)];

function pickConnection(raw: RawConfig): Record<string, string> {
  const picked: Record<string, string> = {};
  for (const name of CONNECTION_NAMES) {
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

function merge(kind: ClientKind, worker: Raw, connector: Raw): Record<string, string> {
  const own = { ...stripPrefix(worker, `${kind}.`), ...stripPrefix(connector, `${kind}.override.`) };
  return { ...workerConnection(worker), ...own };
}

export function producerSettings(worker: Raw, connector: Raw = {}): ProducerSettings {
  const raw = merge('producer', worker, connector);
  const config = PRODUCER_DEF.parse(raw);
  const acks = config.string('acks');
  const idempotent = config.boolean('enable.idempotence') && (acks === 'all' || acks === '-1');
  if (!idempotent && raw['enable.idempotence'] === 'true') {
    throw new ConfigError(`enable.idempotence=true needs acks=all, not acks=${acks}`);
  }
  const maxRequestBytes = config.number('max.request.size');
  const maxInFlight = config.number(
    'max.in.flight.requests.per.connection',
  ) as ProducerOptions['maxInFlight'];
  return {
    connection: pickConnection(raw),
    options: {
      idempotent,
      acks: acks === 'all' || acks === '-1' ? -1 : acks === '0' ? 0 : 1,
      maxRequestBytes,
      bufferBytes: config.number('buffer.memory'),
      maxInFlight,
      deliveryTimeoutMs: config.optionalNumber('delivery.timeout.ms') ?? undefined,
    },
    compression: config.string('compression.type').toLowerCase() as Compression,
    batchBytes: Math.min(config.number('batch.size'), maxRequestBytes),
    lingerMs: config.number('linger.ms'),
    maxRecordBytes: maxRequestBytes,
  };
}

export function consumerSettings(worker: Raw, connector: Raw = {}): ConsumerSettings {
  const raw = merge('consumer', worker, connector);
  const config = CONSUMER_DEF.parse(raw);
  return {
    connection: pickConnection(raw),
    reader: readerOptions(config),
    autoOffsetReset: config.string('auto.offset.reset').toLowerCase() as ConsumerSettings['autoOffsetReset'],
    maxPollRecords: config.number('max.poll.records'),
    groupId: config.optionalString('group.id'),
    instanceId: config.optionalString('group.instance.id'),
    sessionTimeoutMs: config.number('session.timeout.ms'),
    heartbeatMs: config.number('heartbeat.interval.ms'),
  };
}

const readerOptions = (config: Config): ReaderOptions => ({
  isolation: config.string('isolation.level').toLowerCase() as ReaderOptions['isolation'],
  minBytes: config.number('fetch.min.bytes'),
  maxBytes: config.number('fetch.max.bytes'),
  maxPartitionBytes: config.number('max.partition.fetch.bytes'),
  maxWaitMs: config.number('fetch.max.wait.ms'),
  outOfRange: config.string('auto.offset.reset').toLowerCase() as ReaderOptions['outOfRange'],
});
