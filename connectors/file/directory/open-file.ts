/** One file of a directory while it is read: bytes to records, and the offset that says how far. */
import type { BigIntStats } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import {
  DataError,
  type SourceOffset,
  type SourcePartition,
  type SourceRecord,
  type SourceTaskContext,
} from '../../../src/plugin';
import { type ByteSource, fileBytes, gzipBytes, isGzip } from '../io/byte-source';
import { ChunkReader } from '../io/chunk-reader';
import { errnoOf, fileError } from '../io/errors';
import type { LineReader } from '../io/line-reader';
import { parseJson } from '../values/json-exact';
import { structOfJson } from '../values/json-value';
import { CsvFormat } from './csv-format';
import { discover, skipByteOrderMark } from './discover';
import type { FileFormat } from './format';
import { endOf, holds, identityOf, isSettled, signatureOf } from './identity';
import { type Layout, type Layouts, LINES, type Progress, SCHEMALESS } from './layout';
import { LinesFormat } from './lines-format';
import type { DirectoryOptions } from './options';
import { RecordBuilder } from './record-builder';

const CHUNK_BYTES = 256 * 1024;
const BEGINNING: Progress = { position: 0, record: 0, line: 0 };

/** What all files of a task share. */
export interface Reading {
  readonly context: SourceTaskContext;
  readonly options: DirectoryOptions;
  readonly layouts: Layouts;
  /** Whether the file system tells when files were made. */
  readonly knowsBirth: boolean;
  /** Nobody waits for more than there is. */
  isFinal(): boolean;
}

export interface FileToRead {
  readonly absolutePath: string;
  /** Below the directory, with slashes. */
  readonly path: string;
  readonly partition: SourcePartition;
  /** Stored offset of the partition, which may be that of an earlier file with the same inode. */
  readonly offset: SourceOffset | null;
}

/** `waiting`: for more bytes, or for time to pass; `broken`: the rest of the file cannot be read. */
export type FileState = 'reading' | 'waiting' | 'ended' | 'broken';

export class OpenFile {
  state: FileState = 'reading';
  /** `size/mtime` when it stopped reading, to see later whether anything changed. */
  signature = '';
  readonly #reading: Reading;
  readonly #file: FileToRead;
  readonly #handle: FileHandle;
  readonly #packed: boolean;
  readonly #sizeAtStart: bigint;
  #offset: SourceOffset | null;
  #identity: string;
  #window: ChunkReader | null = null;
  #format: FileFormat | null = null;
  #builder: RecordBuilder | null = null;
  #last = false;
  #failure: DataError | null = null;
  /** How the file looked when it was read to its end. */
  #end: string | null = null;

  private constructor(
    reading: Reading,
    file: FileToRead,
    opened: {
      handle: FileHandle;
      stats: BigIntStats;
      packed: boolean;
      identity: string;
      offset: SourceOffset | null;
    },
  ) {
    this.#reading = reading;
    this.#file = file;
    this.#handle = opened.handle;
    this.#packed = opened.packed;
    this.#sizeAtStart = opened.stats.size;
    this.#offset = opened.offset;
    this.#identity = opened.identity;
  }

  static async open(reading: Reading, file: FileToRead): Promise<OpenFile> {
    const handle = await open(file.absolutePath, 'r');
    try {
      const stats = await handle.stat({ bigint: true });
      const packed = await isPacked(handle, reading.options.compression);
      const position = Number(file.offset?.['position'] ?? 0);
      const isSame = file.offset !== null && (await holds(handle, stats, file.offset, packed ? 0 : position));
      const identity = await identityOf(handle, stats, reading.knowsBirth);
      return new OpenFile(reading, file, {
        handle,
        stats,
        packed,
        identity,
        offset: isSame ? file.offset : null,
      });
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  /** Offset that says how far the file is read; null before anything. */
  get offset(): SourceOffset | null {
    return this.#builder?.offset(this.#end) ?? this.#offset;
  }

  /** The next records. None: `state` says why, unless it is still `reading`. */
  async next(): Promise<SourceRecord[]> {
    if (this.#failure !== null) return this.#break(this.#failure);
    try {
      if (this.#format === null && !(await this.#begin())) return [];
    } catch (error) {
      return this.#fail(error, error instanceof DataError ? error : badGzip(error));
    }
    try {
      return await this.#read(this.#format!, this.#window!, this.#builder!);
    } catch (error) {
      return this.#fail(error, badGzip(error));
    }
  }

  async #read(format: FileFormat, window: ChunkReader, out: RecordBuilder): Promise<SourceRecord[]> {
    for (;;) {
      format.take(out, this.#last);
      if (out.blocked) return out.take(0);
      if (out.records.length > 1) return out.take(1);
      if (this.#last && window.length === 0) return this.#finish(window, out);
      if ((await window.fill()) > 0) {
        this.#last = false;
        if (window.generation === 1) this.#skipMark(window);
      } else if (window.length === 0 || (await this.#isFinal())) {
        this.#last = true;
      } else {
        // Bad records up to here are reported: a later look begins behind them.
        out.reach(window.position - format.dropped);
        await this.#stop('waiting');
        return out.take(0);
      }
    }
  }

  #skipMark(window: ChunkReader): void {
    if (!this.#reading.options.latin1) skipByteOrderMark(window);
  }

  /** All is read. What was appended meanwhile is met by the next look at the file. */
  async #finish(window: ChunkReader, out: RecordBuilder): Promise<SourceRecord[]> {
    const stats = await this.#handle.stat({ bigint: true });
    const changed = this.#packed ? stats.size !== this.#sizeAtStart : Number(stats.size) !== window.position;
    await this.#stop(changed ? 'waiting' : 'ended', stats);
    if (changed) {
      this.signature = '';
    } else {
      this.#end = await endOf(this.#handle, stats);
      out.finish(window.position, this.#end);
    }
    return out.take(0);
  }

  /** With the stats the state was concluded from, so that a change since is seen. */
  async #stop(state: FileState, known?: BigIntStats): Promise<void> {
    const stats = known ?? (await this.#handle.stat({ bigint: true }));
    // What was written since it was opened is looked at next time.
    this.signature = this.#packed && stats.size !== this.#sizeAtStart ? '' : signatureOf(stats);
    this.state = state;
    if (this.#builder === null || isSettled(this.#identity)) return;
    this.#identity = await identityOf(this.#handle, stats, this.#reading.knowsBirth);
    this.#builder.origin = this.#origin();
  }

  /** Whether the last line counts without its end: the file is left alone for a while, or no one waits. */
  async #isFinal(): Promise<boolean> {
    if (this.#reading.isFinal()) return true;
    const { mtimeMs } = await this.#handle.stat();
    return Date.now() - mtimeMs >= this.#reading.options.idleMs;
  }

  /** Finds out what the records look like and where to begin; false when the file holds none yet. */
  async #begin(): Promise<boolean> {
    const { options, context, layouts } = this.#reading;
    const { format, columns, sampleRows } = options;
    let start = resumedAt(this.#offset);
    let layout: Layout;
    const stored = this.#offset?.['columns'];
    if (format === 'lines') layout = LINES;
    else if (typeof stored === 'string') layout = layouts.parse(stored);
    else if (format === 'jsonl' && sampleRows === 0)
      layout = columns.length > 0 ? layouts.of([]) : SCHEMALESS;
    else {
      const found = await this.#discover();
      if (found === null) return false;
      layout = layouts.of(found.columns);
      start ??= found.start;
    }
    start ??= BEGINNING;
    this.#window = new ChunkReader(await this.#bytes(start.position), start.position, CHUNK_BYTES);
    this.#builder = new RecordBuilder(context, options, this.#origin(), layout, start);
    const lateEnd = await this.#lateEnd(start.position);
    this.#format = createFormat(this.#window, options, layout, lateEnd);
    return true;
  }

  async #discover(): ReturnType<typeof discover> {
    const window = new ChunkReader(await this.#bytes(0), 0, CHUNK_BYTES);
    try {
      const final = await this.#isFinal();
      const found = await discover(window, this.#reading.options, final);
      if (found === null) await this.#stop(final ? 'ended' : 'waiting');
      return found;
    } finally {
      await window.close();
    }
  }

  #origin(): RecordBuilder['origin'] {
    return { partition: this.#file.partition, path: this.#file.path, identity: this.#identity };
  }

  async #bytes(position: number): Promise<ByteSource> {
    return this.#packed ? gzipBytes(this.#handle, position) : fileBytes(this.#handle, position);
  }

  /** A plain file that was left behind a last line without end may have got that end since. */
  async #lateEnd(position: number): Promise<LineReader['lateEnd']> {
    if (this.#packed || position === 0 || this.#offset === null) return 'none';
    const { buffer } = await this.#handle.read(Buffer.alloc(1), 0, 1, position - 1);
    return buffer[0] === 10 ? 'none' : buffer[0] === 13 ? 'lf' : 'any';
  }

  /** The good records go first; then the problem of the file is told. An error without one ends the task. */
  async #fail(error: unknown, problem: DataError | null): Promise<SourceRecord[]> {
    if (problem === null) throw asFileError(error, this.#file.absolutePath);
    const records = this.#builder?.take(0) ?? [];
    if (errnoOf(error) === 'Z_BUF_ERROR' && (await this.#mayBeUnfinished())) await this.#stop('waiting');
    else if (records.length === 0) return this.#break(problem);
    else this.#failure = problem;
    return records;
  }

  /** Whether somebody is, or was until now, still writing the file. */
  async #mayBeUnfinished(): Promise<boolean> {
    const { size } = await this.#handle.stat({ bigint: true });
    return size !== this.#sizeAtStart || !(await this.#isFinal());
  }

  async #break(problem: DataError): Promise<SourceRecord[]> {
    this.#reading.context.skip(problem, `file='${this.#file.path}'`);
    await this.#stop('broken');
    return [];
  }

  async close(): Promise<void> {
    await this.#window?.close();
    await this.#handle.close();
  }
}

function badGzip(error: unknown): DataError | null {
  if (!errnoOf(error).startsWith('Z_')) return null;
  return new DataError(`the file is not valid gzip: ${(error as Error).message}`);
}

const asFileError = (error: unknown, path: string): unknown =>
  typeof (error as NodeJS.ErrnoException | null)?.code === 'string' &&
  (error as NodeJS.ErrnoException).syscall
    ? fileError('file', path, error)
    : error;

async function isPacked(handle: FileHandle, compression: DirectoryOptions['compression']): Promise<boolean> {
  return compression === 'gzip' || (compression === 'auto' && (await isGzip(handle)));
}

function resumedAt(offset: SourceOffset | null): Progress | null {
  if (offset === null) return null;
  return {
    position: Number(offset['position']),
    record: Number(offset['record'] ?? 0),
    line: Number(offset['line'] ?? 0),
  };
}

function createFormat(
  window: ChunkReader,
  options: DirectoryOptions,
  layout: Layout,
  lateEnd: LineReader['lateEnd'],
): FileFormat {
  if (options.format === 'csv') return new CsvFormat(window, options, layout);
  if (options.format === 'lines') return new LinesFormat(window, options, lateEnd, (text) => text);
  const { columns, valueSchema } = layout;
  const isBlank = (text: string): boolean => text.length < 16 && text.trim() === '';
  return new LinesFormat(window, options, lateEnd, (text) => {
    if (isBlank(text)) return undefined;
    const value = parseJson(text);
    return columns === null ? value : structOfJson(value, columns, valueSchema!);
  });
}
