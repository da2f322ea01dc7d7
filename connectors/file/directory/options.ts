import { resolve } from 'node:path';
import type { Config } from '../../../src/plugin';
import { type Column, parseColumns } from '../values/column-type';
import type { CsvDialect } from '../values/csv-row';
import { globMatcher } from './glob';

export type FileFormatName = 'csv' | 'jsonl' | 'lines';
export type Cleanup = 'none' | 'move' | 'delete';

/** The configuration of a directory source, read once. */
export interface DirectoryOptions {
  readonly root: string;
  readonly matches: (relativePath: string) => boolean;
  readonly recursive: boolean;
  readonly order: 'name' | 'mtime';
  readonly format: FileFormatName;
  readonly compression: 'auto' | 'gzip' | 'none';
  readonly latin1: boolean;
  readonly maxLineBytes: number;
  readonly dialect: CsvDialect;
  readonly header: boolean;
  readonly skipLines: number;
  readonly nullTexts: ReadonlySet<string>;
  readonly topic: string;
  readonly columns: readonly Column[];
  readonly sampleRows: number;
  readonly schemaName: string | null;
  readonly keyFields: readonly string[];
  readonly timestampField: string | null;
  readonly headers: boolean;
  readonly batchSize: number;
  readonly pollIntervalMs: number;
  readonly minimumAgeMs: number;
  readonly idleMs: number;
  readonly cleanup: Cleanup;
  readonly moveTo: string | null;
}

const DEFAULT_INCLUDE: Readonly<Record<FileFormatName, string>> = {
  csv: '*.{csv,tsv,csv.gz,tsv.gz}',
  jsonl: '*.{jsonl,ndjson,json,jsonl.gz,ndjson.gz,json.gz}',
  lines: '*.{txt,log,txt.gz,log.gz}',
};

function code(text: string | null): number {
  if (text === null) return -1;
  return text === '\\t' ? 9 : text.charCodeAt(0);
}

/** The commas of lists part alternatives in braces, too; these belong together. */
const globs = (list: readonly string[]): string[] => {
  const text = list.join(',');
  return text === '' ? [] : text.split(/,(?![^{]*\})/);
};

export function readOptions(config: Config): DirectoryOptions {
  const format = config.string('format') as FileFormatName;
  const include = globs(config.list('include'));
  const included = globMatcher(include.length > 0 ? include : [DEFAULT_INCLUDE[format]]);
  const excluded = globMatcher(globs(config.list('exclude')));
  const quote = code(config.optionalString('csv.quote'));
  const mark = config.optionalString('csv.escape');
  const columns = config.optionalString('columns');
  const moveTo = config.optionalString('move.to');
  return {
    root: resolve(config.string('path')),
    matches: (path) => included(path) && !excluded(path),
    recursive: config.boolean('recursive'),
    order: config.string('order') as 'name' | 'mtime',
    format,
    compression: config.string('compression') as DirectoryOptions['compression'],
    latin1: config.string('charset') === 'latin1',
    maxLineBytes: config.number('max.line.bytes'),
    dialect: {
      separator: code(config.string('csv.separator')),
      quote,
      mark: mark === null ? quote : code(mark),
    },
    header: config.boolean('csv.header'),
    skipLines: config.number('csv.skip.lines'),
    nullTexts: new Set(config.list('csv.null.values')),
    topic: config.string('topic'),
    columns: columns === null ? [] : parseColumns(columns),
    sampleRows: config.number('schema.infer.sample.rows'),
    schemaName: config.optionalString('schema.name'),
    keyFields: config.list('key.fields'),
    timestampField: config.optionalString('timestamp.field'),
    headers: config.boolean('header.metadata'),
    batchSize: config.number('batch.size'),
    pollIntervalMs: config.number('poll.interval.ms'),
    minimumAgeMs: config.number('minimum.age.ms'),
    idleMs: config.number('partial.line.idle.ms'),
    cleanup: config.string('cleanup') as Cleanup,
    moveTo: moveTo === null ? null : resolve(moveTo),
  };
}
