/**
 * The files of one topic partition in a directory. A file being written is hidden and counts for nothing; finished means
 * on disk under a name that tells the offsets it holds. So the names alone say where to go on after a crash.
 */
import { mkdir, open, readdir, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { MillraceError, type TopicPartition } from '../../../src/plugin';
import { errnoOf, fileError } from '../io/errors';
import { moveWithoutReplacing } from '../io/move';
import { fileTarget, type MemoryBudget, Output } from '../io/output';

const PAD = 10;
const NAME = /^(.+)\+(\d+)\+(\d+)\+(\d+)\.[a-z]+(?:\.gz)?$/;
const OPEN_NAME = /^\.(.+)\+(\d+)\+(\d+)\.tmp$/;

export interface RotationLimits {
  /** Each 0 for none. */
  readonly records: number;
  readonly bytes: number;
  readonly intervalMs: number;
  readonly idleMs: number;
}

export interface FilesOptions {
  readonly directory: string;
  /** With its dot. */
  readonly extension: string;
  readonly packed: boolean;
  readonly fsync: boolean;
  readonly limits: RotationLimits;
  readonly budget: MemoryBudget;
}

interface OpenFile {
  readonly path: string;
  readonly output: Output;
  readonly start: number;
  readonly header: string;
  /** Timestamp of the first record, null when it had none. */
  readonly timestamp: number | null;
  last: number;
  records: number;
  bytes: number;
  touchedAt: number;
  closed: boolean;
}

export class PartitionFiles {
  /** Offsets below are taken. */
  next = Number.NEGATIVE_INFINITY;
  readonly #options: FilesOptions;
  readonly #topic: string;
  readonly #partition: number;
  #file: OpenFile | null = null;

  constructor(options: FilesOptions, topic: string, partition: number) {
    this.#options = options;
    this.#topic = topic;
    this.#partition = partition;
  }

  /** First offset that is not in a finished file, null when all that was taken is. */
  get unfinished(): number | null {
    return this.#file?.start ?? null;
  }

  /** Whether the next record belongs into another file than the open one. */
  cutsBefore(header: string, timestamp: number | null): boolean {
    const file = this.#file;
    if (file === null) return false;
    if (file.closed || file.header !== header) return true;
    const { intervalMs } = this.#options.limits;
    if (intervalMs === 0 || timestamp === null || file.timestamp === null) return false;
    return timestamp - file.timestamp >= intervalMs;
  }

  get needsFile(): boolean {
    return this.#file === null;
  }

  async begin(offset: number, header: string, timestamp: number | null): Promise<void> {
    const { directory, packed, budget } = this.#options;
    const path = join(directory, `.${this.#topic}+${this.#partition}+${padded(offset)}.tmp`);
    try {
      const handle = await open(path, 'w');
      const output = new Output(fileTarget(handle, true), packed, budget);
      const bytes = output.add(header);
      budget.outputs++;
      const touchedAt = Date.now();
      this.#file = {
        path,
        output,
        start: offset,
        header,
        timestamp,
        last: offset,
        records: 0,
        bytes,
        touchedAt,
        closed: false,
      };
    } catch (error) {
      throw fileError('output file', path, error);
    }
  }

  /** Adds a record's line; true when the file is full. Needs an open file. */
  add(offset: number, line: string): boolean {
    const file = this.#file!;
    const { records, bytes } = this.#options.limits;
    file.bytes += file.output.add(line);
    file.records++;
    file.last = offset;
    this.next = offset + 1;
    return (records > 0 && file.records >= records) || (bytes > 0 && file.bytes >= bytes);
  }

  get wantsFlush(): boolean {
    return this.#file?.output.full === true;
  }

  async flush(): Promise<void> {
    const file = this.#file;
    if (file === null || file.closed) return;
    try {
      await file.output.flush();
      file.touchedAt = Date.now();
    } catch (error) {
      throw fileError('writing to', file.path, error);
    }
  }

  isIdle(now: number): boolean {
    const { idleMs } = this.#options.limits;
    return idleMs > 0 && this.#file !== null && now - this.#file.touchedAt >= idleMs;
  }

  /** Gives the open file its name; may be called again after it failed. */
  async finish(): Promise<void> {
    const file = this.#file;
    if (file === null) return;
    const name = `${this.#topic}+${this.#partition}+${padded(file.start)}+${padded(file.last)}${this.#options.extension}`;
    const path = join(this.#options.directory, name);
    try {
      if (!file.closed) {
        await file.output.flush();
        if (this.#options.fsync) await file.output.target.sync();
        await this.#close(file);
      }
      if (!(await moveWithoutReplacing(file.path, path))) throw nameTaken(path);
    } catch (error) {
      throw error instanceof MillraceError ? error : fileError('finishing', path, error);
    }
    this.#file = null;
  }

  /** Forgets the open file, its content comes again from Kafka. */
  async discard(): Promise<void> {
    const file = this.#file;
    this.#file = null;
    if (file === null) return;
    if (!file.closed) await this.#close(file);
    await removeIfThere(file.path);
  }

  async #close(file: OpenFile): Promise<void> {
    file.closed = true;
    this.#options.budget.outputs--;
    await file.output.target.close();
  }
}

const padded = (offset: number): string => String(offset).padStart(PAD, '0');

const nameTaken = (path: string): MillraceError =>
  new MillraceError('CONFLICT', `${path} is there already`, {
    hint: 'Was the topic created anew, or does another connector write here? Move the old files away or name another directory.',
    retriable: false,
  });

async function removeIfThere(path: string): Promise<void> {
  await unlink(path).catch((error: unknown) => {
    if (errnoOf(error) !== 'ENOENT') throw fileError('file', path, error);
  });
}

export async function ensureDirectory(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true });
  } catch (error) {
    throw fileError(
      'directory',
      path,
      errnoOf(error) === 'EEXIST' ? Object.assign(new Error(), { code: 'ENOTDIR' }) : error,
    );
  }
}

/**
 * Next offset per partition as the names of its finished files tell it, by `topic/partition`. Removes what a crash left
 * open for these partitions.
 */
export async function recover(
  directory: string,
  partitions: readonly TopicPartition[],
): Promise<Map<string, number>> {
  const ours = new Set(partitions.map(({ topic, partition }) => `${topic}/${partition}`));
  const next = new Map<string, number>();
  for (const name of await readdir(directory)) {
    const left = OPEN_NAME.exec(name);
    if (left !== null && ours.has(`${left[1]}/${left[2]}`)) await removeIfThere(join(directory, name));
    const done = NAME.exec(name);
    if (done === null) continue;
    const key = `${done[1]}/${done[2]}`;
    if (ours.has(key)) next.set(key, Math.max(next.get(key) ?? 0, Number(done[4]) + 1));
  }
  return next;
}
