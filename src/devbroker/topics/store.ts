/** Where topics are kept: nowhere but in memory, or in a folder. */

import type { Clock } from '../clock';
import { openLog } from '../log/log';
import type { LogConfig, PartitionLog } from '../log/port';
import { newClusterId, type Settings } from '../options';

export interface StoredTopic {
  readonly name: string;
  readonly isInternal: boolean;
  readonly configs: Readonly<Record<string, string>>;
  readonly partitions: readonly { readonly replicas: readonly number[]; readonly leaderEpoch: number }[];
}

export interface TopicStore {
  readonly clusterId: string;
  load(): readonly StoredTopic[];
  /** Durable when it returns. */
  save(topics: readonly StoredTopic[]): void;
  openLog(topic: string, partition: number, overrides: ReadonlyMap<string, string>): PartitionLog;
  /** Closes the logs of a topic that `save` no longer knows, and deletes what they kept. */
  remove(topic: string, logs: readonly PartitionLog[]): void;
  close(): void;
}

export function openStore(
  settings: Settings,
  clock: Clock,
  configOf: (overrides: ReadonlyMap<string, string>) => LogConfig,
): TopicStore {
  const { flushMs, logger } = settings;
  return {
    clusterId: newClusterId(),
    load: () => [],
    save() {},
    openLog: (topic, partition, overrides) =>
      openLog({ topic, partition, dir: null, config: configOf(overrides), clock, logger, flushMs }),
    remove: (_topic, logs) => {
      for (const log of logs) log.remove();
    },
    close() {},
  };
}
