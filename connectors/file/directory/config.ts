import {
  atLeast,
  type Config,
  ConfigDef,
  ConfigError,
  type ConfigIssue,
  type ConfigKey,
  nonEmpty,
  oneOf,
  type Validator,
} from '../../../src/plugin';
import { parseColumns } from '../values/column-type';

/** One ASCII character, or \t, or nothing where that means none. */
const character =
  (mayBeEmpty: boolean): Validator =>
  (value) => {
    const text = value === '\\t' ? '\t' : String(value ?? '');
    if (text === '' && mayBeEmpty) return null;
    return text.length === 1 && text.charCodeAt(0) < 128 && text !== '\n' && text !== '\r'
      ? null
      : 'Must be one ASCII character; write \\t for a tab';
  };

const columnList: Validator = (value) => {
  if (value === null || value === '') return null;
  try {
    parseColumns(value as string);
    return null;
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
};

function crossCheck(config: Config): ConfigIssue[] {
  const issues: ConfigIssue[] = [];
  const refuse = (key: string, message: string): void => {
    issues.push({ key, value: config.raw[key] ?? null, message, kind: 'invalid' });
  };
  const format = config.string('format');
  if (config.string('cleanup') === 'move' && config.optionalString('move.to') === null) {
    refuse('move.to', 'cleanup=move needs move.to, the directory that finished files go to.');
  }
  if (format === 'lines') {
    for (const key of ['key.fields', 'timestamp.field', 'columns']) {
      const given = config.raw[key] ?? '';
      if (given !== '') refuse(key, `${key} needs format=csv or jsonl: lines have no fields.`);
    }
  }
  if (format === 'jsonl' && config.string('charset') !== 'utf-8')
    refuse('charset', 'JSON Lines are always utf-8.');
  return issues;
}

const READING: readonly ConfigKey[] = [
  {
    name: 'path',
    type: 'STRING',
    importance: 'HIGH',
    doc: 'Directory to read.',
    group: 'Files',
    width: 'LONG',
    displayName: 'Directory',
    validator: nonEmpty,
    example: '/data/incoming',
  },
  {
    name: 'include',
    type: 'LIST',
    default: [],
    importance: 'HIGH',
    doc: 'Globs of the files to read (*, ?, **, [a-z], {a,b}); one without a slash is matched with the name alone. Default by format: *.csv, *.tsv; *.jsonl, *.ndjson, *.json; *.txt, *.log; each also with .gz. Hidden files need a dot in the glob.',
    group: 'Files',
    width: 'MEDIUM',
    displayName: 'Include',
    example: 'readings-*.csv',
  },
  {
    name: 'exclude',
    type: 'LIST',
    default: [],
    importance: 'MEDIUM',
    doc: 'Globs of files to leave alone.',
    group: 'Files',
    width: 'MEDIUM',
    displayName: 'Exclude',
    example: '*.part.csv',
  },
  {
    name: 'recursive',
    type: 'BOOLEAN',
    default: true,
    importance: 'MEDIUM',
    doc: 'Whether directories below are read, too. Hidden ones and move.to are not.',
    group: 'Files',
    width: 'SHORT',
    displayName: 'Recursive',
  },
  {
    name: 'order',
    type: 'STRING',
    default: 'name',
    importance: 'MEDIUM',
    doc: 'Which of the files found comes first: by name (the path below the directory) or by mtime, the oldest first. Files that come later are read later. With several tasks, the order holds within each task.',
    group: 'Files',
    width: 'SHORT',
    displayName: 'Order',
    validator: oneOf('name', 'mtime'),
    recommended: ['name', 'mtime'],
  },
  {
    name: 'format',
    type: 'STRING',
    default: 'csv',
    importance: 'HIGH',
    doc: 'csv: rows to structs. jsonl: JSON texts, one a line, to structs. lines: each line a string.',
    group: 'Format',
    width: 'SHORT',
    displayName: 'Format',
    validator: oneOf('csv', 'jsonl', 'lines'),
    recommended: ['csv', 'jsonl', 'lines'],
  },
  {
    name: 'compression',
    type: 'STRING',
    default: 'auto',
    importance: 'LOW',
    doc: 'auto unpacks what begins as gzip does, gzip expects it, none never unpacks.',
    group: 'Format',
    width: 'SHORT',
    displayName: 'Compression',
    validator: oneOf('auto', 'gzip', 'none'),
    recommended: ['auto', 'gzip', 'none'],
  },
  {
    name: 'charset',
    type: 'STRING',
    default: 'utf-8',
    importance: 'LOW',
    doc: 'Encoding of the text: utf-8 or latin1. Bytes that are no utf-8 make a bad record.',
    group: 'Format',
    width: 'SHORT',
    displayName: 'Charset',
    validator: oneOf('utf-8', 'latin1'),
    recommended: ['utf-8', 'latin1'],
  },
  {
    name: 'max.line.bytes',
    type: 'INT',
    default: 1024 * 1024,
    importance: 'LOW',
    doc: 'Longest line or row, in bytes. A longer one is a bad record.',
    group: 'Format',
    width: 'SHORT',
    displayName: 'Longest line',
    validator: atLeast(1),
  },
];

const CSV: readonly ConfigKey[] = [
  {
    name: 'csv.separator',
    type: 'STRING',
    default: ',',
    importance: 'MEDIUM',
    doc: 'Between cells; \\t for a tab.',
    group: 'CSV',
    width: 'SHORT',
    displayName: 'Separator',
    validator: character(false),
  },
  {
    name: 'csv.quote',
    type: 'STRING',
    default: '"',
    importance: 'LOW',
    doc: 'Around cells that hold separators, quotes or line ends; empty when nothing is quoted.',
    group: 'CSV',
    width: 'SHORT',
    displayName: 'Quote',
    validator: character(true),
  },
  {
    name: 'csv.escape',
    type: 'STRING',
    default: null,
    importance: 'LOW',
    doc: 'Before a quote that belongs to the text, such as \\. Without it, such quotes are doubled, as RFC 4180 has it.',
    group: 'CSV',
    width: 'SHORT',
    displayName: 'Escape',
    validator: character(true),
  },
  {
    name: 'csv.header',
    type: 'BOOLEAN',
    default: true,
    importance: 'MEDIUM',
    doc: 'Whether the first row names the columns. Without it, columns names them in order, else they are column1, column2 ….',
    group: 'CSV',
    width: 'SHORT',
    displayName: 'Header',
  },
  {
    name: 'csv.skip.lines',
    type: 'INT',
    default: 0,
    importance: 'LOW',
    doc: 'Lines before the header, or the first row, that are no data.',
    group: 'CSV',
    width: 'SHORT',
    displayName: 'Skip lines',
    validator: atLeast(0),
  },
  {
    name: 'csv.null.values',
    type: 'LIST',
    default: [],
    importance: 'LOW',
    doc: 'Texts that, unquoted, mean null. An empty unquoted cell always does.',
    group: 'CSV',
    width: 'MEDIUM',
    displayName: 'Null texts',
    example: 'NULL,NA',
  },
];

const RECORDS: readonly ConfigKey[] = [
  {
    name: 'topic',
    type: 'STRING',
    importance: 'HIGH',
    doc: 'Topic to write to.',
    group: 'Records',
    width: 'MEDIUM',
    displayName: 'Topic',
    validator: nonEmpty,
    example: 'readings',
  },
  {
    name: 'columns',
    type: 'STRING',
    default: null,
    importance: 'HIGH',
    doc: 'Types of columns, as name:type, …, of int32, int64, float64, boolean, string, timestamp (ISO 8601, or epoch ms), date, time, decimal(p,s); with ! where a value is required. Columns not named here are inferred.',
    group: 'Records',
    width: 'LONG',
    displayName: 'Columns',
    validator: columnList,
    example: 'id:int64!, value:float64, price:decimal(10,2)',
  },
  {
    name: 'schema.infer.sample.rows',
    type: 'INT',
    default: 1000,
    importance: 'MEDIUM',
    doc: 'Rows at the beginning of each file (at most 1 MiB) that the types of its columns are inferred from. 0: none; csv columns are strings then, JSON comes without schema.',
    group: 'Records',
    width: 'SHORT',
    displayName: 'Sample',
    validator: atLeast(0),
  },
  {
    name: 'schema.name',
    type: 'STRING',
    default: null,
    importance: 'MEDIUM',
    doc: 'Name of the value schema; that of the key schema is this and Key.',
    group: 'Records',
    width: 'MEDIUM',
    displayName: 'Schema name',
    example: 'com.example.Reading',
  },
  {
    name: 'key.fields',
    type: 'LIST',
    default: [],
    importance: 'MEDIUM',
    doc: 'Fields that make up the key, a struct. They are required: a row without is a bad record.',
    group: 'Records',
    width: 'MEDIUM',
    displayName: 'Key fields',
    example: 'id',
  },
  {
    name: 'timestamp.field',
    type: 'STRING',
    default: null,
    importance: 'LOW',
    doc: 'Field of type timestamp, or int64 with epoch milliseconds, that becomes the timestamp of the record. Without it, records have the time they are sent. The retention of a topic counts from it: with old data, set retention.ms of the topic to -1, or Kafka deletes it.',
    group: 'Records',
    width: 'MEDIUM',
    displayName: 'Timestamp field',
  },
  {
    name: 'header.metadata',
    type: 'BOOLEAN',
    default: false,
    importance: 'LOW',
    doc: 'Whether records tell where they come from, in the headers file.name, file.path (below the directory) and file.line.',
    group: 'Records',
    width: 'SHORT',
    displayName: 'Metadata headers',
  },
];

const PACE: readonly ConfigKey[] = [
  {
    name: 'batch.size',
    type: 'INT',
    default: 2000,
    importance: 'LOW',
    doc: 'Most records handed on at a time.',
    group: 'Pace',
    width: 'SHORT',
    displayName: 'Batch size',
    validator: atLeast(1),
  },
  {
    name: 'poll.interval.ms',
    type: 'LONG',
    default: 500,
    importance: 'LOW',
    doc: 'How long to wait, in milliseconds, before the directory is listed again when there was nothing new.',
    group: 'Pace',
    width: 'SHORT',
    displayName: 'Poll interval',
    validator: atLeast(1),
  },
  {
    name: 'minimum.age.ms',
    type: 'LONG',
    default: 0,
    importance: 'MEDIUM',
    doc: 'Files that were changed less than this many milliseconds ago are left alone, for writers that do not rename complete files into the directory.',
    group: 'Pace',
    width: 'SHORT',
    displayName: 'Minimum age',
    validator: atLeast(0),
  },
  {
    name: 'partial.line.idle.ms',
    type: 'LONG',
    default: 1000,
    importance: 'LOW',
    doc: 'A last line without line end is taken when its file was not changed for this many milliseconds. Files are not moved or deleted earlier either.',
    group: 'Pace',
    width: 'SHORT',
    displayName: 'Partial line idle time',
    validator: atLeast(0),
  },
];

const CLEANUP: readonly ConfigKey[] = [
  {
    name: 'cleanup',
    type: 'STRING',
    default: 'none',
    importance: 'HIGH',
    doc: 'What becomes of a file when all its records are durable in Kafka, and its offset, too: none, move or delete.',
    group: 'Cleanup',
    width: 'SHORT',
    displayName: 'Cleanup',
    validator: oneOf('none', 'move', 'delete'),
    recommended: ['none', 'move', 'delete'],
    dependents: ['move.to'],
  },
  {
    name: 'move.to',
    type: 'STRING',
    default: null,
    importance: 'MEDIUM',
    doc: 'Directory that finished files are moved to, with the path they have below the directory read. Nothing there is replaced.',
    group: 'Cleanup',
    width: 'LONG',
    displayName: 'Move to',
    example: '/data/done',
  },
];

export const directorySourceConfig = new ConfigDef(
  [...READING, ...CSV, ...RECORDS, ...PACE, ...CLEANUP],
  [],
  [crossCheck],
);
