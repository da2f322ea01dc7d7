/** The folder of one partition: which files there are, and what is left of a change that did not come to its end. */
import fs from 'node:fs';
import path from 'node:path';
import { FileStore } from './file-store';
import { removeFile, replaceFile, syncFolder } from './files';

const SEGMENT = /^(\d{20})\.log$/;
/** Segments from one offset to before another are replaced by it; empty: by nothing. */
const SWAP = /^(\d{20})-(\d{20})\.swap$/;
const UNFINISHED = /\.(cleaned|tmp)$/;
const STATE = 'state.json';

/** What the segments do not say. */
export interface FolderState {
  readonly startOffset: number;
  /** Compaction has seen everything before it. */
  readonly cleanedTo: number;
}

const digits = (offset: number): string => String(offset).padStart(20, '0');

export class Folder {
  constructor(readonly dir: string) {
    fs.mkdirSync(dir, { recursive: true });
  }

  /** Begin offsets of the segments, ascending, after the last change was brought to its end. */
  segments(): number[] {
    const names = fs.readdirSync(this.dir);
    for (const name of names) if (UNFINISHED.test(name)) removeFile(path.join(this.dir, name));
    const found = names.flatMap((name) => SEGMENT.exec(name)?.[1] ?? []).map(Number);
    for (const name of names) {
      const [, from, end] = SWAP.exec(name) ?? [];
      if (from !== undefined && end !== undefined) this.#finishSwap(name, found, Number(from), Number(end));
    }
    return this.#sorted();
  }

  #sorted(): number[] {
    const names = fs.readdirSync(this.dir).flatMap((name) => SEGMENT.exec(name)?.[1] ?? []);
    return names.map(Number).sort((a, b) => a - b);
  }

  #finishSwap(name: string, found: readonly number[], from: number, end: number): void {
    const replaced = found.filter((base) => base >= from && base < end);
    for (const base of replaced) removeFile(this.file(base));
    const swap = path.join(this.dir, name);
    if (fs.statSync(swap).size === 0) removeFile(swap);
    else fs.renameSync(swap, this.file(from));
    syncFolder(this.dir);
  }

  file(baseOffset: number): string {
    return path.join(this.dir, `${digits(baseOffset)}.log`);
  }

  /** An empty segment that nobody finds after a restart until it is swapped in. */
  draft(baseOffset: number): FileStore {
    return new FileStore(`${this.file(baseOffset)}.cleaned`, 0);
  }

  /** Puts a draft in the place of the segments from its begin to before `end`. */
  swap(draft: FileStore, baseOffset: number, end: number, replaced: readonly FileStore[]): void {
    draft.sync();
    const swap = path.join(this.dir, `${digits(baseOffset)}-${digits(end)}.swap`);
    draft.rename(swap);
    syncFolder(this.dir);
    for (const store of replaced) store.remove();
    if (draft.sizeBytes === 0) draft.remove();
    else draft.rename(this.file(baseOffset));
    syncFolder(this.dir);
  }

  /** Null when there is none that can be read. */
  state(): FolderState | null {
    try {
      const { startOffset, cleanedTo } = JSON.parse(fs.readFileSync(path.join(this.dir, STATE), 'utf8'));
      return Number.isSafeInteger(startOffset) && Number.isSafeInteger(cleanedTo)
        ? { startOffset, cleanedTo }
        : null;
    } catch {
      return null;
    }
  }

  keep(state: FolderState): void {
    replaceFile(path.join(this.dir, STATE), JSON.stringify(state));
  }

  sync(): void {
    syncFolder(this.dir);
  }

  remove(): void {
    fs.rmSync(this.dir, { recursive: true, force: true });
  }
}
