/** DeleteTopics v3. Any broker passes it on. */
import type { ApiRequest } from '../lane';
import type { TopicsAnswer } from './create-topics';

export const deleteTopicsRequest = (
  topics: readonly string[],
  timeoutMs: number,
): ApiRequest<TopicsAnswer> => ({
  apiKey: 20,
  apiVersion: 3,
  apiName: 'DeleteTopics',
  encode: (writer) => void writer.array(topics, (w, topic) => w.string(topic)).int32(timeoutMs),
  decode: (reader) => ({
    throttleMs: reader.int32(),
    topics: reader.array((r) => ({ topic: r.string(), error: r.int16(), message: null })),
  }),
});
