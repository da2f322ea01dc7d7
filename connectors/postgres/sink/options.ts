/** What the three products' configurations come down to. */
import type { ConnectionTarget } from '../connection';

export type WriteMode = 'insert' | 'upsert' | 'update';
export type KeyMode = 'none' | 'kafka' | 'record_key' | 'record_value' | 'record_header';
export type TickUnit = 'milliseconds' | 'microseconds' | 'nanoseconds';

/** Names of the keys as the user knows them, for messages. */
export interface KeyNames {
  readonly writeMode: string;
  readonly keyMode: string;
  readonly keyFields: string;
  readonly deletes: string;
  readonly tableName: string;
  /** What to set so that missing tables and columns are made. */
  readonly create: string;
  readonly evolve: string;
}

export interface TableNaming {
  readonly format: string;
  /** Tables by topic; comes before the format. */
  readonly byTopic: ReadonlyMap<string, string>;
  /** Applied to the topic before it goes into the format. */
  readonly topicDotsToUnderscores: boolean;
  /** Everything but letters, digits and `_` becomes `_`. */
  readonly normalize: boolean;
}

export interface Retries {
  /** Null: for as long as it may heal. */
  readonly limit: number | null;
  readonly backoffMs: number | null;
}

export interface SinkOptions {
  readonly names: KeyNames;
  readonly connection: ConnectionTarget;
  /** Attempts of the first connection; null: the worker repeats for ever. */
  readonly connect: Retries;
  readonly retries: Retries;
  readonly mode: WriteMode;
  readonly keyMode: KeyMode;
  readonly keyFields: readonly string[];
  readonly deletes: boolean;
  /** A record without value when deletes are off. */
  readonly tombstones: 'skip' | 'refuse';
  /** Take Debezium's change events apart. */
  readonly envelope: boolean;
  readonly truncates: boolean;
  readonly naming: TableNaming;
  /** `pg_class.relkind` of the targets that are allowed. */
  readonly tableKinds: ReadonlySet<string>;
  readonly create: boolean;
  readonly evolve: boolean;
  /** Whether a value field that is no key is written. */
  readonly writesField: (topic: string, field: string) => boolean;
  /** Names are taken in lower case, as SQL does with unquoted ones. */
  readonly foldNames: boolean;
  readonly nullToDefault: boolean;
  readonly timestampFields: ReadonlySet<string>;
  readonly timestampUnit: TickUnit;
  readonly zone: string;
  readonly dateZone: string;
  readonly shiftsDateAndTime: boolean;
  readonly textColumn: string;
  readonly schemaless: boolean;
  readonly unknownFields: 'fail' | 'ignore';
  readonly insertConflict: 'compare' | 'ignore';
  /** Insert mode keeps only the last record of a key in a batch. */
  readonly reduceInserts: boolean;
}
