/** Metadata: live nodes, topics, leaders; makes topics that are asked for. Source: KafkaApis and AutoTopicCreationManager, Kafka 4.1. */
import type { ByteWriter } from '../../kafka/wire/bytes';
import { api, type Call } from '../api';
import type { Node } from '../nodes';
import { attempt, Code } from '../refusal';
import { brokerConfig } from '../topics/broker-configs';
import { isInternalName, isTopicName } from '../topics/names';
import type { Partition } from '../topics/port';

interface MetadataRequest {
  /** Null: all. */
  readonly topics: readonly string[] | null;
  readonly allowAutoCreate: boolean;
  readonly tellsClusterOperations: boolean;
  readonly tellsTopicOperations: boolean;
}

interface TopicMetadata {
  readonly error: number;
  readonly topic: string;
  readonly isInternal: boolean;
  readonly partitions: readonly Partition[];
}

interface Metadata {
  readonly nodes: readonly Node[];
  readonly liveIds: ReadonlySet<number>;
  readonly clusterId: string;
  readonly controllerId: number;
  readonly topics: readonly TopicMetadata[];
  readonly clusterOperations: number;
  readonly topicOperations: number;
}

/** Bits of AclOperation: nobody is refused anything here. */
const ALL_CLUSTER_OPERATIONS = 8096;
const ALL_TOPIC_OPERATIONS = 3576;
const NOT_ASKED = -2147483648;

export const metadata = api<MetadataRequest, Metadata>({
  key: 3,
  name: 'Metadata',
  versions: [0, 8],
  decode(reader, version) {
    const names = nullableArray(reader.int32(), () => reader.string());
    return {
      // Version 0 has no null: none named means all.
      topics: version === 0 && names?.length === 0 ? null : names,
      allowAutoCreate: version < 4 || reader.boolean(),
      tellsClusterOperations: version >= 8 && reader.boolean(),
      tellsTopicOperations: version >= 8 && reader.boolean(),
    };
  },
  places: ({ topics }) => (topics ?? []).map((topic) => ({ topic })),
  handle(request, call) {
    const { broker } = call;
    const { live, controller } = broker.nodes;
    const names = request.topics ?? broker.topics.list().map(({ name }) => name);
    return {
      nodes: live,
      liveIds: new Set(live.map(({ id }) => id)),
      clusterId: broker.clusterId,
      controllerId: controller.id,
      topics: [...new Set(names)].map((name) => describe(name, request.allowAutoCreate, call)),
      clusterOperations: request.tellsClusterOperations ? ALL_CLUSTER_OPERATIONS : NOT_ASKED,
      topicOperations: request.tellsTopicOperations ? ALL_TOPIC_OPERATIONS : NOT_ASKED,
    };
  },
  encode(writer, answer, version) {
    if (version >= 3) writer.int32(0);
    writer.array(answer.nodes, (w, { id, host, port }) => {
      w.int32(id).string(host).int32(port);
      if (version >= 1) w.nullableString(null);
    });
    if (version >= 2) writer.nullableString(answer.clusterId);
    if (version >= 1) writer.int32(answer.controllerId);
    writer.array(answer.topics, (w, { error, topic, isInternal, partitions }) => {
      w.int16(error).string(topic);
      if (version >= 1) w.boolean(isInternal);
      w.array(partitions, (inner, partition) => encodePartition(inner, partition, answer.liveIds, version));
      if (version >= 8) w.int32(answer.topicOperations);
    });
    if (version >= 8) writer.int32(answer.clusterOperations);
  },
});

function nullableArray<T>(count: number, read: () => T): T[] | null {
  return count < 0 ? null : Array.from({ length: count }, read);
}

function describe(topic: string, allowAutoCreate: boolean, call: Call): TopicMetadata {
  const nothing = { topic, isInternal: isInternalName(topic), partitions: [] };
  const fault = call.fault({ topic });
  if (fault !== 0) return { ...nothing, error: fault };
  const found = call.broker.topics.get(topic);
  if (found === undefined) return { ...nothing, error: missing(topic, allowAutoCreate, call) };
  const error = call.afterwards({ topic });
  return { topic, isInternal: found.isInternal, error, partitions: error === 0 ? found.partitions : [] };
}

/** A topic that is made is told of by the next answer: this one says that there is none. */
function missing(topic: string, allowAutoCreate: boolean, { broker }: Call): number {
  if (!isTopicName(topic)) return Code.INVALID_TOPIC_EXCEPTION;
  const { topics, settings } = broker;
  const isOn =
    settings.autoCreateTopics && brokerConfig(topics.brokerConfigs, 'auto.create.topics.enable') !== 'false';
  if (!allowAutoCreate || !isOn) return Code.UNKNOWN_TOPIC_OR_PARTITION;
  const refused = attempt(() => {
    if (isInternalName(topic)) topics.internal(topic);
    else topics.create({ name: topic });
  });
  return refused || Code.UNKNOWN_TOPIC_OR_PARTITION;
}

function encodePartition(
  writer: ByteWriter,
  { index, leader, leaderEpoch, replicas }: Partition,
  liveIds: ReadonlySet<number>,
  version: number,
): void {
  const all = leader === -1 || replicas.includes(leader) ? replicas : [leader, ...replicas.slice(1)];
  const ids = (w: ByteWriter, id: number) => w.int32(id);
  writer.int16(leader === -1 ? Code.LEADER_NOT_AVAILABLE : Code.NONE);
  writer.int32(index).int32(leader);
  if (version >= 7) writer.int32(leaderEpoch);
  writer.array(all, ids).array(
    all.filter((id) => liveIds.has(id)),
    ids,
  );
  if (version < 5) return;
  writer.array(
    all.filter((id) => !liveIds.has(id)),
    ids,
  );
}
