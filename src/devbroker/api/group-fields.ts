/** Fields that several group requests share. */
import type { ByteReader, ByteWriter } from '../../kafka/wire/bytes';
import { byTopic } from '../../kafka/wire/topics';
import type { Claim } from '../groups/membership';

export interface GroupClaim {
  readonly groupId: string;
  readonly claim: Claim;
}

/** @param withInstance false in versions before static members */
export function readClaim(reader: ByteReader, withInstance: boolean): GroupClaim {
  const groupId = reader.string();
  const generation = reader.int32();
  const memberId = reader.string();
  const instanceId = withInstance ? reader.nullableString() : null;
  return { groupId, claim: { memberId, instanceId, generation } };
}

export interface TopicPartition {
  readonly topic: string;
  readonly partition: number;
}

/** Topics with partitions, as one list in the order of the request. */
export const readPartitions = <T>(
  reader: ByteReader,
  read: (reader: ByteReader, topic: string) => T,
): readonly T[] =>
  reader
    .array((r) => {
      const topic = r.string();
      return r.array((p) => read(p, topic));
    })
    .flat();

export function writePartitions<T extends TopicPartition>(
  writer: ByteWriter,
  items: readonly T[],
  write: (writer: ByteWriter, item: T) => void,
): void {
  const topics = [...byTopic(items, (item) => item)];
  writer.array(topics, (w, [topic, those]) => w.string(topic).array(those, write));
}
