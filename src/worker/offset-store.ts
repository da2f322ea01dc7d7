/** What both stores of source offsets share: Connect's keys, and the state they keep in memory. */
import type { OffsetEntry } from '../flow';
import type { SourceOffset, SourcePartition } from '../kernel';

/** Connect's key of an offset: compact JSON of `["connector",{partition}]`, the order of the connector kept. */
export const offsetKey = (connector: string, partition: SourcePartition): string =>
  JSON.stringify([connector, partition]);

export interface OffsetRow {
  readonly connector: string;
  readonly partition: SourcePartition;
  readonly offset: SourceOffset;
}

/** Null when the text is no key of Connect's: topics hold what anybody wrote. */
export function parseOffsetKey(text: string): { connector: string; partition: SourcePartition } | null {
  const parsed = parseJson(text);
  if (!Array.isArray(parsed) || parsed.length !== 2) return null;
  const [connector, partition] = parsed as [unknown, unknown];
  return typeof connector === 'string' && isObject(partition)
    ? { connector, partition: partition as SourcePartition }
    : null;
}

/** Null for a tombstone and for what is no JSON object. */
export function parseOffset(text: string | null): SourceOffset | null {
  const parsed = text === null ? null : parseJson(text);
  return isObject(parsed) ? (parsed as SourceOffset) : null;
}

const isObject = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** Offsets by key text. */
export class OffsetState {
  readonly #rows = new Map<string, OffsetRow>();

  put(key: string, offset: SourceOffset | null): void {
    const parsed = parseOffsetKey(key);
    if (parsed === null) return;
    if (offset === null) this.#rows.delete(key);
    else this.#rows.set(key, { ...parsed, offset });
  }

  set(connector: string, entries: readonly OffsetEntry[]): void {
    for (const { partition, offset } of entries) this.put(offsetKey(connector, partition), offset);
  }

  get(connector: string, partitions: readonly SourcePartition[]): (SourceOffset | null)[] {
    return partitions.map((partition) => this.#rows.get(offsetKey(connector, partition))?.offset ?? null);
  }

  all(connector: string): { partition: SourcePartition; offset: SourceOffset }[] {
    return this.rows()
      .filter((row) => row.connector === connector)
      .map(({ partition, offset }) => ({ partition, offset }));
  }

  rows(): OffsetRow[] {
    return [...this.#rows.values()];
  }
}
