import type {
  SourceOffset,
  SourcePartition,
  SourceRecord,
  SourceTask,
  SourceTaskContext,
} from '../../../src/plugin';
import { causeChain, isRetriable, MillraceError } from '../../../src/plugin';
import { errnoOf, fileError } from '../io/errors';
import { pause } from '../io/pause';
import { cleanUp } from './cleanup';
import { signatureOf } from './identity';
import { Layouts } from './layout';
import { type ListedFile, list } from './listing';
import { OpenFile, type Reading } from './open-file';
import type { DirectoryOptions } from './options';
import { FileStates, type KnownFile } from './states';

/** A directory that takes long to list is listed less often: at most a tenth of the time goes into that. */
const LISTING_SHARE = 10;

export interface Share {
  /** This task reads the files whose number modulo `of` is `index`. */
  readonly index: number;
  readonly of: number;
}

export class DirectorySourceTask implements SourceTask {
  readonly #context: SourceTaskContext;
  readonly #options: DirectoryOptions;
  readonly #share: Share;
  readonly #reading: Reading;
  readonly #states: FileStates;
  readonly #reported = new Set<string>();
  #queue: KnownFile[] = [];
  #current: { state: KnownFile; file: OpenFile } | null = null;
  #final = false;
  #idle = false;
  #listAt = 0;

  constructor(context: SourceTaskContext, options: DirectoryOptions, share: Share, knowsBirth: boolean) {
    this.#context = context;
    this.#options = options;
    this.#share = share;
    this.#states = new FileStates(context.offsets, knowsBirth);
    const layouts = new Layouts(options);
    this.#reading = { context, options, layouts, knowsBirth, isFinal: () => this.#final };
  }

  async poll(signal: AbortSignal): Promise<SourceRecord[] | null> {
    while (!signal.aborted) {
      if (this.#current !== null) {
        const records = await this.#read(this.#current);
        if (records.length > 0) return records;
        continue;
      }
      const next = this.#queue.pop();
      if (next !== undefined) {
        await this.#open(next);
        continue;
      }
      if (this.#idle) await pause(this.#listAt - Date.now(), signal);
      if (signal.aborted) break;
      await this.#list();
      this.#idle = this.#queue.length === 0;
      if (this.#idle) return null;
    }
    return null;
  }

  async #read(current: { state: KnownFile; file: OpenFile }): Promise<SourceRecord[]> {
    const { state, file } = current;
    const records = await file.next();
    const last = records.at(-1);
    if (last !== undefined) state.handed = last.sourceOffset;
    if (file.state === 'reading') return records;
    this.#current = null;
    state.offset = file.offset;
    state.signature = file.signature;
    state.phase = file.state;
    await file.close();
    if (state.isDone) await this.#cleanUp(state);
    return records;
  }

  async #open(state: KnownFile): Promise<void> {
    try {
      const file = await OpenFile.open(this.#reading, state);
      state.phase = 'reading';
      this.#current = { state, file };
    } catch (error) {
      if (errnoOf(error) === 'ENOENT') return;
      const failure = fileError('file', state.absolutePath, error);
      if (failure.retriable) throw failure;
      state.phase = 'broken';
      this.#context.skip(failure, `file='${state.path}'`);
    }
  }

  /** Queues what is new or changed, in order; finishes what an earlier run left to clean up. */
  async #list(): Promise<void> {
    const startedAt = Date.now();
    const listed = await this.#listFiles();
    const mine = listed.filter((file) => this.#isMine(file) && this.#isOldEnough(file, startedAt));
    const states = await this.#states.of(mine);
    const queue: KnownFile[] = [];
    for (let i = 0; i < states.length; i++) {
      const state = states[i]!;
      if (this.#isToRead(state, mine[i]!, startedAt)) queue.push(state);
      else if (state.isDone) await this.#cleanUp(state);
    }
    this.#queue = queue.reverse();
    const took = Date.now() - startedAt;
    this.#listAt = Date.now() + Math.max(this.#options.pollIntervalMs, took * LISTING_SHARE);
  }

  async #listFiles(): Promise<ListedFile[]> {
    try {
      return await list(this.#options, (path, error) => this.#reportOnce(path, error));
    } catch (error) {
      // It was there when the task opened: a mount may be gone for a while.
      if (!(error instanceof MillraceError) || isRetriable(error)) throw error;
      throw new MillraceError('FILE_UNREADABLE', error.message, { cause: error.cause, retriable: true });
    }
  }

  #reportOnce(path: string, error: Error): void {
    if (this.#reported.has(path)) return;
    this.#reported.add(path);
    this.#context.skip(error, `directory='${path}'`);
  }

  #isMine({ stats }: ListedFile): boolean {
    const { index, of } = this.#share;
    if (of === 1) return true;
    // Neighbouring inodes are made by one writer in one stroke: the multiplier spreads them.
    return Number((BigInt.asUintN(32, stats.ino * 2_654_435_761n) >> 8n) % BigInt(of)) === index;
  }

  #isOldEnough({ stats }: ListedFile, now: number): boolean {
    return now - Number(stats.mtimeMs) >= this.#options.minimumAgeMs;
  }

  #isToRead(state: KnownFile, { stats }: ListedFile, now: number): boolean {
    const changed = state.signature !== signatureOf(stats);
    switch (state.phase) {
      case 'new':
        return true;
      case 'waiting':
        return changed || this.#final || now - Number(stats.mtimeMs) >= this.#options.idleMs;
      case 'reading':
        return false;
      default:
        return changed;
    }
  }

  async committed(offsets: readonly { partition: SourcePartition; offset: SourceOffset }[]): Promise<void> {
    for (const { partition, offset } of offsets) {
      const state = this.#states.committed(partition, offset);
      if (state?.isDone) await this.#cleanUp(state);
    }
  }

  async #cleanUp(state: KnownFile): Promise<void> {
    if (this.#options.cleanup === 'none' || state.cleaning || this.#context.preview === true) return;
    state.cleaning = true;
    try {
      await cleanUp(state, this.#options, this.#final ? 0 : this.#options.idleMs);
    } catch (error) {
      this.#warnOnce(state, error);
    } finally {
      state.cleaning = false;
    }
  }

  /** A file that cannot be moved stays; it is read already, so the task goes on. */
  #warnOnce({ path }: KnownFile, error: unknown): void {
    const key = `${path} ${errnoOf(error)}`;
    if (this.#reported.has(key)) return;
    this.#reported.add(key);
    const what = this.#options.cleanup === 'move' ? 'moved' : 'deleted';
    this.#context.logger.warn(
      { file: path },
      `${path} is done but cannot be ${what}: ${causeChain(error).join(': ')}`,
    );
  }

  /** Asked only when nobody waits for more than there is: the first time, one more look is taken in that light. */
  exhausted(): boolean {
    const exhausted = this.#final && this.#idle && !this.#states.some(({ phase }) => phase === 'waiting');
    if (!exhausted) this.#idle = false;
    this.#final = true;
    return exhausted;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#current?.file.close();
    this.#current = null;
  }
}
