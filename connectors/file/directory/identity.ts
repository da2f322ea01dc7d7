/**
 * Which file a stored offset means. The partition holds the inode, which stays through renames; inodes are used again,
 * so the offset tells when the file was made and how it began, and how it looked when it was read to its end.
 */
import type { BigIntStats } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import type { SourceOffset } from '../../../src/plugin';
import { beginsAs, fingerprint } from '../io/identity';

const HEAD_BYTES = 4096;
const TAIL_BYTES = 4096;

/**
 * When a file was made, '' when the file system does not tell. Where it does not, the time of the last change stands in;
 * a file that differs in both is told, one that does not needs `knowsBirth` to be believed.
 */
function birthOf(stats: BigIntStats, knowsBirth: boolean): string {
  const told = stats.birthtimeNs !== 0n && (knowsBirth || stats.birthtimeNs !== stats.ctimeNs);
  return told ? String(stats.birthtimeNs) : '';
}

/** `born/length:hash`; born is empty where the file system does not tell it. */
export async function identityOf(
  handle: FileHandle,
  stats: BigIntStats,
  knowsBirth: boolean,
): Promise<string> {
  return `${birthOf(stats, knowsBirth)}/${await fingerprint(handle, HEAD_BYTES)}`;
}

/** Whether `identity` covers as much of the beginning as it ever will. */
export const isSettled = (identity: string): boolean =>
  identity.slice(identity.indexOf('/') + 1).startsWith(`${HEAD_BYTES}:`);

/** `size/mtime`, which changes whenever the file does. */
export const signatureOf = (stats: BigIntStats): string => `${stats.size}/${stats.mtimeNs}`;

/** `size/mtime/length:hash of the last bytes` of a file that is read to its end. */
export async function endOf(handle: FileHandle, stats: BigIntStats): Promise<string> {
  const size = Number(stats.size);
  const length = Math.min(TAIL_BYTES, size);
  return `${size}/${stats.mtimeNs}/${await fingerprint(handle, length, size - length)}`;
}

function sizeAndTime(end: string): [size: number, mtime: string] {
  const [size, mtime] = end.split('/', 2);
  return [Number(size), mtime ?? ''];
}

/** Whether a file is, without a look inside, the one that was read to its end: same inode, birth, size and mtime. */
export function isUnchanged(stats: BigIntStats, offset: SourceOffset, knowsBirth: boolean): boolean {
  const { end, identity } = offset;
  if (!knowsBirth || typeof end !== 'string' || typeof identity !== 'string') return false;
  return identity.startsWith(`${stats.birthtimeNs}/`) && end.startsWith(`${stats.size}/${stats.mtimeNs}/`);
}

/**
 * Whether the offset holds for this file: it is the same one, or has grown since. `readable`: bytes of the file that the
 * offset's position needs to be there, 0 when that cannot be told.
 */
export async function holds(
  handle: FileHandle,
  stats: BigIntStats,
  offset: SourceOffset,
  readable: number,
): Promise<boolean> {
  const { identity, end } = offset;
  if (typeof identity !== 'string' || Number(stats.size) < readable) return false;
  const slash = identity.indexOf('/');
  const born = identity.slice(0, slash);
  if (born !== '' && born !== String(stats.birthtimeNs)) return false;
  if (!(await beginsAs(handle, identity.slice(slash + 1)))) return false;
  if (typeof end !== 'string') return true;
  const [size, mtime] = sizeAndTime(end);
  // Without a time of birth, its time of change alone tells a new file of the same content from the old one.
  if (born === '' && Number(stats.size) === size && mtime !== String(stats.mtimeNs)) {
    const birth = birthOf(stats, false);
    if (birth === '' || BigInt(birth) > BigInt(mtime)) return false;
  }
  const tail = end.slice(end.lastIndexOf('/') + 1);
  const length = Math.min(TAIL_BYTES, size);
  return Number(stats.size) >= size && (await fingerprint(handle, length, size - length)) === tail;
}
