/** ListOffsets v3: start, end or first-at-timestamp offset per partition; asked of its leader. */
import type { ApiRequest } from '../lane';
import type { Isolation } from '../port';
import type { ByteReader } from './bytes';
import { type ByTopic, isolationByte } from './topics';

/** Special timestamps. */
export const EARLIEST = -2;
export const LATEST = -1;

export interface ListedOffset {
  readonly partition: number;
  readonly error: number;
  readonly timestamp: number;
  /** -1 when no record is as young as the timestamp asked for. */
  readonly offset: number;
}

export interface ListOffsetsAnswer {
  readonly throttleMs: number;
  readonly topics: readonly { readonly topic: string; readonly partitions: readonly ListedOffset[] }[];
}

/** @param timestamp ms, EARLIEST or LATEST; LATEST means the last stable offset under `read_committed` */
export const listOffsetsRequest = (
  topics: ByTopic<number>,
  timestamp: number,
  isolation: Isolation,
): ApiRequest<ListOffsetsAnswer> => ({
  apiKey: 2,
  apiVersion: 3,
  apiName: 'ListOffsets',
  encode(writer) {
    writer.int32(-1).int8(isolationByte(isolation)); // replica id: a consumer
    writer.array([...topics], (w, [topic, partitions]) =>
      w.string(topic).array(partitions, (inner, partition) => inner.int32(partition).int64(timestamp)),
    );
  },
  decode: (reader) => ({
    throttleMs: reader.int32(),
    topics: reader.array((r) => ({ topic: r.string(), partitions: r.array(readOffset) })),
  }),
});

const readOffset = (reader: ByteReader): ListedOffset => ({
  partition: reader.int32(),
  error: reader.int16(),
  timestamp: reader.int64(),
  offset: reader.int64(),
});
