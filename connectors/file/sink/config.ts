import { atLeast, type Config, ConfigDef, type ConfigIssue, oneOf } from '../../../src/plugin';

const OFF = 0;

/** Either one file or a directory of rotated ones; what makes no sense with one file is refused rather than ignored. */
function checkTarget(config: Config): ConfigIssue[] {
  const file = config.optionalString('file');
  const directory = config.optionalString('directory');
  if ((file === null) === (directory === null)) {
    return [
      issue(config, 'directory', 'Set either directory (rotated files) or file (one file to append to).'),
    ];
  }
  if (file === null) return [];
  const rotation = ['rotate.records', 'rotate.bytes', 'rotate.interval.ms', 'rotate.idle.ms'];
  return rotation
    .filter((key) => config.raw[key] !== undefined && config.number(key) !== OFF)
    .map((key) => issue(config, key, `${key} needs directory: a single file is not rotated.`));
}

const issue = (config: Config, key: string, message: string): ConfigIssue => ({
  key,
  value: config.raw[key] ?? null,
  message,
  kind: 'invalid',
});

export const fileSinkConfig = new ConfigDef(
  [
    {
      name: 'directory',
      type: 'STRING',
      default: null,
      importance: 'HIGH',
      doc: 'Directory of the files, one set per topic partition, named topic+partition+firstOffset+lastOffset. Created when missing. Either this or file.',
      group: 'Files',
      width: 'LONG',
      displayName: 'Directory',
      example: '/data/export',
    },
    {
      name: 'file',
      type: 'STRING',
      default: null,
      importance: 'HIGH',
      doc: 'One file to append to, at least once, without rotation. Either this or directory.',
      group: 'Files',
      width: 'LONG',
      displayName: 'File',
      example: '/data/export/readings.jsonl',
    },
    {
      name: 'format',
      type: 'STRING',
      default: 'jsonl',
      importance: 'HIGH',
      doc: 'jsonl: a JSON text per line. csv: RFC 4180 with a header. text: the text of the value per line, as FileStreamSink writes it.',
      group: 'Format',
      width: 'SHORT',
      displayName: 'Format',
      validator: oneOf('jsonl', 'csv', 'text'),
      recommended: ['jsonl', 'csv', 'text'],
    },
    {
      name: 'compression',
      type: 'STRING',
      default: 'none',
      importance: 'MEDIUM',
      doc: 'gzip packs the files; each write is a gzip member of its own, which every gzip reader joins.',
      group: 'Format',
      width: 'SHORT',
      displayName: 'Compression',
      validator: oneOf('none', 'gzip'),
      recommended: ['none', 'gzip'],
    },
    {
      name: 'rotate.records',
      type: 'LONG',
      default: OFF,
      importance: 'MEDIUM',
      doc: 'Finish a file when it has this many records; 0 for no such limit.',
      group: 'Rotation',
      width: 'SHORT',
      displayName: 'Records per file',
      validator: atLeast(0),
    },
    {
      name: 'rotate.bytes',
      type: 'LONG',
      default: 128 * 1024 * 1024,
      importance: 'MEDIUM',
      doc: 'Finish a file when it has this many bytes, counted before compression; 0 for no such limit.',
      group: 'Rotation',
      width: 'SHORT',
      displayName: 'Bytes per file',
      validator: atLeast(0),
    },
    {
      name: 'rotate.interval.ms',
      type: 'LONG',
      default: OFF,
      importance: 'MEDIUM',
      doc: 'Finish a file before the first record whose timestamp is this many milliseconds or more after that of its first one; 0 for no such limit. Depends on the records alone, not on the clock.',
      group: 'Rotation',
      width: 'SHORT',
      displayName: 'Record time per file',
      validator: atLeast(0),
    },
    {
      name: 'rotate.idle.ms',
      type: 'LONG',
      default: 60_000,
      importance: 'MEDIUM',
      doc: 'Finish a file when its partition had no record for this many milliseconds of wall time; 0 for no such limit.',
      group: 'Rotation',
      width: 'SHORT',
      displayName: 'Idle time',
      validator: atLeast(0),
    },
    {
      name: 'decimal.format',
      type: 'STRING',
      default: 'string',
      importance: 'LOW',
      doc: 'How jsonl writes decimals: string ("12.30", every reader keeps it exact) or number (12.30).',
      group: 'Format',
      width: 'SHORT',
      displayName: 'Decimals',
      validator: oneOf('string', 'number'),
      recommended: ['string', 'number'],
    },
    {
      name: 'csv.line.end',
      type: 'STRING',
      default: 'crlf',
      importance: 'LOW',
      doc: 'Line ends of csv: crlf as RFC 4180 has it, or lf.',
      group: 'Format',
      width: 'SHORT',
      displayName: 'CSV line end',
      validator: oneOf('crlf', 'lf'),
      recommended: ['crlf', 'lf'],
    },
    {
      name: 'fsync',
      type: 'BOOLEAN',
      default: true,
      importance: 'LOW',
      doc: 'Whether a file counts as written only when it is forced to disk. Without it, a crash of the machine (not of the worker) can lose committed records.',
      group: 'Files',
      width: 'SHORT',
      displayName: 'Force to disk',
    },
  ],
  [],
  [checkTarget],
);
