/** Where topics are kept: nowhere but in memory, or in a folder. */
import path from 'node:path';
import type { Clock } from '../clock';
import { openLog } from '../log/log';
import type { LogConfig, PartitionLog } from '../log/port';
import { newClusterId, type Settings } from '../options';
import { type ClusterFile, readCluster, type StoredTopic, writeCluster } from './cluster-file';
import { holdFolder } from './folder-lock';
import { partitionFolder, removeFolders, removeLeftovers } from './partition-folders';

export interface TopicStore {
  readonly clusterId: string;
  /** As saved last, before this start. */
  readonly topics: readonly StoredTopic[];
  /** Durable when it returns. */
  save(topics: readonly StoredTopic[]): void;
  openLog(topic: string, partition: number, config: LogConfig): PartitionLog;
  /** Closes the logs of a topic that `save` no longer knows, and deletes what they kept. */
  remove(logs: readonly PartitionLog[]): void;
  close(): void;
}

/** @throws MillraceError when the folder is in use by another process, or cannot be read */
export function openStore(settings: Settings, clock: Clock): TopicStore {
  return settings.dataDir === null
    ? memoryStore(settings, clock)
    : folderStore(settings, clock, path.resolve(settings.dataDir));
}

function memoryStore({ flushMs, logger }: Settings, clock: Clock): TopicStore {
  return {
    clusterId: newClusterId(),
    topics: [],
    save() {},
    openLog: (topic, partition, config) =>
      openLog({ topic, partition, dir: null, config, clock, logger, flushMs }),
    remove(logs) {
      for (const log of logs) log.remove();
    },
    close() {},
  };
}

function folderStore({ flushMs, logger, nodes }: Settings, clock: Clock, dir: string): TopicStore {
  const release = holdFolder(dir);
  try {
    const found = readCluster(dir);
    const clusterId = found?.clusterId ?? newClusterId();
    const topics = found?.topics ?? [];
    removeLeftovers(dir, topics, logger);
    return {
      clusterId,
      topics,
      save: (saved) => writeCluster(dir, { clusterId, nodes, topics: saved } satisfies ClusterFile),
      openLog: (topic, partition, config) =>
        openLog({
          topic,
          partition,
          dir: path.join(dir, partitionFolder(topic, partition)),
          config,
          clock,
          logger,
          flushMs,
        }),
      remove(logs) {
        for (const log of logs) log.close();
        removeFolders(
          dir,
          logs.map(({ topic, partition }) => partitionFolder(topic, partition)),
        );
      },
      close: release,
    };
  } catch (error) {
    release();
    throw error;
  }
}
