/** What a task knows of each file: how far it is read, how far that is committed, and what is left to do with it. */
import type { BigIntStats } from 'node:fs';
import type { OffsetReader, SourceOffset, SourcePartition } from '../../../src/plugin';
import { isUnchanged, signatureOf } from './identity';
import type { ListedFile } from './listing';

const OFFSETS_AT_ONCE = 1000;

export type Phase = 'new' | 'reading' | 'waiting' | 'ended' | 'broken';

export class KnownFile {
  /** One object, shared by all records of the file. */
  readonly partition: SourcePartition;
  phase: Phase = 'new';
  /** `size/mtime` when it was last looked into. */
  signature = '';
  offset: SourceOffset | null = null;
  /** Offset of the last record handed on, until it is committed. */
  handed: SourceOffset | null = null;
  cleaning = false;

  constructor(
    readonly inode: bigint,
    public absolutePath: string,
    public path: string,
  ) {
    this.partition = { file: String(inode) };
  }

  /** All that was handed on is durable, and nothing is left to read. */
  get isDone(): boolean {
    return this.phase === 'ended' && this.handed === null;
  }
}

/** An offset of what the file held before it was written anew differs in more than the position. */
const isSame = (a: SourceOffset, b: SourceOffset): boolean =>
  a === b || ['position', 'record', 'identity', 'end'].every((key) => (a[key] ?? null) === (b[key] ?? null));

export class FileStates {
  readonly #byFile = new Map<string, KnownFile>();
  readonly #byPartition = new Map<unknown, KnownFile>();
  readonly #offsets: OffsetReader;
  readonly #knowsBirth: boolean;

  constructor(offsets: OffsetReader, knowsBirth: boolean) {
    this.#offsets = offsets;
    this.#knowsBirth = knowsBirth;
  }

  /** The states of the files listed, in their order. Loads stored offsets of new ones, forgets files that are gone. */
  async of(listed: readonly ListedFile[]): Promise<KnownFile[]> {
    const seen = new Set<string>();
    const fresh: [KnownFile, BigIntStats][] = [];
    const states = listed.map(({ absolutePath, path, stats }) => {
      const key = `${stats.dev}:${stats.ino}`;
      seen.add(key);
      const known = this.#byFile.get(key);
      if (known !== undefined) {
        known.absolutePath = absolutePath;
        known.path = path;
        return known;
      }
      const state = new KnownFile(stats.ino, absolutePath, path);
      this.#byFile.set(key, state);
      this.#byPartition.set(state.partition['file'], state);
      fresh.push([state, stats]);
      return state;
    });
    this.#forget(seen);
    for (let i = 0; i < fresh.length; i += OFFSETS_AT_ONCE)
      await this.#load(fresh.slice(i, i + OFFSETS_AT_ONCE));
    return states;
  }

  async #load(fresh: readonly (readonly [KnownFile, BigIntStats])[]): Promise<void> {
    const offsets = await this.#offsets.offsets(fresh.map(([state]) => state.partition));
    fresh.forEach(([state, stats], i) => {
      state.offset = offsets[i] ?? null;
      if (state.offset === null || !isUnchanged(stats, state.offset, this.#knowsBirth)) return;
      state.phase = 'ended';
      state.signature = signatureOf(stats);
    });
  }

  #forget(seen: ReadonlySet<string>): void {
    for (const [key, state] of this.#byFile) {
      if (seen.has(key) || state.phase === 'reading' || state.handed !== null) continue;
      this.#byFile.delete(key);
      if (this.#byPartition.get(state.partition['file']) === state)
        this.#byPartition.delete(state.partition['file']);
    }
  }

  /** The file that a committed offset belongs to; undefined when it is forgotten. */
  committed(partition: SourcePartition, offset: SourceOffset): KnownFile | undefined {
    const state = this.#byPartition.get(partition['file']);
    if (state?.handed && isSame(state.handed, offset)) state.handed = null;
    return state;
  }

  some(matches: (state: KnownFile) => boolean): boolean {
    for (const state of this.#byFile.values()) if (matches(state)) return true;
    return false;
  }
}
