/** A small worker around one task: what it polls counts as delivered, offsets are kept as the offset store keeps them. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import plugins from '../../../connectors/file';
import {
  type Logger,
  NO_HEADERS,
  NO_METRICS,
  type Plugin,
  type Positions,
  type Schema,
  type SinkConnector,
  SinkRecord,
  type SinkTask,
  type SinkTaskContext,
  type SourceConnector,
  type SourceOffset,
  type SourcePartition,
  type SourceRecord,
  type SourceTask,
  type SourceTaskContext,
  STRING_SCHEMA,
  Struct,
} from '../../../src/plugin';
import { NO_CONSUMER } from '../../support/sink-context';
import { waitFor } from '../../support/wait';

export const plugin = (name: string): Plugin => plugins.find((each) => each.name === name)!;
export const sourcePlugin = (name: string): SourceConnector => plugin(name) as SourceConnector;
export const sinkPlugin = (name: string): SinkConnector => plugin(name) as SinkConnector;

const folders: string[] = [];

/** A directory of the test's own, removed by `removeFolders`. */
export function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-file-'));
  folders.push(folder);
  return folder;
}

export function removeFolders(): void {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
}

export class LogLines implements Logger {
  readonly lines: string[] = [];
  debug(_fields: object, message: string): void {
    this.lines.push(`debug ${message}`);
  }
  info(_fields: object, message: string): void {
    this.lines.push(`info ${message}`);
  }
  warn(_fields: object, message: string): void {
    this.lines.push(`warn ${message}`);
  }
  error(_fields: object, message: string): void {
    this.lines.push(`error ${message}`);
  }
  child(): Logger {
    return this;
  }
}

/** Offsets by the JSON of their partition, as they survive a restart. */
export class Offsets {
  readonly byPartition = new Map<string, string>();

  set(partition: SourcePartition, offset: SourceOffset): void {
    this.byPartition.set(JSON.stringify(partition), JSON.stringify(offset));
  }

  get(partition: SourcePartition): SourceOffset | null {
    const text = this.byPartition.get(JSON.stringify(partition));
    return text === undefined ? null : (JSON.parse(text) as SourceOffset);
  }
}

export interface SourceOptions {
  offsets?: Offsets;
  task?: number;
  tolerance?: 'all' | 'none';
}

export class SourceHarness implements AsyncDisposable {
  readonly log = new LogLines();
  readonly skipped: string[] = [];
  readonly records: SourceRecord[] = [];
  readonly offsets: Offsets;
  readonly #abort = new AbortController();
  task!: SourceTask;

  private constructor(offsets: Offsets) {
    this.offsets = offsets;
  }

  static async open(
    name: string,
    config: Record<string, string>,
    { offsets = new Offsets(), task = 0, tolerance = 'all' }: SourceOptions = {},
  ): Promise<SourceHarness> {
    const harness = new SourceHarness(offsets);
    const declaration = sourcePlugin(name);
    const context: SourceTaskContext = {
      connector: 'test',
      task,
      logger: harness.log,
      metrics: NO_METRICS,
      signal: harness.#abort.signal,
      offsets: {
        offset: async (partition) => offsets.get(partition),
        offsets: async (partitions) => partitions.map((partition) => offsets.get(partition)),
      },
      skip(error, where) {
        if (tolerance === 'none') throw new Error(`Tolerance exceeded: ${error.message} at ${where}`);
        harness.skipped.push(`${where}: ${error.message}`);
      },
      transaction: null,
    };
    harness.task = await declaration.open(context, declaration.config.parse(config));
    return harness;
  }

  async poll(): Promise<SourceRecord[]> {
    const records = [...((await this.task.poll(this.#abort.signal)) ?? [])];
    this.records.push(...records);
    return records;
  }

  /** Polls until `count` records have come in all. */
  async take(count: number): Promise<SourceRecord[]> {
    const enough = async (): Promise<boolean> => {
      if (this.records.length < count) await this.poll();
      return this.records.length >= count;
    };
    await waitFor(enough, { intervalMs: 0, what: `${count} records, there are ${this.records.length}` });
    return this.records;
  }

  /** Polls until there is nothing more, as a run with --once does. */
  async drain(): Promise<SourceRecord[]> {
    await waitFor(async () => (await this.poll()).length === 0 && this.task.exhausted!(), {
      intervalMs: 0,
      what: 'the source to be exhausted',
    });
    return this.records;
  }

  /** Commits all records up to `count`, as a flush does: the last offset of each partition. */
  async commit(count = this.records.length): Promise<void> {
    const last = new Map<string, { partition: SourcePartition; offset: SourceOffset }>();
    for (const { sourcePartition, sourceOffset } of this.records.slice(0, count)) {
      last.set(JSON.stringify(sourcePartition), { partition: sourcePartition, offset: sourceOffset });
    }
    for (const { partition, offset } of last.values()) this.offsets.set(partition, offset);
    await this.task.committed?.([...last.values()]);
  }

  get values(): unknown[] {
    return this.records.map((record) => plain(record.value));
  }

  abort(): void {
    this.#abort.abort();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#abort.abort();
    await this.task[Symbol.asyncDispose]();
  }
}

/** Structs as objects, for comparison. */
export const plain = (value: unknown): unknown => (value instanceof Struct ? value.toJSON() : value);

/** Opens, reads all there is, commits, closes; the values. */
export async function readOnce(name: string, config: Record<string, string>, options?: SourceOptions) {
  await using harness = await SourceHarness.open(name, config, options);
  await harness.drain();
  await harness.commit();
  return harness;
}

export class SinkHarness implements AsyncDisposable {
  readonly reported: string[] = [];
  readonly log = new LogLines();
  commitsAsked = 0;
  readonly #abort = new AbortController();
  task!: SinkTask;

  static async open(
    name: string,
    config: Record<string, string>,
    tolerance: 'all' | 'none' = 'all',
  ): Promise<SinkHarness> {
    const harness = new SinkHarness();
    const declaration = sinkPlugin(name);
    const context: SinkTaskContext = {
      ...NO_CONSUMER,
      connector: 'test',
      task: 0,
      logger: harness.log,
      metrics: NO_METRICS,
      signal: harness.#abort.signal,
      async report(record, error) {
        if (tolerance === 'none') throw error;
        harness.reported.push(
          `${record.originalTopic}-${record.partition}@${record.offset}: ${error.message}`,
        );
      },
      requestCommit() {
        harness.commitsAsked++;
      },
    };
    harness.task = await declaration.open(context, declaration.config.parse(config));
    return harness;
  }

  /** Hands partitions over at their committed positions; where the task wants to go on. */
  async assign(positions: Positions): Promise<Positions> {
    return (await this.task.assigned?.(positions)) ?? [];
  }

  async put(...records: SinkRecord[]): Promise<void> {
    await this.task.put(records, this.#abort.signal);
  }

  async flushable(offset: number, topic = 't', partition = 0): Promise<number> {
    const positions = await this.task.flushable!([{ topic, partition, offset }]);
    return positions[0]!.offset;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#abort.abort();
    await this.task[Symbol.asyncDispose]();
  }
}

export interface RecordOptions {
  topic?: string;
  partition?: number;
  timestamp?: number | null;
}

export function sinkRecord(
  offset: number,
  value: unknown,
  schema: Schema | null = value instanceof Struct ? value.schema : STRING_SCHEMA,
  { topic = 't', partition = 0, timestamp = 1000 }: RecordOptions = {},
): SinkRecord {
  return new SinkRecord(
    topic,
    partition,
    offset,
    null,
    null,
    schema,
    value,
    timestamp,
    'create',
    NO_HEADERS,
    topic,
  );
}

export const filesIn = (folder: string): string[] => readdirSync(folder).sort();
