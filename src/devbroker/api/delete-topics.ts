/** DeleteTopics. */
import { api } from '../api';
import { forEachTopic, resultOf, type TopicResult } from './topic-results';

export const deleteTopics = api<readonly string[], readonly TopicResult[]>({
  key: 20,
  name: 'DeleteTopics',
  versions: [1, 3],
  decode(reader) {
    const names = reader.array((r) => r.string());
    reader.int32(); // time-out: it is done at once
    return names;
  },
  places: (names) => names.map((topic) => ({ topic })),
  handle: (names, call) =>
    forEachTopic(
      names.map((name) => ({ name })),
      null,
      ({ name }) => resultOf(name, call, () => call.broker.topics.delete(name)),
    ),
  encode: (writer, results) =>
    void writer.int32(0).array(results, (w, { topic, error }) => w.string(topic).int16(error)),
});
