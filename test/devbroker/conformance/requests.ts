/** Requests about data in every version that is served and with contents that no client of ours would send. */
import type { ApiRequest } from '../../../src/kafka/lane';
import type { ByteReader, ByteWriter } from '../../../src/kafka/wire/bytes';
import { byTopic } from '../../../src/kafka/wire/topics';

export interface RawProduce {
  /** 3 to 8; 7 unless given. */
  readonly version?: number;
  readonly transactionalId?: string | null;
  readonly acks?: number;
  readonly timeoutMs?: number;
  readonly partitions: readonly {
    readonly topic: string;
    readonly partition: number;
    readonly bytes: Buffer | null;
  }[];
}

export interface RawProduced {
  readonly topic: string;
  readonly partition: number;
  readonly error: number;
  readonly baseOffset: number;
  readonly appendTime: number;
  /** Since v5. */
  readonly startOffset?: number;
  /** Since v8. */
  readonly recordErrors?: readonly { readonly index: number; readonly message: string | null }[];
  readonly message?: string | null;
}

/** Acks 0 are not answered: `send` resolves at once. */
export const rawProduce = ({
  version = 7,
  transactionalId = null,
  acks = -1,
  timeoutMs = 10_000,
  partitions,
}: RawProduce): ApiRequest<{ throttleMs: number; partitions: RawProduced[] }> => ({
  apiKey: 0,
  apiVersion: version,
  apiName: 'Produce',
  expectResponse: acks !== 0,
  encode(writer) {
    writer.nullableString(transactionalId).int16(acks).int32(timeoutMs);
    writer.array([...byTopic(partitions, (each) => each)], (w, [topic, those]) =>
      w.string(topic).array(those, (p, { partition, bytes }) => p.int32(partition).nullableBytes(bytes)),
    );
  },
  decode(reader) {
    const topics = reader.array((r) => {
      const topic = r.string();
      return r.array((p) => readProduced(p, topic, version));
    });
    return { partitions: topics.flat(), throttleMs: reader.int32() };
  },
});

function readProduced(reader: ByteReader, topic: string, version: number): RawProduced {
  const produced = {
    topic,
    partition: reader.int32(),
    error: reader.int16(),
    baseOffset: reader.int64(),
    appendTime: reader.int64(),
  };
  if (version < 5) return produced;
  const startOffset = reader.int64();
  if (version < 8) return { ...produced, startOffset };
  const recordErrors = reader.array((r) => ({ index: r.int32(), message: r.nullableString() }));
  return { ...produced, startOffset, recordErrors, message: reader.nullableString() };
}

export interface RawFetchPartition {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  /** 1 MiB unless given. */
  readonly maxBytes?: number;
  /** Since v9; -1 unless given. */
  readonly leaderEpoch?: number;
}

export interface RawFetch {
  /** 4 to 11; 11 unless given. */
  readonly version?: number;
  readonly maxWaitMs?: number;
  readonly minBytes?: number;
  readonly maxBytes?: number;
  readonly committed?: boolean;
  /** Since v7; none unless given. */
  readonly session?: { readonly id: number; readonly epoch: number };
  readonly partitions: readonly RawFetchPartition[];
  readonly forget?: readonly { readonly topic: string; readonly partition: number }[];
}

export interface RawFetched {
  readonly topic: string;
  readonly partition: number;
  readonly error: number;
  readonly highWatermark: number;
  readonly lastStableOffset: number;
  /** Since v5. */
  readonly startOffset?: number;
  readonly aborted: readonly { readonly producerId: number; readonly firstOffset: number }[] | null;
  /** Since v11. */
  readonly preferredReplica?: number;
  readonly records: Buffer | null;
}

export interface RawFetchAnswer {
  readonly throttleMs: number;
  /** Since v7. */
  readonly error?: number;
  readonly sessionId?: number;
  readonly partitions: readonly RawFetched[];
}

export const rawFetch = (fetch: RawFetch): ApiRequest<RawFetchAnswer> => {
  const { version = 11, maxWaitMs = 0 } = fetch;
  return {
    apiKey: 1,
    apiVersion: version,
    apiName: 'Fetch',
    timeoutMs: maxWaitMs + 20_000,
    encode: (writer) => writeFetch(writer, fetch, version),
    decode(reader) {
      const throttleMs = reader.int32();
      const session = version < 7 ? {} : { error: reader.int16(), sessionId: reader.int32() };
      const topics = reader.array((r) => {
        const topic = r.string();
        return r.array((p) => readFetched(p, topic, version));
      });
      return { throttleMs, ...session, partitions: topics.flat() };
    },
  };
};

function writeFetch(writer: ByteWriter, fetch: RawFetch, version: number): void {
  const { maxWaitMs = 0, minBytes = 1, maxBytes = 64 << 20, committed = false } = fetch;
  writer.int32(-1).int32(maxWaitMs).int32(minBytes).int32(maxBytes).boolean(committed);
  const { id, epoch } = fetch.session ?? { id: 0, epoch: -1 };
  if (version >= 7) writer.int32(id).int32(epoch);
  writer.array([...byTopic(fetch.partitions, (each) => each)], (w, [topic, those]) =>
    w.string(topic).array(those, (p, { partition, offset, maxBytes: limit = 1 << 20, leaderEpoch = -1 }) => {
      p.int32(partition);
      if (version >= 9) p.int32(leaderEpoch);
      p.int64(offset);
      // Start of a follower's log.
      if (version >= 5) p.int64(-1);
      p.int32(limit);
    }),
  );
  if (version >= 7) {
    writer.array([...byTopic(fetch.forget ?? [], ({ partition }) => partition)], (w, [topic, numbers]) =>
      w.string(topic).array(numbers, (p, partition) => p.int32(partition)),
    );
  }
  if (version >= 11) writer.string('');
}

function readFetched(reader: ByteReader, topic: string, version: number): RawFetched {
  const partition = reader.int32();
  const error = reader.int16();
  const highWatermark = reader.int64();
  const lastStableOffset = reader.int64();
  const start = version < 5 ? {} : { startOffset: reader.int64() };
  const aborted = readNullableArray(reader, () => ({
    producerId: reader.int64(),
    firstOffset: reader.int64(),
  }));
  const replica = version < 11 ? {} : { preferredReplica: reader.int32() };
  const records = reader.nullableBytes();
  return { topic, partition, error, highWatermark, lastStableOffset, ...start, aborted, ...replica, records };
}

function readNullableArray<T>(reader: ByteReader, read: () => T): T[] | null {
  const count = reader.int32();
  return count < 0 ? null : Array.from({ length: count }, read);
}

export interface RawListOffsets {
  /** 1 to 5; 3 unless given. */
  readonly version?: number;
  readonly committed?: boolean;
  readonly partitions: readonly {
    readonly topic: string;
    readonly partition: number;
    readonly timestamp: number;
    /** Since v4; -1 unless given. */
    readonly leaderEpoch?: number;
  }[];
}

export interface RawListedOffset {
  readonly topic: string;
  readonly partition: number;
  readonly error: number;
  readonly timestamp: number;
  readonly offset: number;
  /** Since v4. */
  readonly leaderEpoch?: number;
}

export const rawListOffsets = ({
  version = 3,
  committed = false,
  partitions,
}: RawListOffsets): ApiRequest<{ throttleMs: number; partitions: RawListedOffset[] }> => ({
  apiKey: 2,
  apiVersion: version,
  apiName: 'ListOffsets',
  encode(writer) {
    writer.int32(-1);
    if (version >= 2) writer.boolean(committed);
    writer.array([...byTopic(partitions, (each) => each)], (w, [topic, those]) =>
      w.string(topic).array(those, (p, { partition, timestamp, leaderEpoch = -1 }) => {
        p.int32(partition);
        if (version >= 4) p.int32(leaderEpoch);
        p.int64(timestamp);
      }),
    );
  },
  decode(reader) {
    const throttleMs = version >= 2 ? reader.int32() : 0;
    const topics = reader.array((r) => {
      const topic = r.string();
      return r.array((p) => ({
        topic,
        partition: p.int32(),
        error: p.int16(),
        timestamp: p.int64(),
        offset: p.int64(),
        ...(version >= 4 ? { leaderEpoch: p.int32() } : {}),
      }));
    });
    return { throttleMs, partitions: topics.flat() };
  },
});

export interface DeletedRecords {
  readonly topic: string;
  readonly partition: number;
  /** New start of the log. */
  readonly lowWatermark: number;
  readonly error: number;
}

/** DeleteRecords v1. */
export const deleteRecords = (
  partitions: readonly { readonly topic: string; readonly partition: number; readonly offset: number }[],
  version: 0 | 1 = 1,
): ApiRequest<{ throttleMs: number; partitions: DeletedRecords[] }> => ({
  apiKey: 21,
  apiVersion: version,
  apiName: 'DeleteRecords',
  encode: (writer) =>
    void writer
      .array([...byTopic(partitions, (each) => each)], (w, [topic, those]) =>
        w.string(topic).array(those, (p, { partition, offset }) => p.int32(partition).int64(offset)),
      )
      .int32(10_000),
  decode(reader) {
    const throttleMs = reader.int32();
    const topics = reader.array((r) => {
      const topic = r.string();
      return r.array((p) => ({
        topic,
        partition: p.int32(),
        lowWatermark: p.int64(),
        error: p.int16(),
      }));
    });
    return { throttleMs, partitions: topics.flat() };
  },
});
