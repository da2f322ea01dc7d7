import { access, constants } from 'node:fs/promises';
import type { Config, SinkConnector, TaskConfig } from '../../../src/plugin';
import { testDirectoryToWrite, testFileToWrite } from '../connection-test';
import { fileError } from '../io/errors';
import { MemoryBudget } from '../io/output';
import { openAppendSink } from './append';
import { fileSinkConfig } from './config';
import { createSinkFormat } from './format';
import { ensureDirectory, type FilesOptions } from './partition-files';
import { RotatingSinkTask } from './rotating';

function filesOptions(config: Config, directory: string, extension: string): FilesOptions {
  const packed = config.string('compression') === 'gzip';
  return {
    directory,
    extension: `.${extension}${packed ? '.gz' : ''}`,
    packed,
    fsync: config.boolean('fsync'),
    limits: {
      records: config.number('rotate.records'),
      bytes: config.number('rotate.bytes'),
      intervalMs: config.number('rotate.interval.ms'),
      idleMs: config.number('rotate.idle.ms'),
    },
    budget: new MemoryBudget(),
  };
}

async function checkWritable(directory: string): Promise<void> {
  await ensureDirectory(directory);
  await access(directory, constants.W_OK | constants.X_OK).catch((error: unknown) => {
    throw fileError('directory', directory, error);
  });
}

export const fileSink: SinkConnector = {
  kind: 'sink',
  name: 'file-sink',
  aliases: ['FileSink'],
  version: '1.0.0',
  summary: 'Writes records as JSON Lines, CSV or text, into rotated files or one file.',
  description:
    'In a directory, each topic partition has files of its own, cut by count, size and time. A file gets its name, which ' +
    'holds its first and last offset, when it is complete and on disk; after a crash the names say where to go on, so each ' +
    'record is in exactly one file.',
  examples: [
    {
      title: 'A topic to JSON Lines, a file per 100,000 records',
      config: {
        name: 'export',
        'connector.class': 'file-sink',
        topics: 'readings',
        directory: 'export',
        format: 'jsonl',
        'rotate.records': '100000',
      },
    },
    {
      title: 'A topic to one CSV file',
      config: {
        name: 'export-csv',
        'connector.class': 'file-sink',
        topics: 'readings',
        file: 'readings.csv',
        format: 'csv',
      },
    },
  ],
  config: fileSinkConfig,
  test: (config) => {
    const directory = config.optionalString('directory');
    return directory === null
      ? testFileToWrite(config.optionalString('file'))
      : testDirectoryToWrite(directory);
  },
  capabilities: { exactlyOnce: true },
  /** In a directory the names of the files say where to go on, whatever the group's offsets are. */
  alterOffsets: (config) => config.optionalString('directory') === null,
  /** Writers of one file would mix their headers and writes, so one file means one task. */
  async plan(context, config, maxTasks) {
    const own = config.raw as TaskConfig;
    if (config.optionalString('file') === null) return Array.from({ length: maxTasks }, () => own);
    if (maxTasks > 1) context.logger.warn({}, 'tasks.max is lowered to 1: a single file has a single writer');
    return [own];
  },
  async open(context, config) {
    const format = createSinkFormat(config);
    const directory = config.optionalString('directory');
    if (directory === null) {
      return openAppendSink(context, {
        path: config.string('file'),
        format,
        packed: config.string('compression') === 'gzip',
        fsync: config.boolean('fsync'),
      });
    }
    await checkWritable(directory);
    return new RotatingSinkTask(context, filesOptions(config, directory, format.extension), format);
  },
};
