import { atLeast, ConfigDef, nonEmpty } from '../../../src/plugin';

/** FileStreamSource: the keys of Apache Kafka's, bare as there, and the ones that bound it. */
export const streamSourceConfig = new ConfigDef([
  {
    name: 'file',
    type: 'STRING',
    default: null,
    importance: 'HIGH',
    doc: 'File to read, followed as it grows. Without it, standard input is read.',
    example: '/var/log/app.log',
  },
  {
    name: 'topic',
    type: 'STRING',
    importance: 'HIGH',
    doc: 'Topic to write the lines to.',
    validator: nonEmpty,
    example: 'lines',
  },
  {
    name: 'batch.size',
    type: 'INT',
    default: 2000,
    importance: 'LOW',
    doc: 'Most lines handed on at a time; one at least.',
  },
  {
    name: 'poll.interval.ms',
    extension: true,
    type: 'LONG',
    default: 100,
    importance: 'LOW',
    doc: 'How long to wait, in milliseconds, before looking again when there was nothing new.',
    group: 'Reading',
    width: 'SHORT',
    displayName: 'Poll interval',
    validator: atLeast(1),
  },
  {
    name: 'max.line.bytes',
    extension: true,
    type: 'INT',
    default: 16 * 1024 * 1024,
    importance: 'LOW',
    doc: 'Longest line, in bytes. A longer one is a bad record: errors.tolerance decides whether it is skipped or fails the task.',
    group: 'Reading',
    width: 'SHORT',
    displayName: 'Longest line',
    validator: atLeast(1),
  },
]);

/** FileStreamSink: the key of Apache Kafka's, and how durable a commit is. */
export const streamSinkConfig = new ConfigDef([
  {
    name: 'file',
    type: 'STRING',
    default: null,
    importance: 'HIGH',
    doc: 'File to append to; it is created when it does not exist, its directory is not. Without it, standard output is written.',
    example: '/data/out/lines.txt',
  },
  {
    name: 'fsync',
    extension: true,
    type: 'BOOLEAN',
    default: true,
    importance: 'LOW',
    doc: 'Whether offsets are committed only when the file is forced to disk. Without it, a crash of the machine (not of the worker) can lose committed lines.',
    group: 'File',
    width: 'SHORT',
    displayName: 'Force to disk',
  },
]);
