/**
 * A file that is read while others write, rename and truncate it. What it is is told by inode and fingerprint, never by
 * its name: a renamed file is read to its end before the one that took its place, a truncated one from its beginning.
 */
import type { BigIntStats } from 'node:fs';
import { type FileHandle, open, readdir, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Logger, SourceOffset } from '../../../src/plugin';
import { fileBytes } from '../io/byte-source';
import { ChunkReader } from '../io/chunk-reader';
import { errnoOf, fileError } from '../io/errors';
import { beginsAs, fingerprint } from '../io/identity';
import { type LateEnd, LineReader } from '../io/line-reader';

const CHUNK_BYTES = 256 * 1024;
const FINGERPRINT_BYTES = 1024;
/** Where a rotated file is looked for, a directory larger than this would cost more than it is worth. */
const MAX_SIBLINGS = 10_000;

export interface FollowOptions {
  readonly path: string;
  readonly maxLineBytes: number;
  readonly logger: Logger;
  /** Last committed offset: `position`, and `identity` unless Kafka Connect wrote it. */
  readonly offset: SourceOffset | null;
}

interface Start {
  readonly handle: FileHandle;
  readonly position: number;
  readonly lateEnd: LateEnd;
}

export class FollowedFile {
  lines: LineReader | null = null;
  /** `inode:length:hash` of the file `lines` reads; empty for a pipe. */
  identity = '';
  /** Nobody waits for more: a last line without end is a line, a missing file an error. */
  final = false;
  readonly #options: FollowOptions;
  #offset: SourceOffset | null;
  #handle: FileHandle | null = null;
  #atEnd = false;
  /** The file under the name is another one, or this one began anew. */
  #left: 'no' | 'replaced' | 'truncated' = 'no';
  #missing = false;

  constructor(options: FollowOptions) {
    this.#options = options;
    this.#offset = options.offset;
  }

  /** No byte follows those of the window: its rest is a line. */
  get last(): boolean {
    return this.#atEnd && (this.final || this.#left !== 'no');
  }

  /** All there is now has been handed out. */
  get exhausted(): boolean {
    return this.#atEnd && this.#left === 'no' && this.lines?.partial === 0;
  }

  /** Makes more of the file available to `lines`; false when there is nothing new. */
  async more(): Promise<boolean> {
    if (this.lines === null && !(await this.#open())) return false;
    const lines = this.lines!;
    if (this.#atEnd && this.#left === 'no') await this.#inspect();
    if (this.#left !== 'truncated' && (await lines.window.fill()) > 0) {
      this.#atEnd = false;
      return true;
    }
    this.#atEnd = true;
    if (this.last && lines.partial > 0) return true;
    if (this.#left === 'no') return false;
    await this.close();
    return this.#open();
  }

  async #open(): Promise<boolean> {
    const handle = await this.#openPath();
    if (handle === null) return false;
    try {
      const stats = await handle.stat({ bigint: true });
      const start = stats.isFile()
        ? await this.#start(handle, stats)
        : { handle, position: 0, lateEnd: 'none' as const };
      await this.#follow(start, stats.isFile());
    } catch (error) {
      await handle.close();
      throw error;
    }
    return true;
  }

  async #openPath(): Promise<FileHandle | null> {
    const { path, logger } = this.#options;
    try {
      const handle = await open(path, 'r');
      const stats = await handle.stat();
      if (stats.isDirectory()) {
        await handle.close();
        throw Object.assign(new Error('EISDIR'), { code: 'EISDIR' });
      }
      if (this.#missing) logger.info({ file: path }, `${path} is there now`);
      this.#missing = false;
      return handle;
    } catch (error) {
      if (errnoOf(error) !== 'ENOENT' || this.final) throw fileError('file', path, error);
      if (!this.#missing) logger.warn({ file: path }, `${path} does not exist yet; waiting for it`);
      this.#missing = true;
      return null;
    }
  }

  async #follow({ handle, position, lateEnd }: Start, regular: boolean): Promise<void> {
    const window = new ChunkReader(fileBytes(handle, regular ? position : null), position, CHUNK_BYTES);
    this.lines = new LineReader(window, { maxLineBytes: this.#options.maxLineBytes, loneCr: true });
    this.lines.lateEnd = lateEnd;
    this.#handle = handle;
    this.#atEnd = false;
    this.#left = 'no';
    this.identity = regular ? await identify(handle) : '';
  }

  /** Where to begin in a file just opened: the stored offset holds for the first one only. */
  async #start(handle: FileHandle, stats: BigIntStats): Promise<Start> {
    const offset = this.#offset;
    this.#offset = null;
    const position = offset?.['position'];
    const identity = offset?.['identity'];
    if (typeof position !== 'number') return { handle, position: 0, lateEnd: 'none' };
    if (typeof identity !== 'string' || identity === '') return this.#startForeign(handle, stats, position);
    if (await isFile(handle, stats, identity)) {
      if (position <= Number(stats.size)) return resumed(handle, position);
      this.#warn(`is shorter than the ${position} bytes read of it; reading it from its beginning`);
      return { handle, position: 0, lateEnd: 'none' };
    }
    return this.#startReplaced(handle, identity, position);
  }

  /** An offset as Kafka Connect writes it, which counts characters: it may point into a line. That line comes again. */
  async #startForeign(handle: FileHandle, stats: BigIntStats, position: number): Promise<Start> {
    if (position > Number(stats.size)) {
      this.#warn(`is shorter than the stored position ${position}; reading it from its beginning`);
      return { handle, position: 0, lateEnd: 'none' };
    }
    return resumed(handle, await lineStart(handle, position));
  }

  /** The file was replaced while nobody looked: finishes the old one first when it is still in the directory. */
  async #startReplaced(handle: FileHandle, identity: string, position: number): Promise<Start> {
    const old = await findSibling(this.#options.path, identity);
    if (old === null) {
      this.#warn(
        'is not the file that was read before, and that one is gone; reading the new one from its beginning',
      );
      return { handle, position: 0, lateEnd: 'none' };
    }
    await handle.close();
    this.#options.logger.info(
      { file: old.path },
      `${this.#options.path} was renamed to ${old.path}; finishing that first`,
    );
    return resumed(old.handle, Math.min(position, Number((await old.handle.stat()).size)));
  }

  /** At the end of the file: has it been replaced, truncated, or written from its beginning? */
  async #inspect(): Promise<void> {
    if (this.identity === '') return;
    const { window } = this.lines!;
    const named = await statOrNull(this.#options.path);
    if (named !== null && !this.identity.startsWith(`${named.ino}:`)) {
      // The writer may still hold the old file; that the new one has content says that it has moved on.
      if (named.size > 0n) this.#left = 'replaced';
      return;
    }
    const { size } = await this.#handle!.stat();
    const read = window.position + window.length;
    if (size === read) return;
    if (size < read || !(await beginsAs(this.#handle!, printOf(this.identity)))) {
      this.#left = 'truncated';
      this.#warn('was truncated; reading it from its beginning');
    } else if (Number(printOf(this.identity).split(':', 1)[0]) < FINGERPRINT_BYTES) {
      this.identity = await identify(this.#handle!);
    }
  }

  #warn(message: string): void {
    const { path, logger } = this.#options;
    logger.warn({ file: path }, `${path} ${message}`);
  }

  async close(): Promise<void> {
    const { lines } = this;
    this.lines = null;
    await lines?.window.close();
    await this.#handle?.close();
    this.#handle = null;
  }
}

const printOf = (identity: string): string => identity.slice(identity.indexOf(':') + 1);

async function identify(handle: FileHandle): Promise<string> {
  const { ino } = await handle.stat({ bigint: true });
  return `${ino}:${await fingerprint(handle, FINGERPRINT_BYTES)}`;
}

async function isFile(handle: FileHandle, stats: BigIntStats, identity: string): Promise<boolean> {
  return identity.startsWith(`${stats.ino}:`) && (await beginsAs(handle, printOf(identity)));
}

/** A position of ours lies behind a line end, unless the last line was taken without one. */
async function resumed(handle: FileHandle, position: number): Promise<Start> {
  const before = Buffer.alloc(1, '\n');
  if (position > 0) await handle.read(before, 0, 1, position - 1);
  const lateEnd = before[0] === 10 ? 'none' : before[0] === 13 ? 'lf' : 'any';
  return { handle, position, lateEnd };
}

const MAX_BACKWARD_BYTES = 64 * 1024;

/** The beginning of the line that the position lies in, as far as it is within reach. */
async function lineStart(handle: FileHandle, position: number): Promise<number> {
  const length = Math.min(position, MAX_BACKWARD_BYTES);
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, position - length);
  const before = buffer.subarray(0, bytesRead);
  const end = Math.max(before.lastIndexOf(10), before.lastIndexOf(13));
  if (end === -1) return length === position ? 0 : position;
  return position - length + end + 1;
}

async function findSibling(
  path: string,
  identity: string,
): Promise<{ path: string; handle: FileHandle } | null> {
  const folder = dirname(path);
  const names = await readdir(folder);
  for (const name of names.slice(0, MAX_SIBLINGS)) {
    if (name === basename(path)) continue;
    const sibling = join(folder, name);
    const stats = await statOrNull(sibling);
    if (stats === null || !stats.isFile() || !identity.startsWith(`${stats.ino}:`)) continue;
    const handle = await open(sibling, 'r');
    if (await beginsAs(handle, printOf(identity))) return { path: sibling, handle };
    await handle.close();
  }
  return null;
}

async function statOrNull(path: string): Promise<BigIntStats | null> {
  try {
    return await stat(path, { bigint: true });
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return null;
    throw fileError('file', path, error);
  }
}
