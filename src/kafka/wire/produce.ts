/** Produce v7: at most one record batch per partition. */
import type { ApiRequest } from '../lane';
import { byTopic } from './topics';

export interface ProducePartition {
  readonly topic: string;
  readonly partition: number;
  /** Not copied: they must stay as they are until the request is answered. */
  readonly bytes: Buffer;
}

export interface ProduceBody {
  readonly transactionalId: string | null;
  readonly acks: -1 | 0 | 1;
  /** How long the leader may wait for its followers. */
  readonly timeoutMs: number;
  readonly partitions: readonly ProducePartition[];
}

export interface PartitionProduced {
  readonly topic: string;
  readonly partition: number;
  readonly error: number;
  /** -1 when the broker does not say. */
  readonly baseOffset: number;
}

export interface ProduceAnswer {
  readonly throttleMs: number;
  readonly partitions: readonly PartitionProduced[];
}

/** With acks 0 there is no answer: `send` resolves with undefined. */
export const produceRequest = (body: ProduceBody): ApiRequest<ProduceAnswer | undefined> => ({
  apiKey: 0,
  apiVersion: 7,
  apiName: 'Produce',
  expectResponse: body.acks !== 0,
  encode(writer) {
    writer.nullableString(body.transactionalId).int16(body.acks).int32(body.timeoutMs);
    const topics = byTopic(body.partitions, (partition) => partition);
    writer.array([...topics], (w, [topic, partitions]) =>
      w
        .string(topic)
        .array(partitions, (p, { partition, bytes }) => p.int32(partition).int32(bytes.length).attach(bytes)),
    );
  },
  decode(reader) {
    const partitions: PartitionProduced[] = [];
    reader.array((r) => {
      const topic = r.string();
      r.array((p) => {
        partitions.push({ topic, partition: p.int32(), error: p.int16(), baseOffset: p.int64() });
        // Append time and start of the log.
        p.raw(16);
      });
    });
    return { partitions, throttleMs: reader.int32() };
  },
});
