/** Everything wrong in a configuration file, at once, without starting anything. */
import { MillraceError } from '../kernel';
import type { Catalog } from './catalog';
import {
  type Document,
  type FileIssue,
  isPipeline,
  issueAt,
  isWrapped,
  readConnector,
  readFlatFile,
  readPipeline,
} from './files';
import { createProviders, type Providers, providerPlugins } from './providers';
import { resolveReferences } from './references';
import { checkSpec } from './spec-check';
import { checkWorker, hideResolved, remarks } from './worker-config';
import { checkWorkerConverters } from './worker-converters';
import { WORKER_DEF } from './worker-keys';

export type FileKind = 'worker' | 'connector' | 'pipeline';

export interface LintResult {
  readonly file: string;
  readonly kind: FileKind | null;
  /** What was looked at, for people: `pipeline readings: 1 source, 1 sink`. */
  readonly summary: string;
  readonly issues: readonly FileIssue[];
}

/** References are resolved from the environment of this process: an undefined one is a mistake. */
export async function lintDocument(document: Document, catalog: Catalog): Promise<LintResult> {
  const { file, root } = document;
  if (root === null) return { file, kind: null, summary: 'unreadable', issues: document.issues };
  const kind = fileKind(document);
  if (kind === 'pipeline') return lintPipeline(document, catalog);
  if (kind === 'connector') return lintConnector(document, catalog);
  if (kind === 'worker') return lintWorker(document, catalog);
  const message =
    'This is no configuration file: a connector has connector.class, a pipeline has sources or sinks, a worker has bootstrap.servers';
  return { file, kind, summary: 'unknown', issues: [...document.issues, issueAt(file, 1, message)] };
}

/** Told by what is in the file. A connector that forgot its class still has a name, or tasks.max. */
export function fileKind({ root }: Document): FileKind | null {
  if (root === null) return null;
  if (isPipeline(root)) return 'pipeline';
  const keys = Object.keys(root);
  if (
    isWrapped(root) ||
    keys.some((key) => ['connector.class', 'connector', 'name', 'tasks.max'].includes(key))
  )
    return 'connector';
  const known = keys.filter((key) => WORKER_DEF.keys.has(key)).length;
  return known > 0 ? 'worker' : null;
}

async function lintConnector(document: Document, catalog: Catalog): Promise<LintResult> {
  const spec = readConnector(document);
  const checked = await checkSpec(spec, {
    catalog,
    providers: createProviders(),
    policy: 'all',
    worker: null,
  });
  const { kind = 'connector' } = checked.plugin ?? {};
  return {
    file: document.file,
    kind: 'connector',
    summary: `${kind} ${spec.name || '(unnamed)'}`,
    issues: inOrder([...checked.errors, ...checked.unknown, ...checked.remarks]),
  };
}

async function lintPipeline(document: Document, catalog: Catalog): Promise<LintResult> {
  const pipeline = readPipeline(document);
  const { file, worker, workerLineOf } = pipeline;
  const { providers, issues: providerIssues } = await providersOf(worker, file, workerLineOf);
  const specs = await Promise.all(
    pipeline.connectors.map((spec) => checkSpec(spec, { catalog, providers, policy: 'all', worker: null })),
  );
  const workerIssues = await lintWorkerKeys(file, worker, workerLineOf, providers, catalog);
  const count = (kind: string): number => pipeline.connectors.filter((each) => each.kind === kind).length;
  return {
    file,
    kind: 'pipeline',
    summary: `pipeline ${pipeline.name}: ${plural(count('source'), 'source')}, ${plural(count('sink'), 'sink')}`,
    issues: inOrder([
      ...pipeline.issues,
      ...providerIssues,
      ...workerIssues,
      ...specs.flatMap(({ errors, unknown, remarks: notes }) => [...errors, ...unknown, ...notes]),
    ]),
  };
}

const plural = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;

async function lintWorker(document: Document, catalog: Catalog): Promise<LintResult> {
  const { name, values, lineOf, issues } = readFlatFile(document);
  const { providers, issues: providerIssues } = await providersOf(values, name, lineOf);
  const own = await lintWorkerKeys(name, values, lineOf, providers, catalog);
  return {
    file: name,
    kind: 'worker',
    summary: 'worker',
    issues: inOrder([...issues, ...providerIssues, ...own]),
  };
}

type Raw = Readonly<Record<string, string>>;

async function providersOf(
  worker: Raw,
  file: string,
  lineOf: (key: string) => number | null,
): Promise<{ providers: Providers; issues: FileIssue[] }> {
  try {
    return {
      providers: createProviders(worker, process.env, await providerPlugins(worker)),
      issues: [],
    };
  } catch (error) {
    if (!(error instanceof MillraceError)) throw error;
    const message = `${error.message}. ${error.hint ?? ''}`.trim();
    return {
      providers: createProviders(),
      issues: [issueAt(file, lineOf('config.providers'), message, { key: 'config.providers' })],
    };
  }
}

async function lintWorkerKeys(
  file: string,
  written: Raw,
  lineOf: (key: string) => number | null,
  providers: Providers,
  catalog: Catalog,
): Promise<FileIssue[]> {
  const { config, broken } = await resolveReferences(written, providers);
  const mode = config['config.storage.topic'] === undefined ? 'standalone' : 'distributed';
  const place = (key: string, message: string, about: Partial<FileIssue> = {}): FileIssue =>
    issueAt(file, lineOf(key), hideResolved(message, written[key], config[key]), { key, ...about });
  const unresolved = new Set(broken.map(({ key }) => key));
  return [
    ...broken.map(({ key, reference, why }) =>
      place(key, `${key}: ${reference} cannot be resolved: ${why}`, { value: written[key] }),
    ),
    ...[...checkWorker(config, mode), ...(await checkWorkerConverters(config, catalog))]
      .filter(({ key }) => !unresolved.has(key))
      .map(({ key, value, message }) => place(key, message, { value: value === null ? null : written[key] })),
    ...remarks(config, mode).map(({ key, message }) =>
      place(key, message, {
        value: written[key],
        severity: message.endsWith('no effect here.') ? 'warning' : 'error',
      }),
    ),
  ];
}

const inOrder = (issues: readonly FileIssue[]): FileIssue[] =>
  [...issues].sort((a, b) => (a.line ?? 0) - (b.line ?? 0));
