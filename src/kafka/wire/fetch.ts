/** Fetch v11 without a session: every request names all its partitions, an answer depends on nothing before it. */
import type { ApiRequest } from '../lane';
import type { Isolation } from '../port';
import type { ByteReader } from './bytes';
import { byTopic, isolationByte } from './topics';

export interface FetchPartition {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly maxBytes: number;
}

export interface FetchBody {
  readonly maxWaitMs: number;
  readonly minBytes: number;
  readonly maxBytes: number;
  readonly isolation: Isolation;
  /** The broker fills the answer in this order. */
  readonly partitions: readonly FetchPartition[];
}

export interface AbortedTransaction {
  readonly producerId: number;
  readonly firstOffset: number;
}

export interface PartitionFetched {
  readonly topic: string;
  readonly partition: number;
  readonly error: number;
  readonly highWatermark: number;
  readonly lastStableOffset: number;
  /** Those that overlap the records, in the order of their first offsets; empty under read_uncommitted. */
  readonly aborted: readonly AbortedTransaction[];
  /** Record batches, the last one perhaps cut off. A view of the answer. */
  readonly records: Buffer;
}

export interface FetchAnswer {
  readonly throttleMs: number;
  readonly error: number;
  readonly partitions: readonly PartitionFetched[];
}

const CONSUMER = -1;
const NO_SESSION = -1;
const NO_EPOCH = -1;
const NOTHING = Buffer.alloc(0);
/** The broker answers an empty poll after the wait: time-outs count from there. */
const ANSWER_MS = 30_000;

export const fetchRequest = (body: FetchBody): ApiRequest<FetchAnswer> => ({
  apiKey: 1,
  apiVersion: 11,
  apiName: 'Fetch',
  timeoutMs: body.maxWaitMs + ANSWER_MS,
  encode(writer) {
    writer.int32(CONSUMER).int32(body.maxWaitMs).int32(body.minBytes).int32(body.maxBytes);
    writer.int8(isolationByte(body.isolation)).int32(0).int32(NO_SESSION);
    const topics = byTopic(body.partitions, (partition) => partition);
    writer.array([...topics], (w, [topic, partitions]) =>
      w.string(topic).array(partitions, (p, { partition, offset, maxBytes }) =>
        // The -1 after the offset is the start of a follower's log.
        p.int32(partition).int32(NO_EPOCH).int64(offset).int64(-1).int32(maxBytes),
      ),
    );
    // No topics to forget, no rack.
    writer.int32(0).string('');
  },
  decode(reader) {
    const throttleMs = reader.int32();
    const error = reader.int16();
    reader.int32();
    const partitions: PartitionFetched[] = [];
    reader.array((r) => {
      const topic = r.string();
      r.array((p) => partitions.push(readPartition(p, topic)));
    });
    return { throttleMs, error, partitions };
  },
});

function readPartition(reader: ByteReader, topic: string): PartitionFetched {
  const partition = reader.int32();
  const error = reader.int16();
  const highWatermark = reader.int64();
  const lastStableOffset = reader.int64();
  // Start of the log.
  reader.int64();
  const aborted = readAborted(reader);
  // A replica to read from instead: only for those who name their rack.
  reader.int32();
  const records = reader.nullableBytes() ?? NOTHING;
  return { topic, partition, error, highWatermark, lastStableOffset, aborted, records };
}

function readAborted(reader: ByteReader): readonly AbortedTransaction[] {
  const count = reader.int32();
  const aborted: AbortedTransaction[] = [];
  for (let n = 0; n < count; n++) aborted.push({ producerId: reader.int64(), firstOffset: reader.int64() });
  return aborted;
}
