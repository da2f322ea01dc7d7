/** Files of logs, by path. So many are open at once as a process may have anyhow; the one used longest ago is closed. */
import fs from 'node:fs';
import path from 'node:path';

const MAX_OPEN = 256;

/** File descriptors, the one used last at the end. */
const open = new Map<string, number>();

/** Descriptor for reading and writing, good until the next call. Throws when the file is not there, unless it is to be made. */
export function fileAt(file: string, isNew = false): number {
  let fd = open.get(file);
  if (fd === undefined) {
    fd = fs.openSync(file, isNew ? 'w+' : 'r+');
    const [oldest] = open.keys();
    if (open.size >= MAX_OPEN) closeFile(oldest!);
  } else open.delete(file);
  open.set(file, fd);
  return fd;
}

export function closeFile(file: string): void {
  const fd = open.get(file);
  if (fd === undefined) return;
  open.delete(file);
  fs.closeSync(fd);
}

export function removeFile(file: string): void {
  closeFile(file);
  fs.rmSync(file, { force: true });
}

/** Makes names that came and went survive a failing machine. */
export function syncFolder(dir: string): void {
  const fd = fs.openSync(dir, 'r');
  try {
    fs.fsyncSync(fd);
  } finally {
    fs.closeSync(fd);
  }
}

/** All of the old content or all of the new, whatever happens. */
export function replaceFile(file: string, content: string): void {
  const draft = `${file}.tmp`;
  fs.writeFileSync(draft, content, { flush: true });
  fs.renameSync(draft, file);
  syncFolder(path.dirname(file));
}
