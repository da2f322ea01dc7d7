import type { AssignorName } from '../kafka/assignors';
import type { BatchProducer, Compression, KafkaPort, ReaderOptions } from '../kafka/port';
import type { Logger, Metrics, SourceOffset, SourcePartition, TopicPartition } from '../kernel';
import type {
  ConnectorConfig,
  Converter,
  HeaderConverter,
  SinkConnector,
  SourceConnector,
  Transform,
} from '../plugin';

/** One transform of the chain, its predicate already folded in. */
export interface NamedTransform {
  /** Alias in the configuration. */
  readonly name: string;
  /** Class as configured, for error messages and dead-letter headers. */
  readonly className: string;
  readonly apply: Transform;
}

/** What a record passes between connector and Kafka. */
export interface Pipeline {
  readonly transforms: readonly NamedTransform[];
  readonly keyConverter: Converter;
  readonly valueConverter: Converter;
  readonly headerConverter: HeaderConverter;
  /** Class names as configured, for error messages and dead-letter headers. */
  readonly classNames: { readonly key: string; readonly value: string; readonly header: string };
}

/** The `errors.*` keys of a connector. */
export interface ErrorPolicy {
  readonly tolerance: 'none' | 'all';
  /** Total time for retries of one operation: 0 none, -1 for ever. */
  readonly retryTimeoutMs: number;
  readonly retryDelayMaxMs: number;
  readonly logEnable: boolean;
  readonly logIncludeMessages: boolean;
  /** Sinks only; null: none. */
  readonly deadLetter: {
    readonly topic: string;
    readonly replicationFactor: number;
    readonly contextHeaders: boolean;
  } | null;
}

/** Settings of a topic that a source writes to and that does not exist yet; null: leave it to the broker. */
export type TopicCreation = (topic: string) => {
  readonly partitions: number;
  readonly replicationFactor: number;
  readonly configs: Readonly<Record<string, string>>;
} | null;

export interface OffsetEntry {
  readonly partition: SourcePartition;
  /** Null removes the partition's offset. */
  readonly offset: SourceOffset | null;
}

/** Where source offsets are kept. `set` resolves when they are durable. */
export interface OffsetStore {
  get(connector: string, partitions: readonly SourcePartition[]): Promise<(SourceOffset | null)[]>;
  set(connector: string, entries: readonly OffsetEntry[]): Promise<void>;
  all(connector: string): Promise<{ partition: SourcePartition; offset: SourceOffset }[]>;
  close(): Promise<void>;
}

/** Source offsets as records of a topic, to go into the transaction of the data (KIP-618). */
export interface TransactionalOffsets {
  /** `offsets.storage.topic` of the connector, or the worker's. It must be there. */
  readonly topic: string;
  /** In Connect's bytes; the runner chooses the partition by the hash of the key. */
  encode(
    connector: string,
    entries: readonly OffsetEntry[],
  ): readonly { readonly key: Buffer; readonly value: Buffer | null }[];
  /**
   * After the commit: a copy for the worker's topic when `topic` is another. Not waited for; a rejection is logged. It
   * never stands in for the records in `topic`.
   */
  mirror?(connector: string, entries: readonly OffsetEntry[]): Promise<void>;
}

export type TransactionBoundary =
  | { readonly kind: 'poll' }
  | { readonly kind: 'interval'; readonly intervalMs: number }
  | { readonly kind: 'connector' };

/** Records and offsets of a source in the same transactions. */
export interface ExactlyOnceOptions {
  /** `<group.id>-<connector>-<task>`: the next task of this id fences this one. */
  readonly transactionalId: string;
  /** A producer with that id, of this run alone: the runner closes it. */
  openProducer(): BatchProducer;
  readonly offsets: TransactionalOffsets;
  readonly boundary: TransactionBoundary;
  /**
   * Asked when older producers of the id are fenced and before anything is read or written. False: the task was given
   * to somebody else meanwhile, whom this one has just fenced; it ends at once.
   */
  stillOwner(): Promise<boolean>;
}

export type TaskState = 'STARTING' | 'RUNNING' | 'PAUSED' | 'FAILED' | 'STOPPED';

export interface TaskProgress {
  /** Source: records acknowledged by Kafka. Sink: records written by the task. */
  readonly records: number;
  /** Records dropped by transforms or tolerated as bad. */
  readonly skipped: number;
  /** Wall time of the first and last record, ms; null before any. */
  readonly firstRecordAt: number | null;
  readonly lastRecordAt: number | null;
}

export type TaskMethod =
  | 'open'
  | 'poll'
  | 'committed'
  | 'put'
  | 'flushable'
  | 'assigned'
  | 'revoked'
  | 'dispose';

/** How far a sink is behind the ends of its partitions, as of the last answers of Kafka. */
export interface SinkLag {
  readonly records: number;
  /** Age of the newest record put, where there are more to come; null when that is not known. */
  readonly seconds: number | null;
}

export interface StuckCall {
  readonly method: TaskMethod;
  /** Wall time of the call, ms. */
  readonly since: number;
}

export interface TaskHandle {
  readonly state: TaskState;
  readonly error: Error | null;
  readonly progress: TaskProgress;
  /** What the task is waiting out right now (`database not reachable at …`), null when nothing. */
  readonly waiting: string | null;
  /** The call of the plug-in that does not come back: after half a minute, or when the task was left behind in it. */
  readonly stuckIn: StuckCall | null;
  /** Of a sink that has partitions; else null. */
  readonly lag: SinkLag | null;
  /** Under `once`: resolves when all is through and flushed; rejects when the task fails. Never settles otherwise until it ends. */
  readonly done: Promise<void>;
  onChange(listener: () => void): void;
  pause(): void;
  resume(): void;
  /**
   * Ends within the time given, whatever the plug-in does. What is still running then is left behind: it commits and
   * produces nothing any more, its state stays STOPPED, and `done` resolves. `forGood`: nobody is to go on with it, so a
   * sink leaves its group; else its partitions wait for the next run.
   */
  stop(graceMs?: number, options?: { readonly forGood?: boolean }): Promise<void>;
}

interface TaskRunOptions {
  readonly connector: string;
  readonly task: number;
  /** Raw task configuration, secrets resolved. */
  readonly config: ConnectorConfig;
  readonly pipeline: Pipeline;
  readonly kafka: KafkaPort;
  readonly errors: ErrorPolicy;
  /** `offset.flush.interval.ms`. */
  readonly flushIntervalMs: number;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

export interface SourceRunOptions extends TaskRunOptions {
  readonly plugin: SourceConnector;
  /** Shared by tasks or not; the runner does not close it. Not used for exactly-once. */
  readonly producer: BatchProducer;
  /** Under exactly-once it is only read, and must not show what transactions have not committed. */
  readonly offsets: OffsetStore;
  /** Null or absent: at least once. */
  readonly exactlyOnce?: ExactlyOnceOptions | null;
  readonly topicCreation: TopicCreation | null;
  readonly compression: Compression;
  /** A batch is sent when it has this many bytes … */
  readonly batchBytes: number;
  /** … or is this old. */
  readonly lingerMs: number;
  /** Largest single record, bytes (`max.request.size`). */
  readonly maxRecordBytes: number;
  /** End when the source is exhausted. */
  readonly once: boolean;
}

export interface SinkRunOptions extends TaskRunOptions {
  readonly plugin: SinkConnector;
  readonly group: {
    readonly groupId: string;
    readonly instanceId: string | null;
    readonly sessionTimeoutMs?: number;
    readonly heartbeatMs?: number;
    readonly rebalanceTimeoutMs?: number;
    readonly assignors?: readonly AssignorName[];
  };
  /** Topics by name, or all that match. */
  readonly topics: readonly string[] | RegExp;
  readonly reader: ReaderOptions;
  readonly autoOffsetReset: 'earliest' | 'latest' | 'none';
  /** Records per `put` at most. */
  readonly maxPollRecords: number;
  /** End when everything is written that was in the topics when this resolved (the sources before it are through). */
  readonly once: Promise<void> | null;
  /** Told of each record that is given up, whether there is a dead-letter topic or not. */
  onGivenUp?(record: TopicPartition & { readonly offset: number }, error: Error): void;
}
