/**
 * The bytes consumers of the classic protocol put into a group of type `consumer`, so that Kafka's own tools and
 * consumers understand our groups. Source: ConsumerProtocolSubscription and ConsumerProtocolAssignment of Kafka.
 */
import type { TopicPartition } from '../kernel';
import { ByteReader, ByteWriter, TruncatedError } from './wire/bytes';
import { byTopic } from './wire/topics';

export interface Subscription {
  readonly topics: readonly string[];
  readonly userData: Buffer | null;
  /** What the member had when it joined; empty before version 1. */
  readonly owned: readonly TopicPartition[];
  /** Generation of `owned`; -1 before version 2. */
  readonly generation: number;
  readonly rack: string | null;
}

const VERSION = 3;

export function encodeSubscription(subscription: Subscription): Buffer {
  const { topics, userData, owned, generation, rack } = subscription;
  const writer = new ByteWriter(256);
  writer.int16(VERSION).array([...topics].sort(), (w, topic) => w.string(topic));
  writer.nullableBytes(userData);
  writePartitions(writer, owned);
  writer.int32(generation).nullableString(rack);
  return writer.bytes();
}

/** Versions 0 to 3, and what is known of later ones. */
export function decodeSubscription(bytes: Buffer): Subscription {
  const reader = new ByteReader(bytes);
  const version = reader.int16();
  return {
    topics: reader.array((r) => r.string()),
    userData: reader.nullableBytes(),
    owned: version >= 1 ? readPartitions(reader) : [],
    generation: version >= 2 ? reader.int32() : -1,
    rack: version >= 3 ? reader.nullableString() : null,
  };
}

/** Partitions per topic as the leader saw them when it assigned. */
export type PartitionCounts = ReadonlyMap<string, number>;

/** @param basis kept as user data, which Kafka's own consumers ignore */
export function encodeAssignment(partitions: readonly TopicPartition[], basis: PartitionCounts): Buffer {
  const writer = new ByteWriter(256);
  writer.int16(VERSION);
  writePartitions(writer, partitions);
  const counts = new ByteWriter(256).array([...basis], (w, [topic, count]) => w.string(topic).int32(count));
  return writer.bytesWithSize(counts.bytes()).bytes();
}

export interface Assignment {
  readonly partitions: TopicPartition[];
  /** Null when the leader is not one of ours. */
  readonly basis: PartitionCounts | null;
}

/** Empty bytes, which a member without an assignment gets, are an empty assignment. */
export function decodeAssignment(bytes: Buffer): Assignment {
  if (bytes.length === 0) return { partitions: [], basis: null };
  const reader = new ByteReader(bytes);
  reader.int16(); // version
  const partitions = readPartitions(reader);
  return { partitions, basis: decodeBasis(reader.nullableBytes()) };
}

/** Other leaders may have user data of their own kind: what does not read as counts is none. */
function decodeBasis(userData: Buffer | null): PartitionCounts | null {
  if (userData === null || userData.length === 0) return null;
  const reader = new ByteReader(userData);
  try {
    const counts = new Map(reader.array((r) => [r.string(), r.int32()] as const));
    return reader.remaining === 0 ? counts : null;
  } catch (error) {
    if (error instanceof TruncatedError) return null;
    throw error;
  }
}

/** User data of Kafka's `sticky` assignor: what the member had, and in which generation. */
export function encodeStickyData(owned: readonly TopicPartition[], generation: number): Buffer {
  const writer = new ByteWriter(256);
  writePartitions(writer, owned);
  return writer.int32(generation).bytes();
}

export function decodeStickyData(bytes: Buffer): { owned: TopicPartition[]; generation: number } {
  const reader = new ByteReader(bytes);
  const owned = readPartitions(reader);
  return { owned, generation: reader.remaining >= 4 ? reader.int32() : -1 };
}

function writePartitions(writer: ByteWriter, partitions: readonly TopicPartition[]): void {
  writer.array([...byTopic(partitions, ({ partition }) => partition)], (w, [topic, numbers]) =>
    w.string(topic).array(numbers, (inner, partition) => inner.int32(partition)),
  );
}

function readPartitions(reader: ByteReader): TopicPartition[] {
  const topics = reader.array((r) => ({ topic: r.string(), numbers: r.array((inner) => inner.int32()) }));
  return topics.flatMap(({ topic, numbers }) => numbers.map((partition) => ({ topic, partition })));
}
