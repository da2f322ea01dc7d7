/**
 * The public contract of plug-ins. A module's default export is a declaration or an array of them; nothing registers
 * itself at import. One ConfigDef per declaration is read by parsing, validation, lint, docs and redaction.
 *
 * Life of a task: `open` (the only place that connects; retried with back-off on RetriableError) → `poll`/`put`, never
 * overlapping → the abort signal fires once → `[Symbol.asyncDispose]` runs exactly once, even after a throw.
 */
import type {
  Config,
  ConfigDef,
  ConfigIssue,
  ConnectRecord,
  Headers,
  Logger,
  Metrics,
  Position,
  Positions,
  Schema,
  SchemaAndValue,
  SinkRecord,
  SourceOffset,
  SourcePartition,
  SourceRecord,
  TopicPartition,
} from '../kernel';

export interface PluginBase {
  /** Kebab name, unique within its kind. */
  readonly name: string;
  /** Java class names and short names, so existing configs run unchanged. The first is the canonical Java class. */
  readonly aliases: readonly string[];
  /** Semver of the plug-in. */
  readonly version: string;
  /** Range of host API versions; a mismatch is a named error at load. */
  readonly requires?: string;
  readonly summary: string;
  /** Longer help, Markdown. */
  readonly description?: string;
  /** Full configurations that tests run and docs show. */
  readonly examples?: readonly {
    readonly title: string;
    readonly config: Readonly<Record<string, string>>;
  }[];
  readonly config: ConfigDef;
}

/** Strings by key: what a task of this connector is configured with. */
export type TaskConfig = Readonly<Record<string, string>>;

/** Raw connector configuration: strings by key, secrets resolved. */
export type ConnectorConfig = Readonly<Record<string, string>>;

export interface PlanContext {
  readonly connector: string;
  readonly logger: Logger;
  readonly offsets: OffsetReader;
  readonly signal: AbortSignal;
  /** Asks the runtime to call `plan` again, e.g. when a new table or file group appeared. */
  requestReplan(): void;
}

export interface OffsetReader {
  /** Last committed offset of a source partition, null when there is none. */
  offset(partition: SourcePartition): Promise<SourceOffset | null>;
  /** The same for many, in order. */
  offsets(partitions: readonly SourcePartition[]): Promise<(SourceOffset | null)[]>;
}

interface TaskContext {
  readonly connector: string;
  readonly task: number;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly signal: AbortSignal;
}

export interface SourceTaskContext extends TaskContext {
  readonly offsets: OffsetReader;
  /**
   * Reports raw input that could not become a record (a bad CSV line). Under `errors.tolerance=all` it is logged and
   * counted and the task goes on; else this throws and the task must let it through.
   */
  skip(error: Error, where: string): void;
  /** Transactions that the task delimits itself; null unless `transaction.boundary=connector` (KIP-618). */
  readonly transaction: TransactionContext | null;
  /**
   * Somebody looks at a few records: nothing counts as read, `committed` is never called, and the task leaves everything
   * in its source as it is.
   */
  readonly preview?: boolean;
}

/**
 * Where transactions end. Calls made during `poll` are about the records it returns. An aborted transaction drops its
 * records, and yet their offsets are stored: they are not asked for again.
 */
export interface TransactionContext {
  /** Ends the transaction with this record, the very object that the poll returns; without one, with the poll's last. */
  commit(last?: SourceRecord): void;
  /** Drops everything since the last end, up to this record; without one, up to the poll's last. */
  abort(last?: SourceRecord): void;
}

export interface SinkTaskContext extends TaskContext {
  /**
   * Reports a record the target refuses. Resolves when it is logged and dead-lettered; rejects under
   * `errors.tolerance=none`, and the task must let that through.
   */
  report(record: SinkRecord, error: Error): Promise<void>;
  /** Null when neither a dead-letter topic nor the error log would tell of a reported record (KIP-610). */
  readonly errantRecordReporter: ErrantRecordReporter | null;
  /** Asks for a commit soon. */
  requestCommit(): void;
  /** Partitions of this task now. */
  assignment(): readonly TopicPartition[];
  /** The next `put` goes on from this position of an assigned partition, which also counts as reached. */
  offset(position: Position): void;
  /** Nothing of these partitions comes until they are resumed. Ends with the assignment. */
  pause(partitions: readonly TopicPartition[]): void;
  resume(partitions: readonly TopicPartition[]): void;
  /** After the next retriable error of `put` the batch comes again in so many ms, instead of after the usual back-off. */
  timeout(ms: number): void;
}

export interface ErrantRecordReporter {
  /**
   * Resolves when the record is in the dead-letter topic, with the bytes it came with; offsets are committed only after
   * that, whether the task waits or not. Under `errors.tolerance=none` it rejects, and the task fails after this `put`.
   */
  report(record: SinkRecord, error: Error): Promise<void>;
}

export interface SourceTask extends AsyncDisposable {
  /** The next batch; null when there is nothing now (the task itself waits a little, ending early on the signal). */
  poll(signal: AbortSignal): Promise<readonly SourceRecord[] | null>;
  /** Data and offsets are durable: files may be moved, replication slots advanced. Never overlaps with itself. */
  committed?(offsets: readonly { partition: SourcePartition; offset: SourceOffset }[]): void | Promise<void>;
  /** True when the source has nothing more to give; `run --once` ends then. Absent: never ends by itself. */
  exhausted?(): boolean;
}

export interface SinkTask extends AsyncDisposable {
  /**
   * Writes a batch. RetriableError: the same batch comes again after back-off, the consumer stays in its group. Any
   * other error fails the task. An empty batch is a tick: time-based rotation may use it.
   */
  put(batch: readonly SinkRecord[], signal: AbortSignal): Promise<void>;
  /** What is durable and may be committed; asked before each commit. Absent: everything put is durable. */
  flushable?(positions: Positions): Positions | Promise<Positions>;
  /** Where the group would begin. A sink that keeps its own positions answers with them; the runtime seeks there. */
  assigned?(positions: Positions): Promise<Positions | undefined>;
  /** Partitions go away: finish what is open for them; `flushable` is asked once more afterwards. */
  revoked?(partitions: readonly TopicPartition[]): Promise<void>;
}

export interface SourceCapabilities {
  readonly exactlyOnce?: boolean;
  readonly alterOffsets?: boolean;
  /** The task ends transactions itself when `transaction.boundary=connector`. */
  readonly transactionBoundaries?: boolean;
  /** False where a look at the records cannot be had without a trace, such as a replication slot. */
  readonly preview?: boolean;
}

/** One thing that a connection test tried. */
export interface ConnectionStep {
  /** `resolve`, `connect`, `tls`, `login`, `permissions`, `target`, or what else there is to try. */
  readonly step: string;
  readonly status: 'ok' | 'failed' | 'skipped';
  /** What was found, one sentence. Secrets in it are hidden by the worker. */
  readonly message: string;
  /** What to do about a failure. */
  readonly hint?: string | null;
}

/**
 * Tries a configuration against its system, step by step, and changes nothing there. Steps are handed out as they are
 * done: what comes later may hang, and is given up when the signal aborts. A failure is a step, not an error.
 */
export type ConnectionTest = (config: Config, signal: AbortSignal) => AsyncIterable<ConnectionStep>;

/** A change of stored offsets asked for over REST; a null offset removes the partition's. */
export interface SourceOffsetChange {
  readonly partition: SourcePartition;
  readonly offset: SourceOffset | null;
}

/** Null: back to where the group begins without an offset. */
export interface SinkOffsetChange extends TopicPartition {
  readonly offset: number | null;
}

export interface SourceConnector extends PluginBase {
  readonly kind: 'source';
  readonly capabilities?: SourceCapabilities;
  /** Checks that need I/O (does the table exist?). Issues are shown with the keys they name. */
  validate?(config: Config, signal: AbortSignal): Promise<readonly ConfigIssue[]>;
  readonly test?: ConnectionTest;
  /** Instead of the capability, where it depends on the configuration. */
  exactlyOnce?(config: Config): boolean;
  /** Instead of the capability, where it depends on the configuration. */
  preview?(config: Config): boolean;
  /**
   * Called before offsets are changed from outside, while no task runs. Throws what is wrong with a partition or an
   * offset, in the words that REST shows. True: nothing beside the stored offsets is to be changed by hand. Absent: as
   * false.
   */
  alterOffsets?(config: Config, changes: readonly SourceOffsetChange[]): boolean | Promise<boolean>;
  /** Task configurations, at most `maxTasks`. Absent: one task with the connector's own configuration. */
  plan?(context: PlanContext, config: Config, maxTasks: number): Promise<readonly TaskConfig[]>;
  open(context: SourceTaskContext, config: Config): Promise<SourceTask>;
}

export interface SinkConnector extends PluginBase {
  readonly kind: 'sink';
  readonly capabilities?: { readonly exactlyOnce?: boolean };
  /** As for sources: true when the offsets of the consumer group are all there is. */
  alterOffsets?(config: Config, changes: readonly SinkOffsetChange[]): boolean | Promise<boolean>;
  readonly test?: ConnectionTest;
  validate?(config: Config, signal: AbortSignal): Promise<readonly ConfigIssue[]>;
  /** Absent: `maxTasks` tasks with the connector's own configuration. */
  plan?(context: PlanContext, config: Config, maxTasks: number): Promise<readonly TaskConfig[]>;
  open(context: SinkTaskContext, config: Config): Promise<SinkTask>;
}

/** What a converter may use of its host. */
export interface ConverterContext {
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** Process-wide services by name, e.g. the schema registry client pool; absent in tests that need none. */
  readonly services: Readonly<Record<string, unknown>>;
}

/** A header as it is in Kafka. */
export interface WireHeader {
  readonly key: string;
  readonly value: Uint8Array | null;
}

/**
 * Converts between Connect data and bytes, synchronously. Throws DataError for a bad value or bad bytes, and
 * `Pending` when it must first fetch something: the runtime awaits it and repeats the same call.
 */
export interface Converter {
  /** Null means a null in Kafka. The bytes are valid until the next call to the same converter: copy what is kept. */
  fromConnect(topic: string, headers: Headers, schema: Schema | null, value: unknown): Uint8Array | null;
  /** The header that goes with the bytes returned last; null: none. Absent in a converter that never has one. */
  readonly header?: WireHeader | null | undefined;
  /**
   * `bytes` belong to the fetch buffer: what is kept of them beyond the call must be copied. So do the values of the headers,
   * which are those of Kafka: a header converter would have made something else of a schema's guid.
   */
  toConnect(topic: string, headers: Headers, bytes: Buffer | null): SchemaAndValue;
  close?(): Promise<void>;
}

/** Thrown by a converter that must wait: await `ready`, then call again. `ready` rejects when waiting failed. */
export class Pending {
  constructor(
    readonly ready: Promise<unknown>,
    /** What is awaited, for the status of the task: `schema 42 from http://…`. */
    readonly what = 'a schema',
  ) {}
}

export interface ConverterPlugin extends PluginBase {
  readonly kind: 'converter';
  create(context: ConverterContext, config: Config, isKey: boolean): Converter;
}

export interface HeaderConverter {
  /** Unlike those of a Converter, the bytes stay valid: a record has several headers. */
  fromConnectHeader(topic: string, key: string, schema: Schema | null, value: unknown): Uint8Array | null;
  toConnectHeader(topic: string, key: string, bytes: Buffer | null): SchemaAndValue;
}

export interface HeaderConverterPlugin extends PluginBase {
  readonly kind: 'header-converter';
  create(context: ConverterContext, config: Config): HeaderConverter;
}

/** Sync, one record in, one or none (null drops it) out. Must not change its argument. Throws DataError on bad data. */
export type Transform = <R extends ConnectRecord>(record: R) => R | null;

export interface TransformPlugin extends PluginBase {
  readonly kind: 'transform';
  create(config: Config): Transform;
}

export type Predicate = (record: ConnectRecord) => boolean;

export interface PredicatePlugin extends PluginBase {
  readonly kind: 'predicate';
  create(config: Config): Predicate;
}

/** What a config provider found at a path. */
export interface ProvidedValues {
  /** Of the keys asked for; one that is not there is left out. */
  readonly values: Readonly<Record<string, string>>;
  /** Why keys are left out, for people. */
  readonly missing?: Readonly<Record<string, string>>;
  /** How long the values hold, ms; connectors that use them are restarted then. Absent: for good. */
  readonly ttlMs?: number;
}

export interface ConfigProvider {
  /** `path` is '' when the reference has none. Throws ConfigError when nothing can be read at all. */
  get(path: string, keys: readonly string[]): Promise<ProvidedValues>;
}

export interface ConfigProviderPlugin extends PluginBase {
  readonly kind: 'config-provider';
  create(config: Config): ConfigProvider;
}

export type Plugin =
  | SourceConnector
  | SinkConnector
  | ConverterPlugin
  | HeaderConverterPlugin
  | TransformPlugin
  | PredicatePlugin
  | ConfigProviderPlugin;

export type PluginKind = Plugin['kind'];
export type { Position, Positions };
