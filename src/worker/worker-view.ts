/** What REST and the command line see of a worker, whatever its mode. Shapes are those of Connect's REST API (connect.md §1.3). */
import type { Plugin } from '../plugin';
import type { ConnectorState } from './lifecycle';

export type TaskStatusState = 'UNASSIGNED' | 'RUNNING' | 'PAUSED' | 'FAILED' | 'RESTARTING';
export type ConnectorType = 'source' | 'sink' | 'unknown';

export interface TaskId {
  readonly connector: string;
  readonly task: number;
}

export interface ConnectorInfo {
  readonly name: string;
  /** As written: references unresolved. */
  readonly config: Readonly<Record<string, string>>;
  readonly tasks: readonly TaskId[];
  readonly type: ConnectorType;
}

interface Status<S> {
  readonly state: S;
  readonly worker_id: string;
  readonly version: string | null;
  /** Present when FAILED. */
  readonly trace?: string;
}

export type TaskStateInfo = Status<TaskStatusState> & { readonly id: number };

export interface ConnectorStateInfo {
  readonly name: string;
  readonly connector: Status<ConnectorState>;
  readonly tasks: readonly TaskStateInfo[];
  readonly type: ConnectorType;
}

export interface TaskInfo {
  readonly id: TaskId;
  /** References unresolved where the value came from one. */
  readonly config: Readonly<Record<string, string>>;
}

export interface ConnectorOffset {
  readonly partition: object;
  readonly offset: object;
}

export interface ServerInfo {
  readonly version: string;
  readonly commit: string;
  /** Null while Kafka has not answered. */
  readonly kafka_cluster_id: string | null;
}

export interface Health {
  readonly status: 'healthy' | 'starting' | 'unhealthy';
  /** What the worker is doing, in Connect's words; null when idle. */
  readonly stage: string | null;
}

/** Records a connector's tasks moved since the worker began. */
export interface Progress {
  readonly records: number;
  readonly skipped: number;
  readonly firstRecordAt: number | null;
  readonly lastRecordAt: number | null;
}

/** Lookups by name throw NOT_FOUND with Connect's text. */
export interface WorkerView {
  info(): Promise<ServerInfo>;
  health(): Health;
  /** What the worker or a task of it waits for or failed at, one sentence each; empty when all is well. */
  problems(): readonly string[];
  connectors(): readonly string[];
  connector(name: string): ConnectorInfo;
  config(name: string): Readonly<Record<string, string>>;
  /** Null while the connector has no status yet. */
  status(name: string): ConnectorStateInfo | null;
  tasks(name: string): readonly TaskInfo[];
  /** Topics used; null when tracking is off. Unknown connectors used none. */
  topics(name: string): readonly string[] | null;
  offsets(name: string): Promise<readonly ConnectorOffset[]>;
  progress(name: string): Progress;
  plugins(): Promise<readonly Plugin[]>;
}
