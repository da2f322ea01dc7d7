/** OffsetDelete v0: forgets what a group has committed for partitions that none of its members has. */
import type { ApiRequest } from '../lane';
import type { ByTopic } from './topics';

export interface OffsetDeleteAnswer {
  readonly error: number;
  readonly throttleMs: number;
  readonly topics: readonly {
    readonly topic: string;
    readonly partitions: readonly { readonly partition: number; readonly error: number }[];
  }[];
}

export const offsetDeleteRequest = (
  groupId: string,
  topics: ByTopic<number>,
): ApiRequest<OffsetDeleteAnswer> => ({
  apiKey: 47,
  apiVersion: 0,
  apiName: 'OffsetDelete',
  encode(writer) {
    writer
      .string(groupId)
      .array([...topics], (w, [topic, partitions]) =>
        w.string(topic).array(partitions, (inner, partition) => inner.int32(partition)),
      );
  },
  decode: (reader) => ({
    error: reader.int16(),
    throttleMs: reader.int32(),
    topics: reader.array((r) => ({
      topic: r.string(),
      partitions: r.array((inner) => ({ partition: inner.int32(), error: inner.int16() })),
    })),
  }),
});
