/** CreateTopics v4: -1 for partitions and replicas means the broker's default. Any broker passes it on. */
import type { ApiRequest } from '../lane';
import type { TopicSpec } from '../port';

export interface TopicsAnswer {
  readonly throttleMs: number;
  readonly topics: readonly {
    readonly topic: string;
    readonly error: number;
    readonly message: string | null;
  }[];
}

export const createTopicsRequest = (
  specs: readonly TopicSpec[],
  timeoutMs: number,
): ApiRequest<TopicsAnswer> => ({
  apiKey: 19,
  apiVersion: 4,
  apiName: 'CreateTopics',
  encode(writer) {
    writer.array(specs, (w, spec) => {
      w.string(spec.topic)
        .int32(spec.partitions ?? -1)
        .int16(spec.replicationFactor ?? -1);
      w.int32(0); // no manual placement of replicas
      w.array(Object.entries(spec.configs ?? {}), (inner, [name, value]) => inner.string(name).string(value));
    });
    writer.int32(timeoutMs).boolean(false); // for real, not only to validate
  },
  decode: (reader) => ({
    throttleMs: reader.int32(),
    topics: reader.array((r) => ({ topic: r.string(), error: r.int16(), message: r.nullableString() })),
  }),
});
