/** Metadata v6: brokers, cluster id, controller, leaders per partition. */
import type { ApiRequest } from '../lane';
import type { ByteReader } from './bytes';

export interface MetadataAnswer {
  readonly throttleMs: number;
  readonly brokers: readonly { readonly nodeId: number; readonly host: string; readonly port: number }[];
  readonly clusterId: string | null;
  readonly controllerId: number;
  readonly topics: readonly TopicMetadata[];
}

export interface TopicMetadata {
  readonly error: number;
  readonly topic: string;
  readonly isInternal: boolean;
  readonly partitions: readonly PartitionMetadata[];
}

export interface PartitionMetadata {
  readonly error: number;
  readonly partition: number;
  readonly leader: number;
  readonly replicas: readonly number[];
  readonly inSync: readonly number[];
}

/** @param topics null: all */
export const metadataRequest = (
  topics: readonly string[] | null,
  allowAutoCreate: boolean,
): ApiRequest<MetadataAnswer> => ({
  apiKey: 3,
  apiVersion: 6,
  apiName: 'Metadata',
  encode(writer) {
    if (topics === null) writer.int32(-1);
    else writer.array(topics, (w, topic) => w.string(topic));
    writer.boolean(allowAutoCreate);
  },
  decode: (reader) => ({
    throttleMs: reader.int32(),
    brokers: reader.array(readBroker),
    clusterId: reader.nullableString(),
    controllerId: reader.int32(),
    topics: reader.array(readTopic),
  }),
});

function readBroker(reader: ByteReader) {
  const broker = { nodeId: reader.int32(), host: reader.string(), port: reader.int32() };
  reader.nullableString(); // rack
  return broker;
}

const readTopic = (reader: ByteReader): TopicMetadata => ({
  error: reader.int16(),
  topic: reader.string(),
  isInternal: reader.boolean(),
  partitions: reader.array(readPartition).sort((a, b) => a.partition - b.partition),
});

function readPartition(reader: ByteReader): PartitionMetadata {
  const partition = {
    error: reader.int16(),
    partition: reader.int32(),
    leader: reader.int32(),
    replicas: reader.array((r) => r.int32()),
    inSync: reader.array((r) => r.int32()),
  };
  reader.array((r) => r.int32()); // offline replicas
  return partition;
}
