/** Which file it is, whatever its name: the inode, and a fingerprint of how it begins against reused inodes. */
import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';

/** `length:hash` of the first bytes; it says itself how many, so it stays true while the file grows. */
export async function fingerprint(handle: FileHandle, length: number, from = 0): Promise<string> {
  const bytes = Buffer.allocUnsafe(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await handle.read(bytes, filled, length - filled, from + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  const hash = createHash('sha256').update(bytes.subarray(0, filled)).digest('hex').slice(0, 16);
  return `${filled}:${hash}`;
}

/** Whether the file begins as the fingerprint says. */
export async function beginsAs(handle: FileHandle, print: string): Promise<boolean> {
  const length = Number(print.split(':', 1)[0]);
  return Number.isSafeInteger(length) && length >= 0 && (await fingerprint(handle, length)) === print;
}
