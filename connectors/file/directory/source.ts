import { access, constants, mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type Config, ConfigError, type ConfigIssue, type SourceConnector } from '../../../src/plugin';
import { testDirectorySource } from '../connection-test';
import { fileError } from '../io/errors';
import { directorySourceConfig } from './config';
import { alterDirectoryOffsets } from './offsets';
import { type DirectoryOptions, readOptions } from './options';
import { DirectorySourceTask } from './task';

/** In task configurations: over how many tasks the files are spread. */
const TASKS = 'directory.tasks';

/** Stats of a directory that is there and may be read, and written where files are to leave it. */
async function checkDirectory(path: string, mode: number): Promise<void> {
  try {
    if (!(await stat(path)).isDirectory()) throw Object.assign(new Error('ENOTDIR'), { code: 'ENOTDIR' });
    await access(path, mode);
  } catch (error) {
    throw fileError('directory', path, error);
  }
}

async function checkAccess({ root, cleanup, moveTo }: DirectoryOptions): Promise<void> {
  const { R_OK, W_OK, X_OK } = constants;
  await checkDirectory(root, cleanup === 'none' ? R_OK | X_OK : R_OK | W_OK | X_OK);
  if (cleanup !== 'move') return;
  if (moveTo === root) throw new ConfigError(`move.to is the directory that is read: ${root}`);
  await mkdir(moveTo!, { recursive: true }).catch((error: unknown) => {
    throw fileError('directory', moveTo!, error);
  });
  await checkDirectory(moveTo!, W_OK | X_OK);
}

/**
 * Whether the file system tells when files were made. Where it does not, the time of the last change stands in: then
 * both are the same even for directories that things were put into, of which there is one on the way up.
 */
async function knowsBirth(root: string): Promise<boolean> {
  const { dev } = await stat(root);
  for (let path = root; ; path = dirname(path)) {
    const stats = await stat(path, { bigint: true });
    if (Number(stats.dev) !== dev) return false;
    if (stats.birthtimeNs !== 0n && stats.birthtimeNs !== stats.ctimeNs) return true;
    if (path === dirname(path)) return false;
  }
}

export const directorySource: SourceConnector = {
  kind: 'source',
  name: 'directory-source',
  aliases: ['DirectorySource'],
  version: '1.0.0',
  summary: 'Reads the CSV, JSON Lines or text files of a directory, plain or gzip, into a topic.',
  description:
    'Files are recognized by what they are, not by name: renamed ones are not read again, a new file under an old name ' +
    'is. They are moved or deleted only when all their records are durable in Kafka. A bad line costs that line.',
  examples: [
    {
      title: 'CSV files with a header, keyed, moved away when they are through',
      config: {
        name: 'readings',
        'connector.class': 'directory-source',
        'tasks.max': '2',
        path: 'incoming',
        include: 'readings-*.csv',
        topic: 'readings',
        columns: 'id:int64!, ts:timestamp',
        'key.fields': 'id',
        'schema.name': 'com.example.Reading',
        cleanup: 'move',
        'move.to': 'done',
      },
    },
    {
      title: 'JSON Lines, packed or not, as they come',
      config: {
        name: 'events',
        'connector.class': 'directory-source',
        path: 'events',
        format: 'jsonl',
        topic: 'events',
      },
    },
  ],
  config: directorySourceConfig,
  capabilities: { exactlyOnce: true, alterOffsets: true },
  alterOffsets: (_config, changes) => alterDirectoryOffsets(changes),
  test: (config) => testDirectorySource(readOptions(config)),
  async validate(config) {
    try {
      await checkDirectory(readOptions(config).root, constants.R_OK | constants.X_OK);
      return [];
    } catch (error) {
      return [issueOf(config, error as Error)];
    }
  },
  plan: async (_context, config, maxTasks) =>
    Array.from({ length: maxTasks }, () => ({ ...textsOf(config), [TASKS]: String(maxTasks) })),
  async open(context, config) {
    const options = readOptions(config);
    if (context.preview === true) await checkDirectory(options.root, constants.R_OK | constants.X_OK);
    else await checkAccess(options);
    const of = Number(config.raw[TASKS] ?? 1);
    return new DirectorySourceTask(
      context,
      options,
      { index: context.task, of },
      await knowsBirth(options.root),
    );
  },
};

const issueOf = (config: Config, error: Error): ConfigIssue => ({
  key: 'path',
  value: config.raw['path'] ?? null,
  message: error.message,
  kind: 'invalid',
});

const textsOf = (config: Config): Record<string, string> =>
  Object.fromEntries(
    Object.entries(config.raw).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
