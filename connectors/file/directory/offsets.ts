/** Which changes of stored offsets the directory source allows: its own, moved back or forth, or none. */
import { ConfigError, type SourceOffset, type SourceOffsetChange } from '../../../src/plugin';

export function alterDirectoryOffsets(changes: readonly SourceOffsetChange[]): boolean {
  // Anything may be removed, so that one can clean up.
  for (const { partition, offset } of changes) if (offset !== null) check(partition, offset);
  return true;
}

function check(partition: SourceOffsetChange['partition'] | null, offset: SourceOffset): void {
  if (typeof partition?.['file'] !== 'string') {
    throw new ConfigError("The partition should contain the key 'file', a file's inode as text");
  }
  const { position, identity, end } = offset;
  if (typeof position !== 'number' || !Number.isSafeInteger(position) || position < 0) {
    throw new ConfigError("The offset should contain the key 'position', a number of bytes");
  }
  if (typeof identity !== 'string') {
    throw new ConfigError(
      "The offset should contain the key 'identity' as it was stored: without it nobody knows which file is meant",
    );
  }
  // A file that was read to its end is not looked at again.
  if (typeof end === 'string' && position < Number(end.split('/', 1)[0])) {
    throw new ConfigError(
      "The key 'end' in the offset says that the file is read to its end: leave it out to read on from 'position'",
    );
  }
}
