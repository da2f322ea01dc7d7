import type { BatchProducer, Compression, KafkaPort, ReaderOptions } from '../kafka/port';
import type { Logger, Metrics, SourceOffset, SourcePartition } from '../kernel';
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

export interface TaskHandle {
  readonly state: TaskState;
  readonly error: Error | null;
  readonly progress: TaskProgress;
  /** What the task is waiting out right now (`database not reachable at …`), null when nothing. */
  readonly waiting: string | null;
  /** Under `once`: resolves when all is through and flushed; rejects when the task fails. Never settles otherwise until it ends. */
  readonly done: Promise<void>;
  onChange(listener: () => void): void;
  pause(): void;
  resume(): void;
  /** Ends within the time given; what is still running then is left behind, its commits suppressed. */
  stop(graceMs?: number): Promise<void>;
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
  /** Shared by tasks or not; the runner does not close it. */
  readonly producer: BatchProducer;
  readonly offsets: OffsetStore;
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
  };
  /** Topics by name, or all that match. */
  readonly topics: readonly string[] | RegExp;
  readonly reader: ReaderOptions;
  readonly autoOffsetReset: 'earliest' | 'latest' | 'none';
  /** Records per `put` at most. */
  readonly maxPollRecords: number;
  /** End when everything is written that was in the topics when this resolved (the sources before it are through). */
  readonly once: Promise<void> | null;
}
