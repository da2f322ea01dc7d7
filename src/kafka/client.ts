/** The Kafka port, put together. */
import {
  type Logger,
  type Metrics,
  type MillraceError,
  NO_METRICS,
  type Position,
  type TopicPartition,
} from '../kernel';
import { createAdmin } from './admin';
import { createBatchReader } from './batch-reader';
import { createCompactedLog } from './compacted-log';
import { unreachable } from './connection-errors';
import { createCoordinators } from './coordinator';
import { createGroupMember } from './group-member';
import { createLanes, type Lane } from './lane';
import { createMetadata, type Metadata } from './metadata';
import { commitOffsets, committedOffsets, deleteOffsets, listOffsets } from './offsets';
import type { CompactedLogOptions, KafkaOptions, KafkaPort, OffsetSpec } from './port';
import { createProducer } from './producer';
import { orAborted, retrying } from './retry';
import { createStandIn } from './stand-in';
import { apiVersionsRequest } from './wire/api-versions';
import { checkVersions } from './wire/versions';

export interface KafkaDependencies {
  readonly logger: Logger;
  readonly metrics?: Metrics;
}

/** As `default.api.timeout.ms` of Kafka's own clients. */
const API_TIMEOUT_MS = 60_000;

/** Nothing is connected yet; sockets are opened when they are used. */
export function createKafka(
  options: KafkaOptions,
  { logger, metrics = NO_METRICS }: KafkaDependencies,
): KafkaPort {
  const lanes = createLanes(options, logger, metrics);
  const openLane = lanes.open;
  const queries = openLane('metadata');
  const commits = openLane('offsets');
  const heartbeats = openLane('heartbeats');
  const metadata = createMetadata(queries, lanes.directory);
  const coordinators = createCoordinators(queries, lanes.directory);
  const openStandIn = () => createStandIn(options, logger);
  const offsets = (partitions: readonly TopicPartition[], spec: OffsetSpec): Promise<Position[]> =>
    listOffsets(queries, metadata, partitions, spec);

  const port: KafkaPort = {
    admin: createAdmin({ lane: openLane('admin'), metadata, coordinators }),
    metadata: (topics, viewOptions) =>
      retrying(() => metadata.view(topics, viewOptions), { timeoutMs: API_TIMEOUT_MS }),
    offsets,
    producer: (producerOptions) => createProducer({ openLane, metadata, coordinators }, producerOptions),
    reader: (readerOptions) => createBatchReader({ openLane, metadata, offsets }, readerOptions),
    group: (groupOptions) =>
      createGroupMember({ openLane, heartbeats, coordinators, logger, openStandIn }, groupOptions),
    commit: (groupId, member, positions) => commitOffsets(commits, coordinators, groupId, member, positions),
    committed: (groupId, partitions) => committedOffsets(commits, coordinators, groupId, partitions),
    deleteOffsets: (groupId, partitions) => deleteOffsets(commits, coordinators, groupId, partitions),
    compactedLog: (logOptions: CompactedLogOptions) => createCompactedLog(port, logOptions, logger),
    connect: (signal) => connect(queries, metadata, options.brokers, signal),
    clusterId: () => retrying(() => metadata.clusterId(), { timeoutMs: API_TIMEOUT_MS }),
    close: () => lanes.close(),
  };
  return port;
}

/** Tries for ever, until the signal; credentials and certificates that are refused end it at once. */
async function connect(lane: Lane, metadata: Metadata, brokers: readonly string[], signal?: AbortSignal) {
  let cause: unknown;
  const attempt = async () => {
    checkVersions(await lane.send('any', apiVersionsRequest()));
    await metadata.clusterId();
  };
  const onRetry = (error: MillraceError) => {
    cause = error;
  };
  try {
    await orAborted(retrying(attempt, { signal, onRetry }), signal, 'connect to Kafka');
  } catch (error) {
    if (!signal?.aborted) throw error;
    throw unreachable(`No Kafka broker answers at ${brokers.join(', ')}`, { cause: cause ?? error });
  }
}
