/** DeleteRecords: raises the start of partitions. */
import { api, type Call } from '../api';
import { Code, codeOf } from '../refusal';

interface TopicOffsets {
  readonly topic: string;
  readonly partitions: readonly {
    readonly partition: number;
    /** The first that is kept; -1: none is. */
    readonly offset: number;
  }[];
}

interface TopicResults {
  readonly topic: string;
  readonly partitions: readonly PartitionResult[];
}

interface PartitionResult {
  readonly partition: number;
  /** The new start, -1 with an error. */
  readonly lowWatermark: number;
  readonly error: number;
}

export const deleteRecords = api<readonly TopicOffsets[], readonly TopicResults[]>({
  key: 21,
  name: 'DeleteRecords',
  versions: [0, 1],
  decode(reader) {
    const topics = reader.array((r) => ({
      topic: r.string(),
      partitions: r.array((each) => ({ partition: each.int32(), offset: each.int64() })),
    }));
    reader.int32(); // time-out: it is done at once
    return topics;
  },
  places: (topics) =>
    topics.flatMap(({ topic, partitions }) => partitions.map(({ partition }) => ({ topic, partition }))),
  handle: (topics, call) =>
    topics.map(({ topic, partitions }) => ({
      topic,
      partitions: partitions.map(({ partition, offset }) => deleteBefore(topic, partition, offset, call)),
    })),
  encode: (writer, topics) =>
    void writer.int32(0).array(topics, (w, { topic, partitions }) => {
      w.string(topic).array(partitions, (inner, { partition, lowWatermark, error }) => {
        inner.int32(partition).int64(lowWatermark).int16(error);
      });
    }),
});

function deleteBefore(topic: string, partition: number, offset: number, call: Call): PartitionResult {
  const refused = (error: number): PartitionResult => ({ partition, lowWatermark: -1, error });
  const error = call.leads(topic, partition);
  if (error !== 0) return refused(error);
  const { topics } = call.broker;
  if (topics.get(topic)!.isInternal) return refused(Code.INVALID_TOPIC_EXCEPTION);
  try {
    const lowWatermark = topics.partition(topic, partition)!.log.deleteBefore(offset);
    const late = call.afterwards({ topic, partition });
    return late === 0 ? { partition, lowWatermark, error: 0 } : refused(late);
  } catch (refusal) {
    return refused(codeOf(refusal));
  }
}
