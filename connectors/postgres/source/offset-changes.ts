/** Which changes of stored offsets the Postgres source allows. */
import { ConfigError, type SourceOffset, type SourceOffsetChange } from '../../../src/plugin';

const KEYS = ['incrementing', 'timestamp', 'timestamp_nanos'];

const isLong = (value: unknown): boolean => typeof value === 'bigint' || Number.isInteger(value);

export function alterOffsets(changes: readonly SourceOffsetChange[]): boolean {
  // Anything may be removed, so that one can clean up.
  for (const { partition, offset } of changes) {
    if (offset === null) continue;
    const of: Readonly<Record<string, unknown>> = partition ?? {};
    if (typeof of['table'] !== 'string' && typeof of['query'] !== 'string') {
      throw new ConfigError("Partition objects should contain the key 'table' or 'query'");
    }
    check(offset);
  }
  return true;
}

function check(offset: SourceOffset): void {
  if (!('incrementing' in offset) && !('timestamp' in offset)) {
    throw new ConfigError("Offset objects should contain the key 'incrementing' or 'timestamp'");
  }
  for (const [key, value] of Object.entries(offset)) {
    if (!KEYS.includes(key)) {
      throw new ConfigError(
        `The offset has a key '${key}' that means nothing; it may have ${KEYS.join(', ')}`,
      );
    }
    if (!isLong(value)) {
      throw new ConfigError(`The value for the '${key}' key in the offset is expected to be a Long value`);
    }
  }
  const { timestamp_nanos: nanos } = offset;
  if (nanos !== undefined && (Number(nanos) < 0 || Number(nanos) >= 1e9)) {
    throw new ConfigError("The value for the 'timestamp_nanos' key in the offset lies within a second");
  }
}
