/** Stretches of partitions, read without a group. */
import type { KafkaPort, RawBatch, RecordCursor } from '../../kafka/port';
import type { TopicPartition } from '../../kernel';

export interface Range extends TopicPartition {
  /** First offset. */
  readonly from: number;
  /** Offset after the last. */
  readonly to: number;
}

/** A record with bytes of its own. */
export interface WireRecord extends TopicPartition {
  readonly offset: number;
  readonly timestamp: number;
  readonly timestampType: 'create' | 'append';
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: RecordCursor['headers'];
}

const WAIT_MS = 250;

/** Calls back in the order of each partition; returns when all is read, or the signal aborts. */
export async function readRanges(
  kafka: KafkaPort,
  ranges: readonly Range[],
  take: (record: WireRecord) => void,
  signal: AbortSignal,
): Promise<void> {
  const open = new Map(ranges.filter(({ from, to }) => from < to).map((range) => [keyOf(range), range]));
  if (open.size === 0) return;
  const reader = kafka.reader({ isolation: 'read_committed', outOfRange: 'earliest' });
  try {
    reader.assign([...open.values()].map(({ from, ...at }) => ({ ...at, offset: from })));
    while (open.size > 0 && !signal.aborted) {
      for (const batch of await reader.next(WAIT_MS, signal)) takeBatch(batch, open.get(keyOf(batch)), take);
      for (const [key, range] of open) {
        if ((reader.position(range) ?? range.from) < range.to) continue;
        open.delete(key);
        reader.unassign([range]);
      }
    }
  } finally {
    await reader.close();
  }
}

function takeBatch(batch: RawBatch, range: Range | undefined, take: (record: WireRecord) => void): void {
  if (range === undefined) return;
  for (const cursor = batch.records(); cursor.next() && cursor.offset < range.to; ) {
    if (cursor.offset >= range.from) take(copyOf(batch, cursor));
  }
}

export const keyOf = ({ topic, partition }: TopicPartition): string => `${partition} ${topic}`;

/** Bytes of a fetch serve for the next one. */
const copyOf = ({ topic, partition, timestampType }: RawBatch, cursor: RecordCursor): WireRecord => ({
  topic,
  partition,
  timestampType,
  offset: cursor.offset,
  timestamp: cursor.timestamp,
  key: cursor.key && Buffer.from(cursor.key),
  value: cursor.value && Buffer.from(cursor.value),
  headers: cursor.headers.map(({ key, value }) => ({ key, value: value && Buffer.from(value) })),
});

/** All that the topics hold now, each partition a range. */
export async function wholeOf(kafka: KafkaPort, topics: readonly string[]): Promise<Range[]> {
  const views = await kafka.metadata(topics);
  const partitions = views
    .filter(({ error }) => error === 0)
    .flatMap(({ topic, partitions: all }) => all.map(({ partition }) => ({ topic, partition })));
  if (partitions.length === 0) return [];
  const [first, last] = await Promise.all([
    kafka.offsets(partitions, 'earliest'),
    kafka.offsets(partitions, 'lso'),
  ]);
  return partitions.map((at, i) => ({ ...at, from: first[i]!.offset, to: last[i]!.offset }));
}
