/**
 * What REST and jobs ask of a worker, in whatever mode. Reads are answered from memory (`WorkerView`); writes resolve once
 * the worker has read its own record back, not when tasks run.
 */
import { MillraceError } from '../kernel';
import type { TargetState } from './lifecycle';
import type { Origin } from './operations/changes';
import type { ConfigInfos } from './validation/infos';
import type { ConnectorInfo, ConnectorStateInfo, TaskId, WorkerView } from './worker-view';

/** Another worker must answer: the leader, or the owner of a connector or task. REST sends the request on. */
export class OtherWorkerError extends MillraceError {
  /** @param url advertised URL of that worker; null when nobody is known. */
  constructor(readonly url: string | null) {
    super(
      'CONFLICT',
      url === null
        ? 'Cannot complete request momentarily due to no known leader URL, likely because a rebalance was underway.'
        : 'Cannot complete request because of a conflicting operation (e.g. worker rebalance)',
    );
  }
}

/** A configuration with errors; the text lists them (connect.md §1.4). */
export class InvalidConnectorError extends MillraceError {
  constructor(message: string) {
    super('CONFIG_INVALID', message);
  }
}

/** Refused with a status that no code of the catalog has: what a plug-in refuses is 500, a wrong signature 403. */
export class RefusedError extends MillraceError {
  constructor(
    readonly status: 400 | 403 | 404 | 409 | 500 | 503,
    message: string,
    options: { readonly cause?: unknown } = {},
  ) {
    super(status === 409 ? 'CONFLICT' : status === 404 ? 'NOT_FOUND' : 'CONFIG_INVALID', message, options);
  }
}

/** As a client sends it: null values are errors of their own, told by validation. */
export type GivenConfig = Readonly<Record<string, string | null>>;

/** Integers beyond 2^53 are bigints. */
export interface OffsetChange {
  /** Null when the client left it out. */
  readonly partition: Readonly<Record<string, unknown>> | null;
  /** Null removes the offset of the partition. */
  readonly offset: Readonly<Record<string, unknown>> | null;
}

/** Headers of a request between workers (connect.md §2.6). */
export interface InternalSignature {
  readonly signature: string | null;
  readonly algorithm: string | null;
  /** Of the body, as it came. */
  readonly body: Buffer;
}

/** What the worker does or did last, in Connect's words, for requests that got no answer in time. */
export interface Stage {
  readonly description: string;
  readonly startedAt: number;
  /** Null while it goes on. */
  readonly completedAt: number | null;
}

export interface Herder extends WorkerView {
  /** Throws OtherWorkerError, CONFLICT `Connector X already exists`, InvalidConnectorError. */
  createConnector(
    name: string,
    config: GivenConfig,
    initialState: TargetState | null,
    origin?: Origin,
  ): Promise<ConnectorInfo>;
  /** `created` tells whether it was new. */
  putConnector(
    name: string,
    config: GivenConfig,
    origin?: Origin,
  ): Promise<{ readonly created: boolean; readonly info: ConnectorInfo }>;
  /** Null removes a key. NOT_FOUND for an unknown connector. */
  patchConnector(
    name: string,
    patch: GivenConfig,
    origin?: Origin,
  ): Promise<{ readonly info: ConnectorInfo }>;
  deleteConnector(name: string, origin?: Origin): Promise<void>;
  validate(config: GivenConfig): Promise<ConfigInfos>;
  /** PAUSED and STARTED may be written by any worker, STOPPED by the leader. NOT_FOUND `Unknown connector X`. */
  setTarget(name: string, target: TargetState, origin?: Origin): Promise<void>;
  /** Only the connector itself, on its owner. NOT_FOUND `Unknown connector: X`. */
  restartConnector(name: string): Promise<void>;
  /** By a record that all workers read. What is planned reads RESTARTING in the answer. */
  restartConnectorAndTasks(
    name: string,
    options: { readonly includeTasks: boolean; readonly onlyFailed: boolean },
  ): Promise<ConnectorStateInfo>;
  restartTask(id: TaskId): Promise<void>;
  /** Null: all of the connector's offsets are reset. Resolves with the message for the user. */
  alterOffsets(name: string, changes: readonly OffsetChange[] | null): Promise<string>;
  resetTopics(name: string): Promise<void>;
  /** Sets the level here (`worker`) and answers the loggers affected, or everywhere (`cluster`). */
  setLoggerLevel(namespace: string, level: string, scope: 'worker' | 'cluster'): Promise<readonly string[]>;
  /** From the owner of a connector to the leader. */
  putTasks(name: string, tasks: readonly GivenConfig[], signature: InternalSignature): Promise<void>;
  /** From the owner of a task of an exactly-once source to the leader. */
  fenceZombies(name: string, signature: InternalSignature): Promise<void>;
  /** Resolves when the worker comes round to it: not before it has started, nor while something holds it up. */
  healthCheck(): Promise<void>;
  /** Null before anything was done. */
  stage(): Stage | null;
}
