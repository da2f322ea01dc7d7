/** One folder per partition, `<topic>-<number>`, as Kafka has it. */
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import type { Logger } from '../../kernel';
import { syncFolder } from '../log/files';
import type { StoredTopic } from './cluster-file';
import { isTopicName } from './names';

/** What is to be removed. No partition's folder can have such a name: it does not end in a number. */
const DELETED = /^deleted\.[0-9a-f]+$/;

export const partitionFolder = (topic: string, partition: number): string => `${topic}-${partition}`;

export function listPartitionFolders(dir: string): string[] {
  return fs
    .readdirSync(dir, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && isTopicName(/^(.+)-\d+$/.exec(entry.name)?.[1] ?? ''))
    .map(({ name }) => name);
}

/** First other names, so that nothing half removed is ever found again under the old ones. */
export function removeFolders(dir: string, names: readonly string[]): void {
  const doomed = names.map((name) => {
    const target = path.join(dir, `deleted.${randomBytes(8).toString('hex')}`);
    fs.renameSync(path.join(dir, name), target);
    return target;
  });
  syncFolder(dir);
  for (const folder of doomed) fs.rmSync(folder, { recursive: true, force: true });
}

/** What a broker that ended while it deleted topics has left behind. */
export function removeLeftovers(dir: string, topics: readonly StoredTopic[], logger: Logger): void {
  for (const name of fs.readdirSync(dir))
    if (DELETED.test(name)) fs.rmSync(path.join(dir, name), { recursive: true, force: true });
  const known = new Set(
    topics.flatMap(({ name, partitions }) => partitions.map((_, index) => partitionFolder(name, index))),
  );
  const unknown = listPartitionFolders(dir).filter((name) => !known.has(name));
  removeFolders(dir, unknown);
  for (const name of unknown)
    logger.warn({ folder: path.join(dir, name) }, 'Removed what was left of a deleted topic');
}
