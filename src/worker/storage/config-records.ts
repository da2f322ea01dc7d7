/** Records of the config topic (connect.md §2.1): keys, and values in the member order of Kafka Connect. */
import type { TargetState } from '../lifecycle';
import { javaJson } from './java-json';
import type { RawConfig, RestartRequest, SessionKey } from './types';

export interface StoredRecord {
  readonly key: string;
  /** JSON; null is a tombstone. */
  readonly value: string | null;
}

const record = (key: string, value: object | null): StoredRecord => ({
  key,
  value: value === null ? null : javaJson(value),
});

export const connectorRecord = (connector: string, properties: RawConfig): StoredRecord =>
  record(`connector-${connector}`, { properties });

export const targetRecord = (connector: string, target: TargetState): StoredRecord =>
  // Workers older than 3.5 know no STOPPED and read `state` alone.
  record(`target-state-${connector}`, {
    state: target === 'STOPPED' ? 'PAUSED' : target,
    'state.v2': target,
  });

export const removalRecords = (connector: string): StoredRecord[] => [
  record(`connector-${connector}`, null),
  record(`target-state-${connector}`, null),
];

/** Task configurations, which take effect by the commit record at the end. */
export const taskRecords = (connector: string, tasks: readonly RawConfig[]): StoredRecord[] => [
  ...tasks.map((properties, task) => record(`task-${connector}-${task}`, { properties })),
  record(`commit-${connector}`, { tasks: tasks.length }),
];

export const restartRecord = ({ connector, includeTasks, onlyFailed }: RestartRequest): StoredRecord =>
  record(`restart-connector-${connector}`, { 'include-tasks': includeTasks, 'only-failed': onlyFailed });

export const fencingRecord = (connector: string, tasks: number): StoredRecord =>
  record(`tasks-fencing-${connector}`, { 'task-count': tasks });

export const sessionKeyRecord = ({ key, algorithm, createdAt }: SessionKey): StoredRecord =>
  record('session-key', { key: key.toString('base64'), algorithm, 'creation-timestamp': createdAt });

export const loggerRecord = (namespace: string, level: string): StoredRecord =>
  record(`logger-cluster-${namespace}`, { level });
