import {
  DataError,
  type Position,
  type Positions,
  type SinkRecord,
  type SinkTask,
  type SinkTaskContext,
  type TopicPartition,
} from '../../../src/plugin';
import type { SinkFormat } from './format';
import { Lanes } from './lanes';
import { type FilesOptions, PartitionFiles, recover } from './partition-files';

const IDLE_CHECK_MS = 500;
/** Commits are asked for as files are finished, but not more often than this. */
const COMMIT_EVERY_MS = 1000;

/** Writes each topic partition into files of its own, exactly once: where to go on is read from their names. */
export class RotatingSinkTask implements SinkTask {
  readonly #context: SinkTaskContext;
  readonly #options: FilesOptions;
  readonly #format: SinkFormat;
  readonly #lanes: Lanes<PartitionFiles>;
  readonly #now: () => number;
  #idleCheckedAt = 0;
  #commitAskedAt = 0;

  constructor(
    context: SinkTaskContext,
    options: FilesOptions,
    format: SinkFormat,
    now: () => number = Date.now,
  ) {
    this.#context = context;
    this.#options = options;
    this.#format = format;
    this.#now = now;
    this.#lanes = new Lanes((topic, partition) => new PartitionFiles(options, topic, partition));
  }

  async put(batch: readonly SinkRecord[]): Promise<void> {
    for (const record of batch) {
      const files = this.#lanes.of(record);
      if (record.offset < files.next) continue;
      let header: string;
      let line: string;
      try {
        header = this.#format.header(record);
        line = this.#format.line(record);
      } catch (error) {
        await this.#refuse(record, error);
        files.next = record.offset + 1;
        continue;
      }
      if (files.cutsBefore(header, record.timestamp)) await this.#finish(files);
      if (files.needsFile) await files.begin(record.offset, header, record.timestamp);
      if (files.add(record.offset, line)) await this.#finish(files);
      else if (files.wantsFlush) await files.flush();
    }
    await this.#finishIdle();
  }

  async #refuse(record: SinkRecord, error: unknown): Promise<void> {
    if (!(error instanceof DataError)) throw error;
    await this.#context.report(record, error);
  }

  async #finish(files: PartitionFiles): Promise<void> {
    await files.finish();
    const now = this.#now();
    if (now - this.#commitAskedAt < COMMIT_EVERY_MS) return;
    this.#commitAskedAt = now;
    this.#context.requestCommit();
  }

  async #finishIdle(): Promise<void> {
    const now = this.#now();
    if (now - this.#idleCheckedAt < IDLE_CHECK_MS) return;
    this.#idleCheckedAt = now;
    for (const files of this.#lanes.values()) if (files.isIdle(now)) await this.#finish(files);
  }

  flushable(positions: Positions): Positions {
    return positions.map((position) => {
      const unfinished = this.#lanes.find(position.topic, position.partition)?.unfinished ?? null;
      return unfinished === null || unfinished >= position.offset
        ? position
        : { ...position, offset: unfinished };
    });
  }

  /**
   * Goes on behind the finished files. The names win over an older position of the group; a younger one means that the
   * last files were taken away since.
   */
  async assigned(partitions: readonly (TopicPartition & { readonly offset?: number })[]): Promise<Positions> {
    for (const files of this.#lanes.values()) await files.discard();
    this.#lanes.clear();
    const next = await recover(this.#options.directory, partitions);
    const positions: Position[] = [];
    for (const { topic, partition, offset = 0 } of partitions) {
      const finished = next.get(`${topic}/${partition}`);
      if (finished !== undefined) positions.push({ topic, partition, offset: Math.max(finished, offset) });
    }
    return positions;
  }

  async revoked(partitions: readonly TopicPartition[]): Promise<void> {
    for (const { topic, partition } of partitions) await this.#lanes.find(topic, partition)?.finish();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const files of this.#lanes.values()) await files.discard();
  }
}
