/** The one small file that says which cluster a data folder belongs to and which topics it has. */
import fs from 'node:fs';
import path from 'node:path';
import { MillraceError } from '../../kernel';
import { replaceFile } from '../log/files';
import { listPartitionFolders } from './partition-folders';

export interface StoredPartition {
  readonly replicas: readonly number[];
  readonly leaderEpoch: number;
}

export interface StoredTopic {
  readonly name: string;
  readonly isInternal: boolean;
  readonly configs: Readonly<Record<string, string>>;
  readonly partitions: readonly StoredPartition[];
}

export interface ClusterFile {
  readonly clusterId: string;
  /** How many there were. */
  readonly nodes: number;
  readonly topics: readonly StoredTopic[];
}

const NAME = 'cluster.json';
const FORMAT = 1;

export function writeCluster(dir: string, cluster: ClusterFile): void {
  replaceFile(path.join(dir, NAME), `${JSON.stringify({ format: FORMAT, ...cluster }, null, 1)}\n`);
}

/** Null in a new folder. @throws MillraceError that names the file */
export function readCluster(dir: string): ClusterFile | null {
  const file = path.join(dir, NAME);
  const text = readText(file);
  if (text === null) {
    if (listPartitionFolders(dir).length > 0) throw damaged(file, 'it is missing, but there are records');
    return null;
  }
  return parseCluster(file, text);
}

function readText(file: string): string | null {
  try {
    return fs.readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw damaged(file, (error as Error).message);
  }
}

function parseCluster(file: string, text: string): ClusterFile {
  let parsed: { format?: unknown } | null;
  try {
    parsed = JSON.parse(text) as { format?: unknown } | null;
  } catch (error) {
    throw damaged(file, (error as Error).message);
  }
  if (typeof parsed?.format === 'number' && parsed.format > FORMAT)
    throw damaged(file, `format ${parsed.format} is of a newer version`);
  if (!isCluster(parsed)) throw damaged(file, 'it is not what a dev broker writes');
  return parsed;
}

function isCluster(value: unknown): value is ClusterFile {
  const { clusterId, nodes, topics } = (value ?? {}) as Record<keyof ClusterFile, unknown>;
  return (
    typeof clusterId === 'string' && Number.isInteger(nodes) && Array.isArray(topics) && topics.every(isTopic)
  );
}

function isTopic(value: unknown): value is StoredTopic {
  const { name, isInternal, configs, partitions } = (value ?? {}) as Record<keyof StoredTopic, unknown>;
  return (
    typeof name === 'string' &&
    typeof isInternal === 'boolean' &&
    Object.values(configs ?? { missing: 0 }).every((each) => typeof each === 'string') &&
    Array.isArray(partitions) &&
    partitions.length > 0 &&
    partitions.every(isPartition)
  );
}

function isPartition(value: unknown): value is StoredPartition {
  const { replicas, leaderEpoch } = (value ?? {}) as Record<keyof StoredPartition, unknown>;
  return Array.isArray(replicas) && replicas.every(Number.isInteger) && Number.isInteger(leaderEpoch);
}

const damaged = (file: string, reason: string): MillraceError =>
  new MillraceError('FILE_UNREADABLE', `The dev broker cannot read ${file}: ${reason}`, {
    hint: 'Restore the file, or start with another data folder; without it nobody knows which topics there are.',
  });
