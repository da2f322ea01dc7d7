/** Two brokers never share a data folder. */
import fs from 'node:fs';
import path from 'node:path';
import { MillraceError } from '../../kernel';

const NAME = 'broker.lock';

interface Holder {
  readonly pid: number;
  /** Tells a process from a later one with the same id; null where the system does not say. */
  readonly startedAt: string | null;
}

/**
 * Makes the folder when it is not there, and holds it until the answered function is called. The lock of a process that
 * died does not count.
 * @throws MillraceError CONFLICT, FILE_UNREADABLE
 */
export function holdFolder(dir: string): () => void {
  const file = path.join(dir, NAME);
  try {
    fs.mkdirSync(dir, { recursive: true });
    // The second try comes after the lock of a process that died was taken away.
    if (!tryLock(file) && !tryLock(file)) throw inUse(dir, readHolder(file));
  } catch (cause) {
    if (cause instanceof MillraceError) throw cause;
    throw new MillraceError('FILE_UNREADABLE', `The data folder ${dir} cannot be used`, {
      cause,
      hint: 'Give the dev broker a folder that it may write to.',
    });
  }
  return () => fs.rmSync(file, { force: true });
}

function tryLock(file: string): boolean {
  const own = `${file}.${process.pid}`;
  fs.writeFileSync(
    own,
    JSON.stringify({ pid: process.pid, startedAt: startOf(process.pid) } satisfies Holder),
  );
  try {
    // A link is there with its content at once: nobody reads a lock that is still empty.
    fs.linkSync(own, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    if (!isAlive(readHolder(file))) fs.rmSync(file, { force: true });
    return false;
  } finally {
    fs.rmSync(own, { force: true });
  }
}

function readHolder(file: string): Holder | null {
  try {
    return JSON.parse(fs.readFileSync(file, 'utf8')) as Holder;
  } catch {
    return null;
  }
}

function isAlive(holder: Holder | null): boolean {
  if (holder === null) return false;
  try {
    process.kill(holder.pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
  return holder.startedAt === startOf(holder.pid);
}

/** In ticks since the system's start, where there is a /proc; null for a process that has ended and only waits to be buried. */
function startOf(pid: number): string | null {
  try {
    const stat = fs.readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name may contain anything but ends with the last bracket. What follows begins with the third field, the state.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' || fields[0] === 'X' ? null : (fields[19] ?? null);
  } catch {
    return null;
  }
}

const inUse = (dir: string, holder: Holder | null): MillraceError =>
  new MillraceError('CONFLICT', `Process ${holder?.pid ?? 'unknown'} uses the data folder ${dir}`, {
    hint: 'Stop that dev broker, or give this one a folder of its own.',
  });
