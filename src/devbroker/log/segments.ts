/** The segments of one log, in order, in memory or in a folder. There is always an active one, the last. */
import fs from 'node:fs';
import { baseOffsetOf } from './batch';
import type { Compacted } from './compaction';
import { FileStore } from './file-store';
import { removeFile } from './files';
import { Folder, type FolderState } from './folder';
import { MemoryStore } from './memory-store';
import { scanFile } from './recovery';
import { Segment } from './segment';

/** What had to be cut when a log was opened. */
export interface Loss {
  readonly file: string;
  /** The first offset that is lost. */
  readonly offset: number;
  readonly bytes: number;
  /** Segments that came later and went whole. */
  readonly segments: number;
}

export class Segments {
  readonly #folder: Folder | null;
  #all: Segment[] = [];
  #isFolderDirty = false;

  /** @param dir null: in memory */
  constructor(dir: string | null) {
    this.#folder = dir === null ? null : new Folder(dir);
  }

  get all(): readonly Segment[] {
    return this.#all;
  }

  get active(): Segment {
    return this.#all.at(-1)!;
  }

  get sizeBytes(): number {
    let size = 0;
    for (const segment of this.#all) size += segment.sizeBytes;
    return size;
  }

  /** Number of the segment that the offset is in. */
  numberAt(offset: number): number {
    let low = 0;
    let high = this.#all.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if (this.#all[middle]!.baseOffset <= offset) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  /**
   * Takes in what the folder holds; there is no active segment yet when it holds nothing.
   * @param visit called with every batch, in order; it is good during the call only
   */
  recover(now: number, visit: (batch: Buffer) => void): Loss | null {
    if (this.#folder === null) return null;
    const offsets = this.#folder.segments();
    for (const [n, offset] of offsets.entries()) {
      const file = this.#folder.file(offset);
      const found = this.#scan(file, offset, now, visit);
      if (found === null) continue;
      const later = offsets.slice(n + 1).map((each) => this.#folder!.file(each));
      const bytes = later.reduce((sum, each) => sum + fs.statSync(each).size, found.bytes);
      for (const each of later) removeFile(each);
      this.#folder.sync();
      return { file, offset: found.offset, bytes, segments: later.length };
    }
    return null;
  }

  /** Cuts what is corrupt: answers where that begins and how much it is, null when all was whole. */
  #scan(
    file: string,
    baseOffset: number,
    now: number,
    visit: (batch: Buffer) => void,
  ): { offset: number; bytes: number } | null {
    const sizeBytes = fs.statSync(file).size;
    const store = new FileStore(file, sizeBytes);
    const segment = new Segment(baseOffset, store, now);
    const next = Math.max(baseOffset, this.#all.at(-1)?.nextOffset ?? 0);
    const goodBytes = scanFile(file, sizeBytes, next, (batch, position) => {
      segment.note(batch, baseOffsetOf(batch), position);
      visit(batch);
    });
    this.#all.push(segment);
    if (goodBytes === sizeBytes) return null;
    store.truncate(goodBytes);
    return { offset: segment.nextOffset, bytes: sizeBytes - goodBytes };
  }

  get state(): FolderState | null {
    return this.#folder?.state() ?? null;
  }

  /** Keeps what the segments do not say; nothing to do in memory. */
  keep(state: FolderState): void {
    this.#folder?.keep(state);
  }

  /** Begins a new active segment. */
  roll(baseOffset: number, now: number): void {
    const store = this.#folder === null ? new MemoryStore() : new FileStore(this.#folder.file(baseOffset), 0);
    this.#all.push(new Segment(baseOffset, store, now));
    this.#isFolderDirty = true;
  }

  /** Removes the first ones. */
  drop(count: number): void {
    for (const segment of this.#all.splice(0, count)) segment.store.remove();
  }

  /** An empty segment that is not part of the log yet. */
  draft(baseOffset: number, now: number): Segment {
    return new Segment(baseOffset, this.#folder?.draft(baseOffset) ?? new MemoryStore(), now);
  }

  replace({ replaced, segment, end }: Compacted): void {
    const at = this.#all.indexOf(replaced[0]!);
    const stores = replaced.map(({ store }) => store);
    if (segment.store instanceof FileStore) {
      this.#folder!.swap(segment.store, segment.baseOffset, end, stores as FileStore[]);
    } else for (const store of stores) store.remove();
    this.#all.splice(at, replaced.length, ...(segment.isEmpty ? [] : [segment]));
  }

  flush(): void {
    for (const { store } of this.#all) store.sync();
    if (this.#isFolderDirty) this.#folder?.sync();
    this.#isFolderDirty = false;
  }

  close(): void {
    for (const { store } of this.#all) store.close();
  }

  remove(): void {
    this.drop(this.#all.length);
    this.#folder?.remove();
  }
}
