/** OffsetCommit v7: keeps the positions of a group. */
import type { ApiRequest } from '../lane';
import type { GroupIdentity } from '../port';
import { writeIdentity } from './heartbeat';
import type { ByTopic } from './topics';

export interface OffsetCommitAnswer {
  readonly throttleMs: number;
  readonly topics: readonly {
    readonly topic: string;
    readonly partitions: readonly { readonly partition: number; readonly error: number }[];
  }[];
}

export interface CommitPartition {
  readonly partition: number;
  readonly offset: number;
}

export const offsetCommitRequest = (
  groupId: string,
  identity: GroupIdentity,
  topics: ByTopic<CommitPartition>,
): ApiRequest<OffsetCommitAnswer> => ({
  apiKey: 8,
  apiVersion: 7,
  apiName: 'OffsetCommit',
  encode(writer) {
    writeIdentity(writer, groupId, identity);
    writer.array([...topics], (w, [topic, partitions]) =>
      w.string(topic).array(partitions, (inner, { partition, offset }) =>
        // No leader epoch, no metadata text.
        inner.int32(partition).int64(offset).int32(-1).string(''),
      ),
    );
  },
  decode: (reader) => ({
    throttleMs: reader.int32(),
    topics: reader.array((r) => ({
      topic: r.string(),
      partitions: r.array((p) => ({ partition: p.int32(), error: p.int16() })),
    })),
  }),
});
