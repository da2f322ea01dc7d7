/** Where the offsets of one source connector are kept, and how its tasks write them exactly once (connect.md §3.2). */
import type { ExactlyOnceOptions, OffsetStore, TransactionalOffsets, TransactionBoundary } from '../flow';
import type { KafkaPort } from '../kafka/port';
import type { Config } from '../kernel';
import type { ProducerSettings } from './client-settings';
import type { KafkaClients } from './clients';
import { createKafkaOffsetStore, encodeOffsets, type KafkaOffsetStore } from './offset-store-kafka';
import { withOwnOffsets } from './offset-store-own';
import type { TaskId } from './worker-view';

/** What a worker with `exactly.once.source.support=enabled` gives its tasks. Its offset store reads what is committed. */
export interface ExactlyOnceSupport {
  /** Of the worker. */
  readonly groupId: string;
  /** `offset.storage.topic`. */
  readonly offsetsTopic: string;
  /** Whether the task is still to run here, by what the group and the config topic say now. */
  stillOwner(task: TaskId): Promise<boolean>;
}

/** `<group.id>-<connector>-<task>`: the id of a task's transactions, the same for all its instances. */
export const transactionalId = (groupId: string, { connector, task }: TaskId): string =>
  `${groupId}-${connector}-${task}`;

/** What decides about the offsets of a connector. */
export interface OffsetsOfConnector {
  /** Parsed keys of the framework. */
  readonly framework: Config;
  readonly workerConfig: Config;
  /** The worker's. */
  readonly offsets: OffsetStore;
  readonly exactlyOnce: ExactlyOnceSupport | null;
  readonly ownOffsetTopics: boolean;
}

/** The worker's store, or one with the connector's own topic before it; `close` is for the latter. */
export function offsetsOf(kafka: KafkaPort, parts: OffsetsOfConnector): OffsetStore {
  const topic = ownTopic(parts);
  if (topic === null) return { ...parts.offsets, close: async () => {} };
  const { workerConfig } = parts;
  const own = createKafkaOffsetStore(kafka, {
    topic,
    partitions: workerConfig.number('offset.storage.partitions'),
    replicationFactor: workerConfig.number('offset.storage.replication.factor'),
    isolation: parts.exactlyOnce === null ? 'read_uncommitted' : 'read_committed',
  });
  return withOwnOffsets(own, parts.offsets);
}

/** Null where it is the worker's. */
const ownTopic = ({ framework, exactlyOnce, ownOffsetTopics }: OffsetsOfConnector): string | null => {
  if (!ownOffsetTopics) return null;
  const topic = framework.optionalString('offsets.storage.topic');
  return topic === null || topic === exactlyOnce?.offsetsTopic ? null : topic;
};

/** A broker gives up transactions that are open longer than this unless it is configured otherwise. */
const LONGEST_TRANSACTION_MS = 15 * 60_000;
const USUAL_TRANSACTION_MS = 60_000;

export function exactlyOnceOptions(
  id: TaskId,
  support: ExactlyOnceSupport,
  parts: OffsetsOfConnector,
  clients: KafkaClients,
  settings: ProducerSettings,
  /** That of `offsetsOf`. */
  store: OffsetStore,
): ExactlyOnceOptions {
  const own = ownTopic(parts);
  const name = transactionalId(support.groupId, id);
  const boundary = boundaryOf(parts);
  const fitting = boundary.kind === 'interval' ? 2 * boundary.intervalMs : 0;
  const transactionTimeoutMs =
    settings.options.transactionTimeoutMs ??
    Math.min(LONGEST_TRANSACTION_MS, Math.max(USUAL_TRANSACTION_MS, fitting));
  const options = { ...settings.options, transactionalId: name, transactionTimeoutMs, acks: -1 as const };
  return {
    transactionalId: name,
    openProducer: () => clients.port(settings.connection).producer(options),
    offsets: {
      topic: own ?? support.offsetsTopic,
      encode: encoderOf(store),
      ...(own === null ? {} : { mirror: (connector, entries) => parts.offsets.set(connector, entries) }),
    },
    boundary,
    stillOwner: () => support.stillOwner(id),
  };
}

/** Keys as they are in the topic, where the store knows them. */
const encoderOf = (store: OffsetStore): TransactionalOffsets['encode'] =>
  'encode' in store ? (store as KafkaOffsetStore).encode : encodeOffsets;

function boundaryOf({ framework, workerConfig }: OffsetsOfConnector): TransactionBoundary {
  const kind = framework.string('transaction.boundary').toLowerCase();
  if (kind !== 'interval') return { kind: kind === 'connector' ? 'connector' : 'poll' };
  const own = framework.optionalNumber('transaction.boundary.interval.ms');
  return { kind, intervalMs: own ?? workerConfig.number('offset.flush.interval.ms') };
}
