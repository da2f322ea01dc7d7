/** OffsetFetch v1 to v5: committed offsets of a group. */
import type { ByteReader } from '../../kafka/wire/bytes';
import { api } from '../api';
import type { Committed } from '../groups/offsets';
import { readPartitions, type TopicPartition, writePartitions } from './group-fields';

interface Request {
  readonly groupId: string;
  /** Null: all there are. */
  readonly partitions: readonly TopicPartition[] | null;
}

interface Found extends TopicPartition {
  readonly committed: Committed | undefined;
  readonly error: number;
}

interface Answer {
  readonly offsets: readonly Found[];
  readonly error: number;
}

export const offsetFetch = api<Request, Answer>({
  key: 9,
  name: 'OffsetFetch',
  versions: [1, 5],
  decode: (reader) => ({ groupId: reader.string(), partitions: readWanted(reader) }),
  places: ({ groupId, partitions }) => [
    { group: groupId },
    ...(partitions ?? []).map((each) => ({ group: groupId, ...each })),
  ],
  handle({ groupId, partitions }, call) {
    const { groups } = call.broker;
    const error = call.coordinates('group', groupId) || call.afterwards({ group: groupId });
    // Clients of the first version look at the partitions alone.
    if (error !== 0) return { error, offsets: (partitions ?? []).map((each) => none(each, error)) };
    const offsets =
      partitions === null
        ? groups
            .allCommitted(groupId)
            .map(([topic, partition, committed]) => ({ topic, partition, committed, error: 0 }))
        : partitions.map((each) => {
            const fault = call.fault({ group: groupId, ...each });
            if (fault !== 0) return none(each, fault);
            return { ...each, committed: groups.committed(groupId, each.topic, each.partition), error: 0 };
          });
    return { error, offsets };
  },
  encode(writer, { offsets, error }, version) {
    if (version >= 3) writer.int32(0);
    writePartitions(writer, offsets, (w, found) => {
      w.int32(found.partition).int64(found.committed?.offset ?? -1);
      if (version >= 5) w.int32(found.committed?.leaderEpoch ?? -1);
      w.nullableString(found.committed?.metadata ?? '').int16(found.error);
    });
    if (version >= 2) writer.int16(error);
  },
});

/** Null since v2. */
function readWanted(reader: ByteReader): readonly TopicPartition[] | null {
  const start = reader.position;
  if (reader.int32() < 0) return null;
  reader.position = start;
  return readPartitions(reader, (r, topic) => ({ topic, partition: r.int32() }));
}

const none = (place: TopicPartition, error: number): Found => ({ ...place, committed: undefined, error });
