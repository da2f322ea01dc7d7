/** What consumers write into their join: enough of it to know their topics. */
import { ByteReader } from '../../kafka/wire/bytes';

/** Topics of all members together; null when one of them does not say it as consumers do. */
export function subscribedTopics(metadata: readonly Buffer[]): ReadonlySet<string> | null {
  try {
    return new Set(metadata.flatMap(topicsOf));
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

/** All versions begin alike: version, topics. */
function topicsOf(metadata: Buffer): string[] {
  const reader = new ByteReader(metadata);
  reader.int16();
  return reader.array((r) => r.string());
}
