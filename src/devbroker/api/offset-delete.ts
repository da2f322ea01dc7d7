/** OffsetDelete v0: forgets committed offsets of topics that the group does not read. */
import { api } from '../api';
import { codeOf } from '../refusal';
import { readPartitions, type TopicPartition, writePartitions } from './group-fields';

interface Request {
  readonly groupId: string;
  readonly partitions: readonly TopicPartition[];
}

interface Answer {
  readonly error: number;
  readonly results: readonly (TopicPartition & { readonly error: number })[];
}

export const offsetDelete = api<Request, Answer>({
  key: 47,
  name: 'OffsetDelete',
  versions: [0, 0],
  decode: (reader) => ({
    groupId: reader.string(),
    partitions: readPartitions(reader, (r, topic) => ({ topic, partition: r.int32() })),
  }),
  places: ({ groupId }) => [{ group: groupId }],
  handle({ groupId, partitions }, call) {
    const error = call.coordinates('group', groupId);
    if (error !== 0) return { error, results: [] };
    try {
      const codes = call.broker.groups.deleteOffsets(groupId, partitions);
      const late = call.afterwards({ group: groupId });
      return { error: late, results: partitions.map((each, i) => ({ ...each, error: codes[i]! })) };
    } catch (refusal) {
      return { error: codeOf(refusal), results: [] };
    }
  },
  encode(writer, { error, results }) {
    writer.int16(error).int32(0);
    writePartitions(writer, results, (w, each) => void w.int32(each.partition).int16(each.error));
  },
});
