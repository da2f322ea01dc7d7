/** OffsetFetch v5: committed positions of a group. */
import type { ApiRequest } from '../lane';
import type { ByteReader } from './bytes';
import type { ByTopic } from './topics';

export interface FetchedOffset {
  readonly partition: number;
  /** -1: none committed. */
  readonly offset: number;
  readonly error: number;
}

export interface OffsetFetchAnswer {
  readonly throttleMs: number;
  readonly topics: readonly { readonly topic: string; readonly partitions: readonly FetchedOffset[] }[];
  readonly error: number;
}

/** @param topics null: all the group has committed */
export const offsetFetchRequest = (
  groupId: string,
  topics: ByTopic<number> | null,
): ApiRequest<OffsetFetchAnswer> => ({
  apiKey: 9,
  apiVersion: 5,
  apiName: 'OffsetFetch',
  encode(writer) {
    writer.string(groupId);
    if (topics === null) {
      writer.int32(-1);
      return;
    }
    writer.array([...topics], (w, [topic, partitions]) =>
      w.string(topic).array(partitions, (inner, partition) => inner.int32(partition)),
    );
  },
  decode: (reader) => ({
    throttleMs: reader.int32(),
    topics: reader.array((r) => ({ topic: r.string(), partitions: r.array(readOffset) })),
    error: reader.int16(),
  }),
});

function readOffset(reader: ByteReader): FetchedOffset {
  const partition = reader.int32();
  const offset = reader.int64();
  reader.int32(); // leader epoch
  reader.nullableString(); // metadata text
  return { partition, offset, error: reader.int16() };
}
