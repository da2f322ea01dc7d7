/** Which changes of stored offsets FileStreamSource allows; the texts are those of Apache Kafka's, which clients know. */
import { type Config, ConfigError, type SourceOffsetChange } from '../../../src/plugin';

const isLong = (value: unknown): value is number | bigint =>
  typeof value === 'bigint' || Number.isInteger(value);

/** Whether the position lies in the file is found out when the task opens it. */
export function alterStreamOffsets(config: Config, changes: readonly SourceOffsetChange[]): boolean {
  if (config.optionalString('file') === null) {
    throw new ConfigError(
      "Offsets cannot be modified if the 'file' configuration is unspecified. This is because stdin is used for input and offsets are not tracked.",
    );
  }
  // Anything may be removed, so that one can clean up.
  for (const { partition, offset } of changes) if (offset !== null) check(partition, offset);
  return true;
}

function check(partition: SourceOffsetChange['partition'] | null, offset: Readonly<Record<string, unknown>>) {
  if (!('position' in offset)) {
    throw new ConfigError("Offset objects should either be null or contain the key 'position'");
  }
  const { position } = offset;
  if (!isLong(position)) {
    throw new ConfigError("The value for the 'position' key in the offset is expected to be a Long value");
  }
  if (position < 0) {
    throw new ConfigError("The value for the 'position' key in the offset should be a non-negative value");
  }
  if (partition === null) throw new ConfigError('Partition objects cannot be null');
  if (!('filename' in partition)) {
    throw new ConfigError("Partition objects should contain the key 'filename'");
  }
}
