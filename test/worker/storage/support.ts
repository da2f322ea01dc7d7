/** A compacted log in memory, and the records that a Java worker was seen to write. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { CompactedLog, CompactedLogOptions, KafkaPort } from '../../../src/kafka/port';

export interface StoredLine {
  readonly key: string;
  readonly value: string | null;
}

export interface FakeLog {
  readonly kafka: Pick<KafkaPort, 'compactedLog'>;
  readonly options: () => CompactedLogOptions;
  /** Everything in the topic, in order. */
  readonly records: StoredLine[];
  /** Keys of each write, and whether it was unfenced. */
  readonly writes: { keys: string[]; unfenced: boolean }[];
  /** A record of somebody else. */
  append(key: string, value: unknown): void;
  /** What the next writes do first; may throw, or wait. */
  beforeWrite: (() => void | Promise<void>) | null;
  takeOvers: number;
}

/** `records`: what is there before the start. */
export function fakeLog(records: StoredLine[] = []): FakeLog {
  let options: CompactedLogOptions | null = null;
  let isStarted = false;
  const apply = (offset: number): void => {
    const { key, value } = records[offset]!;
    const bytes = value === null ? null : Buffer.from(value);
    options!.apply({ partition: 0, offset, timestamp: 0, key: Buffer.from(key), value: bytes });
  };
  const add = (line: StoredLine): void => {
    records.push(line);
    if (isStarted) apply(records.length - 1);
  };
  const log: CompactedLog = {
    async start() {
      for (let offset = 0; offset < records.length; offset++) apply(offset);
      isStarted = true;
    },
    readToEnd: async () => {},
    async write(written, { unfenced = false } = {}) {
      const lines = written.map(({ key, value }) => ({
        key: key.toString(),
        value: value?.toString() ?? null,
      }));
      await fake.beforeWrite?.();
      fake.writes.push({ keys: lines.map(({ key }) => key), unfenced });
      lines.forEach(add);
      return records.length - 1;
    },
    async takeOver() {
      fake.takeOvers++;
    },
    stop: async () => {},
  };
  const fake: FakeLog = {
    kafka: {
      compactedLog: (given) => {
        options = given;
        return log;
      },
    },
    options: () => options!,
    records,
    writes: [],
    append: (key, value) => add({ key, value: value === null ? null : JSON.stringify(value) }),
    beforeWrite: null,
    takeOvers: 0,
  };
  return fake;
}

export type GoldenRecord = readonly [partition: number, offset: number, key: string, value: string | null];

/** What a distributed worker of Kafka Connect 4.1.1 wrote to its topic. */
export function golden(topic: 'configs' | 'status' | 'offsets'): GoldenRecord[] {
  const file = path.join(__dirname, `../../golden/connect/topics/${topic}.json`);
  return (JSON.parse(readFileSync(file, 'utf8')) as { records: GoldenRecord[] }).records;
}

export const goldenValue = (records: readonly GoldenRecord[], offset: number): string | null => {
  const found = records.find((record) => record[1] === offset);
  if (found === undefined) throw new Error(`no record has the offset ${offset}`);
  return found[3];
};
