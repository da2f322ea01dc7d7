import { open } from 'node:fs/promises';
import {
  DataError,
  type Positions,
  type SinkRecord,
  type SinkTask,
  type SinkTaskContext,
} from '../../../src/plugin';
import { fileBytes, gzipBytes, isGzip } from '../io/byte-source';
import { ChunkReader } from '../io/chunk-reader';
import { fileError } from '../io/errors';
import { LineReader } from '../io/line-reader';
import { fileTarget, Output } from '../io/output';
import { openToAppend, writeError } from '../stream/sink';
import type { SinkFormat } from './format';
import { Lanes, Progress } from './lanes';

const LF = 10;
const MAX_HEADER_BYTES = 1024 * 1024;

/** Appends everything to one file, at least once. */
export class AppendSinkTask implements SinkTask {
  readonly #context: SinkTaskContext;
  readonly #output: Output;
  readonly #path: string;
  readonly #format: SinkFormat;
  readonly #fsync: boolean;
  readonly #lanes = new Lanes(() => new Progress());
  /** Header of the file, without line end; null while the file is empty. */
  #header: string | null;

  constructor(
    context: SinkTaskContext,
    output: Output,
    options: { path: string; format: SinkFormat; fsync: boolean; header: string | null },
  ) {
    this.#context = context;
    this.#output = output;
    this.#path = options.path;
    this.#format = options.format;
    this.#fsync = options.fsync;
    this.#header = options.header;
  }

  async put(batch: readonly SinkRecord[]): Promise<void> {
    for (const record of batch) {
      const lane = this.#lanes.of(record);
      if (record.offset < lane.next) continue;
      if (this.#output.full) await this.#write();
      try {
        this.#add(record);
      } catch (error) {
        if (!(error instanceof DataError)) throw error;
        await this.#context.report(record, error);
      }
      lane.next = record.offset + 1;
    }
    await this.#write();
  }

  #add(record: SinkRecord): void {
    const header = this.#format.header(record);
    const line = this.#format.line(record);
    if (this.#header === null) this.#output.add(header);
    this.#header ??= header.trimEnd();
    if (header.trimEnd() !== this.#header) {
      throw new DataError(`the columns ${header.trimEnd()} are not those of ${this.#path}: ${this.#header}`, {
        hint: 'Rotated files (directory instead of file) begin a new one when the columns change.',
      });
    }
    this.#output.add(line);
  }

  async #write(): Promise<void> {
    try {
      await this.#output.flush();
    } catch (error) {
      throw writeError(this.#path, error);
    }
  }

  async flushable(positions: Positions): Promise<Positions> {
    await this.#write();
    if (this.#fsync) await this.#output.target.sync();
    return positions;
  }

  async assigned(): Promise<undefined> {
    this.#lanes.clear();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      await this.#write();
    } finally {
      await this.#output.target.close();
    }
  }
}

export interface AppendOptions {
  readonly path: string;
  readonly format: SinkFormat;
  readonly packed: boolean;
  readonly fsync: boolean;
}

export async function openAppendSink(
  context: SinkTaskContext,
  options: AppendOptions,
): Promise<AppendSinkTask> {
  const { path, packed } = options;
  const { handle, size, regular } = await openToAppend(path);
  const output = new Output(fileTarget(handle, regular), packed);
  try {
    if (regular && size > 0 && !packed && !(await endsInLine(path, size))) output.addByte(LF);
    const hasHeader = options.format.extension === 'csv' && regular && size > 0;
    const header = hasHeader ? await firstLine(path) : size > 0 ? '' : null;
    return new AppendSinkTask(context, output, { ...options, header });
  } catch (error) {
    await handle.close();
    throw fileError('output file', path, error);
  }
}

async function firstLine(path: string): Promise<string> {
  const handle = await open(path, 'r');
  const source = (await isGzip(handle)) ? await gzipBytes(handle, 0) : fileBytes(handle, 0);
  const window = new ChunkReader(source, 0, 64 * 1024);
  try {
    const lines = new LineReader(window, { maxLineBytes: MAX_HEADER_BYTES, loneCr: false });
    let last = false;
    while (!lines.next(last)) last = (await window.fill()) === 0;
    return window.bytes.utf8Slice(lines.from, lines.to);
  } finally {
    await window.close();
    await handle.close();
  }
}

/** What a crash of the machine cut off must not run together with the next record. */
async function endsInLine(path: string, size: number): Promise<boolean> {
  const handle = await open(path, 'r');
  try {
    const { buffer } = await handle.read(Buffer.alloc(1), 0, 1, size - 1);
    return buffer[0] === LF;
  } finally {
    await handle.close();
  }
}
