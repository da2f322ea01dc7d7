import type { Logger } from '../../kernel';
import type { OverridePolicy } from '../client-keys';
import type { TargetState } from '../lifecycle';
import type { Providers } from '../references';
import type { RawConfig } from '../storage/types';
import type { TaskEnvironment, TaskSpec } from '../task-runner';
import type { TaskId } from '../worker-view';
import type { HostedConnector, Plan } from './connector';
import type { HostedTask } from './task';

/** What everything that runs here shares. */
export interface HostEnvironment extends TaskEnvironment {
  readonly providers: Providers;
  readonly policy: OverridePolicy;
  readonly logger: Logger;
}

/** A connector this worker is to run; configurations as written, compared by identity. */
export interface DesiredConnector {
  readonly name: string;
  readonly config: RawConfig;
  readonly target: TargetState;
}

/** A task this worker is to run; compared by content. */
export interface DesiredTask {
  readonly id: TaskId;
  readonly config: RawConfig;
  /** That of the connector when the task was planned: converters and transforms are read from it. */
  readonly connectorConfig: RawConfig;
  readonly paused: boolean;
}

export interface Desired {
  /** Connectors this is about, whether anything of them is to run or not; null: all. */
  readonly names: ReadonlySet<string> | null;
  readonly connectors: ReadonlyMap<string, DesiredConnector>;
  /** By connector and number. */
  readonly tasks: ReadonlyMap<string, ReadonlyMap<number, DesiredTask>>;
}

/** What the host tells its herder; called between two turns of the event loop, never nested in one of its calls. */
export interface HostEvents {
  connectorChanged(connector: HostedConnector): void;
  /** The connector answered with its tasks. */
  planned(connector: HostedConnector, plan: Plan): void;
  /** Values that config providers gave it are no longer good. */
  reloadDue(connector: HostedConnector): void;
  taskChanged(task: HostedTask): void;
  /** Whether the task is to run at all, here or elsewhere. */
  isWanted(id: TaskId): boolean;
  /** No longer here: given up, or removed. */
  connectorGone(name: string): void;
  taskGone(id: TaskId): void;
  topicUsed(topic: string, id: TaskId): void;
  /** Resolves when the task may open; for exactly-once sources once older instances are fenced. */
  admitTask(spec: TaskSpec): Promise<void>;
}

export const taskKey = ({ connector, task }: TaskId): string => `${connector}-${task}`;
