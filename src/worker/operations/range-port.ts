/**
 * The world as a sink task sees it while it is run over a stretch of records: a group of its own alone, with all of the
 * partitions; ends where the stretch ends; positions committed to whoever asked for the run, never to Kafka.
 */
import { pauseFor } from '../../flow/task-status';
import { encodeAssignment } from '../../kafka/consumer-protocol';
import type {
  BatchReader,
  GroupIdentity,
  GroupMember,
  GroupOptions,
  KafkaPort,
  OffsetSpec,
  RawBatch,
  ReaderOptions,
  RecordCursor,
} from '../../kafka/port';
import type { Position, TopicPartition } from '../../kernel';
import { keyOf, type Range, type WireRecord } from './ranges';

export interface RangeView {
  readonly ranges: readonly Range[];
  /** Where to begin; the beginning of a range that is left out. */
  readonly positions: readonly Position[];
  commit(positions: readonly Position[]): Promise<void>;
  reader(kafka: KafkaPort, options?: ReaderOptions): BatchReader;
}

export function rangePort(kafka: KafkaPort, view: RangeView): KafkaPort {
  const topics = new Map<string, number[]>();
  for (const { topic, partition } of view.ranges)
    topics.set(topic, [...(topics.get(topic) ?? []), partition]);
  const ranges = new Map(view.ranges.map((range) => [keyOf(range), range]));
  const replaced: Partial<KafkaPort> = {
    reader: (options) => view.reader(kafka, options),
    group: (options) => memberAlone(options, view.ranges, topics),
    commit: (_group, _member, positions) => view.commit(positions),
    committed: async () => startsOf(view),
    metadata: async (names, options) => {
      const others = names.filter((name) => !topics.has(name));
      const views = others.length === 0 ? [] : await kafka.metadata(others, options);
      const own = [...topics].filter(([topic]) => names.includes(topic));
      const partitions = (numbers: readonly number[]) =>
        numbers.map((partition) => ({ partition, leader: 0, error: 0 }));
      return [...views, ...own.map(([topic, all]) => ({ topic, error: 0, partitions: partitions(all) }))];
    },
    offsets: async (partitions: readonly TopicPartition[], spec: OffsetSpec) =>
      partitions.map((at) => {
        const range = ranges.get(keyOf(at))!;
        return { ...at, offset: spec === 'earliest' ? range.from : range.to };
      }),
  };
  return new Proxy(kafka, {
    get(target, name) {
      const member: unknown = Reflect.get(replaced, name) ?? Reflect.get(target, name, target);
      return typeof member === 'function' ? member.bind(target) : member;
    },
  });
}

const startsOf = ({ ranges, positions }: RangeView): Position[] => {
  const known = new Map(positions.map((position) => [keyOf(position), position.offset]));
  return ranges.map(({ topic, partition, from }) => ({
    topic,
    partition,
    offset: Math.max(from, known.get(keyOf({ topic, partition })) ?? from),
  }));
};

const NOBODY_ELSE: GroupIdentity = { memberId: 'alone', generation: 1, instanceId: null };

/** Gets everything at once and loses it at the end. */
function memberAlone(
  options: GroupOptions,
  partitions: readonly TopicPartition[],
  topics: ReadonlyMap<string, readonly number[]>,
): GroupMember {
  const counts = new Map([...topics].map(([topic, all]) => [topic, all.length]));
  let assigned: Promise<void> | null = null;
  return {
    identity: NOBODY_ELSE,
    sessionLeftMs: Number.POSITIVE_INFINITY,
    rejoin() {},
    start() {
      const bytes = encodeAssignment(partitions, counts);
      assigned = Promise.resolve(options.onAssigned(bytes, NOBODY_ELSE, 'range'));
      assigned.catch(options.onFatal);
    },
    async stop() {
      if (assigned === null) return;
      await assigned.catch(() => {});
      await options.onRevoked('leave');
    },
  };
}

/** Records of Kafka up to the ends of the ranges. */
export function boundedReader(reader: BatchReader, ranges: readonly Range[]): BatchReader {
  const ends = new Map(ranges.map((range) => [keyOf(range), range.to]));
  const bounded = (batch: RawBatch): RawBatch | null => {
    const end = ends.get(keyOf(batch)) ?? 0;
    if (batch.firstOffset >= end) return null;
    return batch.lastOffset < end ? batch : cutBatch(batch, end);
  };
  return {
    assign: (positions) => reader.assign(positions),
    unassign: (partitions) => reader.unassign(partitions),
    seek: (position) => reader.seek(position),
    pause: (partitions) => reader.pause(partitions),
    resume: (partitions) => reader.resume(partitions),
    close: () => reader.close(),
    async next(waitMs, signal) {
      const batches = (await reader.next(waitMs, signal)).map(bounded);
      const through = ranges.filter((range) => (reader.position(range) ?? 0) >= range.to);
      if (through.length > 0) reader.pause(through);
      return batches.filter((batch) => batch !== null);
    },
    position(at) {
      const position = reader.position(at);
      return position === undefined ? undefined : Math.min(position, ends.get(keyOf(at)) ?? position);
    },
    end: (at) => ends.get(keyOf(at)),
  };
}

function cutBatch(batch: RawBatch, end: number): RawBatch {
  const { topic, partition, baseOffset, firstOffset, timestampType, sizeBytes } = batch;
  return {
    topic,
    partition,
    baseOffset,
    firstOffset,
    timestampType,
    sizeBytes,
    lastOffset: end - 1,
    count: Math.min(batch.count, end - firstOffset),
    records: () => cutCursor(batch.records(), end),
  };
}

function cutCursor(cursor: RecordCursor, end: number): RecordCursor {
  const next = (): boolean => cursor.next() && cursor.offset < end;
  return new Proxy(cursor, {
    get: (target, name) => (name === 'next' ? next : Reflect.get(target, name, target)),
  });
}

const NEVER = new AbortController().signal;
/** Nothing else comes: who waits only wants to know that. */
const LOOK_MS = 5;

/** Records at hand, as if they came from Kafka. Those of a partition in the order of their offsets, each offset once. */
export function memoryReader(records: readonly WireRecord[]): BatchReader {
  const stretches = new Map<string, WireRecord[]>();
  for (const record of records)
    stretches.set(keyOf(record), [...(stretches.get(keyOf(record)) ?? []), record]);
  const positions = new Map<string, number>();
  const paused = new Set<string>();
  const moveTo = (position: Position): void => void positions.set(keyOf(position), position.offset);
  const endOf = (key: string): number => (stretches.get(key)?.at(-1)?.offset ?? -1) + 1;
  return {
    assign: (all) => all.forEach(moveTo),
    unassign: (all) => all.forEach((each) => void positions.delete(keyOf(each))),
    seek: moveTo,
    pause: (all) => all.forEach((each) => void paused.add(keyOf(each))),
    resume: (all) => all.forEach((each) => void paused.delete(keyOf(each))),
    async next(waitMs, signal) {
      const due = [...positions].filter(([key, position]) => !paused.has(key) && position < endOf(key));
      if (due.length === 0) await pauseFor(Math.min(waitMs, LOOK_MS), signal ?? NEVER);
      return due.map(([key, position]) => {
        positions.set(key, endOf(key));
        return memoryBatch(stretches.get(key)!.filter(({ offset }) => offset >= position));
      });
    },
    position: (at) => positions.get(keyOf(at)),
    end: (at) => endOf(keyOf(at)),
    close: async () => {},
  };
}

function memoryBatch(records: readonly WireRecord[]): RawBatch {
  const [first] = records;
  const { topic, partition, timestampType, offset } = first!;
  return {
    topic,
    partition,
    timestampType,
    baseOffset: offset,
    firstOffset: offset,
    lastOffset: records.at(-1)!.offset,
    count: records.length,
    sizeBytes: records.reduce((sum, { key, value }) => sum + (key?.length ?? 0) + (value?.length ?? 0), 0),
    records: () => new MemoryCursor(records),
  };
}

class MemoryCursor implements RecordCursor {
  #at = -1;
  readonly #records: readonly WireRecord[];

  constructor(records: readonly WireRecord[]) {
    this.#records = records;
  }

  get #record(): WireRecord {
    return this.#records[this.#at]!;
  }

  /** Past the last one it stays there, as cursors over bytes do. */
  next(): boolean {
    if (this.#at + 1 >= this.#records.length) return false;
    this.#at++;
    return true;
  }

  get offset(): number {
    return this.#record.offset;
  }

  get timestamp(): number {
    return this.#record.timestamp;
  }

  get key(): Buffer | null {
    return this.#record.key;
  }

  get value(): Buffer | null {
    return this.#record.value;
  }

  get headers(): WireRecord['headers'] {
    return this.#record.headers;
  }
}
