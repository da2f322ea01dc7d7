/** What both stores of source offsets share: Connect's keys, and the state they keep in memory. */
import { parseExact, schemaless } from '../convert/json/read';
import type { OffsetEntry } from '../flow';
import type { SourceOffset, SourcePartition } from '../kernel';
import { javaJson } from './storage/java-json';

/** Connect's key of an offset: compact JSON of `["connector",{partition}]`, the order of the connector kept. */
export const offsetKey = (connector: string, partition: SourcePartition): string =>
  javaJson([connector, partition]);

export const offsetValue = (offset: SourceOffset | null): string | null =>
  offset === null ? null : javaJson(offset);

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

/** Null for a tombstone and for what is no JSON object. Integers beyond 2^53 are bigints. */
export function parseOffset(text: string | null): SourceOffset | null {
  const parsed = text === null ? null : parseJson(text);
  return isObject(parsed) ? (parsed as SourceOffset) : null;
}

const isObject = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function parseJson(text: string): unknown {
  try {
    return schemaless(parseExact(text));
  } catch {
    return null;
  }
}

class StoredRow implements OffsetRow {
  constructor(
    /** As it is in the store, which is not always as it would be written here. */
    readonly key: string,
    readonly connector: string,
    readonly partition: SourcePartition,
    readonly offset: SourceOffset,
    readonly writtenAt: number,
  ) {}
}

/**
 * Offsets by key text. Another worker may have written the members of a partition in another order, or a number in
 * another form: such a row is found where there is none of the exact text, and what replaces or removes it goes to its key.
 */
export class OffsetState {
  readonly #rows = new Map<string, StoredRow>();
  /** By connector and partition, whatever the order of its members. */
  readonly #partitions = new Map<string, Map<string, StoredRow[]>>();

  /** @param writtenAt ms; of rows of one partition under several keys the latest counts */
  put(key: string, offset: SourceOffset | null, writtenAt = 0): void {
    const before = this.#rows.get(key);
    const parsed = before ?? parseOffsetKey(key);
    if (parsed === null) return;
    const { connector, partition } = parsed;
    const id = identity(partition);
    const ofConnector = this.#ofConnector(connector);
    const others = (ofConnector.get(id) ?? []).filter((row) => row !== before);
    if (offset === null) {
      this.#rows.delete(key);
      if (others.length > 0) ofConnector.set(id, others);
      else ofConnector.delete(id);
      if (ofConnector.size === 0) this.#partitions.delete(connector);
      return;
    }
    const row = new StoredRow(key, connector, partition, offset, writtenAt);
    this.#rows.set(key, row);
    ofConnector.set(id, [...others, row]);
  }

  set(connector: string, entries: readonly OffsetEntry[]): void {
    for (const { partition, offset } of entries) {
      for (const key of this.keys(connector, partition, offset)) this.put(key, offset);
    }
  }

  get(connector: string, partitions: readonly SourcePartition[]): (SourceOffset | null)[] {
    return partitions.map((partition) => this.#find(connector, partition)?.offset ?? null);
  }

  /** Keys to write an offset to: the one that is there, or the partition's own; to remove it, all that are there. */
  keys(connector: string, partition: SourcePartition, offset: SourceOffset | null): string[] {
    const own = offsetKey(connector, partition);
    if (offset !== null) return [this.#find(connector, partition)?.key ?? own];
    const rows = this.#partitions.get(connector)?.get(identity(partition)) ?? [];
    return rows.length === 0 ? [own] : rows.map(({ key }) => key);
  }

  all(connector: string): { partition: SourcePartition; offset: SourceOffset }[] {
    const partitions = [...(this.#partitions.get(connector)?.values() ?? [])];
    return partitions.map(latest).map(({ partition, offset }) => ({ partition, offset }));
  }

  rows(): OffsetRow[] {
    return [...this.#rows.values()];
  }

  #find(connector: string, partition: SourcePartition): StoredRow | null {
    const exact = this.#rows.get(offsetKey(connector, partition));
    if (exact !== undefined) return exact;
    const rows = this.#partitions.get(connector)?.get(identity(partition));
    return rows === undefined ? null : latest(rows);
  }

  #ofConnector(connector: string): Map<string, StoredRow[]> {
    let found = this.#partitions.get(connector);
    if (found === undefined) this.#partitions.set(connector, (found = new Map()));
    return found;
  }
}

/** The same text for the same members with the same values. */
const identity = (partition: SourcePartition): string =>
  javaJson(Object.entries(partition).sort(([a], [b]) => (a < b ? -1 : 1)));

const latest = (rows: readonly StoredRow[]): StoredRow =>
  rows.reduce((best, row) => (row.writtenAt >= best.writtenAt ? row : best));
