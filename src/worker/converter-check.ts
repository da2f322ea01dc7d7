/** The converters that connectors inherit: a class that nobody knows is a mistake of the worker's file, told at its start. */
import { ConfigError, MillraceError } from '../kernel';
import type { Catalog } from './catalog';
import { type FileIssue, issueText } from './files';
import type { WorkerConfig } from './worker-config';

const ROLES = [
  ['key.converter', 'converter'],
  ['value.converter', 'converter'],
  ['header.converter', 'header-converter'],
] as const;

/** Throws ConfigError with file and line. */
export async function checkConverters(worker: WorkerConfig, catalog: Catalog): Promise<void> {
  const issues: FileIssue[] = [];
  for (const [key, kind] of ROLES) {
    const name = worker.raw[key]?.trim();
    if (name === undefined || name === '') continue;
    try {
      await catalog.find(kind, name);
    } catch (error) {
      if (!(error instanceof MillraceError)) throw error;
      const why = `${error.message}. ${error.hint ?? ''}`.trim();
      issues.push(worker.issue(key, `Invalid value ${name} for configuration ${key}: ${why}`));
    }
  }
  if (issues.length > 0) throw new ConfigError(issues.map(issueText).join('\n'));
}
