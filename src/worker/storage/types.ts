/**
 * What a cluster of workers shares: what it is to run (configurations), what runs (states), in Kafka's topics or, for a
 * worker alone, in memory. Formats of the topics: connect.md §2.1.
 */
import type { ConnectorState, TargetState } from '../lifecycle';
import type { TaskId, TaskStatusState } from '../worker-view';

export type RawConfig = Readonly<Record<string, string>>;

/** Requests read back from the topic; older ones than the start of this worker are not told. */
export interface RestartRequest {
  readonly connector: string;
  readonly includeTasks: boolean;
  readonly onlyFailed: boolean;
}

export interface SessionKey {
  readonly key: Buffer;
  /** `HmacSHA256`. */
  readonly algorithm: string;
  readonly createdAt: number;
}

/** One thing that changed, told in the order of the log once the state has it. */
export type ConfigEvent =
  | { readonly kind: 'connector'; readonly connector: string }
  | { readonly kind: 'removed'; readonly connector: string }
  /** A set of task configurations was committed. */
  | { readonly kind: 'tasks'; readonly connector: string }
  | { readonly kind: 'target'; readonly connector: string }
  | { readonly kind: 'restart'; readonly request: RestartRequest }
  | { readonly kind: 'session-key' }
  | { readonly kind: 'logger'; readonly namespace: string; readonly level: string };

/** The state that the records so far make; changes as they are applied, between two turns of the event loop. */
export interface ConfigState {
  /** Offset after the last record applied, as workers tell each other; -1 before any. */
  readonly offset: number;
  /** Sorted names. */
  connectors(): readonly string[];
  /** As written, references unresolved; null when there is none. */
  config(connector: string): RawConfig | null;
  /** STARTED where nothing else was written; null for an unknown connector. */
  target(connector: string): TargetState | null;
  /** Committed configurations by task id, references unresolved; empty for an unknown or inconsistent connector. */
  tasks(connector: string): readonly RawConfig[];
  /** Configuration of the connector when its tasks were committed; null before any. */
  appliedConfig(connector: string): RawConfig | null;
  /** Whether task configurations are missing, so that the connector must be asked for them again. */
  isInconsistent(connector: string): boolean;
  /** Grows with each complete set of tasks that is committed, counted by each worker for itself; null before any. */
  taskGeneration(connector: string): number | null;
  /** Tasks that may have transactions open (exactly-once sources); null when no record was written. */
  fencedTasks(connector: string): number | null;
  /** Whether tasks were committed since the last record of `fencedTasks`, so that fencing is due again. */
  fencingDue(connector: string): boolean;
  readonly sessionKey: SessionKey | null;
}

/** Writes resolve once this process has read its own record back. */
export interface ConfigStore {
  readonly state: ConfigState;
  /** Reads to the end, then follows. Events before the end was reached are not told. */
  start(onEvent: (event: ConfigEvent) => void, signal?: AbortSignal): Promise<void>;
  /** Resolves when all that was in the log at the time of the call is applied. */
  readToEnd(): Promise<void>;
  /** A target state is written before the configuration. */
  putConnector(connector: string, config: RawConfig, target?: TargetState): Promise<void>;
  removeConnector(connector: string): Promise<void>;
  putTasks(connector: string, tasks: readonly RawConfig[]): Promise<void>;
  putTarget(connector: string, target: TargetState): Promise<void>;
  putRestart(request: RestartRequest): Promise<void>;
  putSessionKey(key: SessionKey): Promise<void>;
  putFencedTasks(connector: string, tasks: number): Promise<void>;
  putLoggerLevel(namespace: string, level: string): Promise<void>;
  /** The leader's: from now on earlier leaders cannot write any more. Does nothing where leaders are not fenced. */
  takeOver(): Promise<void>;
  stop(): Promise<void>;
}

export interface StatusRow<S> {
  readonly state: S;
  /** `host:port`. */
  readonly workerId: string;
  /** Of the group, when the state was written. */
  readonly generation: number;
  readonly trace: string | null;
  /** Of the plug-in. */
  readonly version: string | null;
}

export type ConnectorRow = StatusRow<ConnectorState>;
export type TaskRow = StatusRow<TaskStatusState>;

/**
 * Puts do not wait for Kafka: the newest row of a key wins, and is retried until it is written; reads show it at once.
 * `safe` (failures, ends): dropped when another worker has written a row of a newer generation, or of the same one while it
 * is at work there, so a zombie overwrites nobody. A failure before anything else was put of this generation is to be put
 * without it: rows of an earlier cluster may have higher generations.
 * UNASSIGNED does not overwrite RUNNING of an equal or newer generation of another worker.
 */
export interface StatusStore {
  start(signal?: AbortSignal): Promise<void>;
  connector(name: string): ConnectorRow | null;
  task(id: TaskId): TaskRow | null;
  /** By task id, ascending. */
  tasks(connector: string): readonly (TaskRow & { readonly id: number })[];
  /** Names of connectors with any row, sorted. */
  connectors(): readonly string[];
  putConnector(name: string, row: ConnectorRow, options?: { readonly safe?: boolean }): void;
  putTask(id: TaskId, row: TaskRow, options?: { readonly safe?: boolean }): void;
  /** And its tasks. */
  removeConnector(name: string): void;
  removeTask(id: TaskId): void;
  /** Topics a connector used (KIP-558), sorted. */
  topics(connector: string): readonly string[];
  /** Writes only what is not known yet. */
  addTopic(topic: string, task: TaskId): void;
  removeTopics(connector: string): void;
  /** Resolves when what was put is written, or after the time given. */
  flush(timeoutMs: number): Promise<void>;
  stop(): Promise<void>;
}
