/** `millrace lint FILE…`: everything wrong in configuration files, at once. */

import { MillraceError } from '../kernel';
import {
  BUILT_IN_MODULES,
  createCatalog,
  type Document,
  issueAt,
  issueText,
  type LintResult,
  lintDocument,
  pipelineSchema,
  readDocument,
  readFlatFile,
} from '../worker';
import { CONNECTOR_MODULES } from './builtin-connectors';
import { EXIT, Exit, printErr, printOut } from './exit';

export interface LintOptions {
  /** One JSON line instead of text. */
  readonly json?: boolean;
  /** Keys that are known and mean nothing here count as mistakes too. */
  readonly strict?: boolean;
  /** Prints the JSON Schema of pipeline files instead. */
  readonly schema?: boolean;
}

export async function lint(files: readonly string[], options: LintOptions): Promise<void> {
  const catalog = createCatalog([...CONNECTOR_MODULES, ...BUILT_IN_MODULES]);
  if (options.schema) {
    process.stdout.write(await renderPipelineSchema());
    return;
  }
  if (files.length === 0) {
    printErr('error: no file to lint');
    throw new Exit(EXIT.USAGE);
  }
  const results = await Promise.all(files.map(async (file) => lintFile(await readOrTell(file), catalog)));
  const bad = results.filter(({ issues }) =>
    issues.some(({ severity }) => severity === 'error' || options.strict === true),
  );
  if (options.json)
    printOut(JSON.stringify(results.map(({ file, kind, issues }) => ({ file, kind, issues }))));
  else for (const result of results) print(result);
  if (bad.length > 0) throw new Exit(EXIT.BAD_CONFIG);
}

/** Text of config/pipeline.schema.json. */
export async function renderPipelineSchema(): Promise<string> {
  const plugins = await createCatalog([...CONNECTOR_MODULES, ...BUILT_IN_MODULES]).all();
  return `${JSON.stringify(pipelineSchema(plugins), null, 1)}\n`;
}

function print({ file, summary, issues }: LintResult): void {
  for (const issue of issues) printOut(withValue(issueText(issue), issue.value));
  const errors = issues.filter(({ severity }) => severity === 'error').length;
  const warnings = issues.length - errors;
  const counted = [count(errors, 'error'), count(warnings, 'warning')]
    .filter((text) => text !== '')
    .join(', ');
  printOut(`${file}: ${summary}: ${counted === '' ? 'ok' : counted}`);
}

const count = (number: number, noun: string): string =>
  number === 0 ? '' : `${number} ${noun}${number === 1 ? '' : 's'}`;

/** Most messages quote the value; the others get it behind. */
const withValue = (text: string, value: string | null): string =>
  value === null || value === '' || text.includes(value) ? text : `${text} (value: ${value})`;

type Catalog = ReturnType<typeof createCatalog>;

/** As any command would read it: worker, connector, pipeline or registry. */
export async function lintFile(document: Document | LintResult, catalog: Catalog): Promise<LintResult> {
  if (!('root' in document)) return document;
  const { root } = document;
  if (root !== null && Object.keys(root).some((key) => key.startsWith('kafkastore.')))
    return lintRegistry(document);
  if (root !== null && Array.isArray(root.permissions)) return lintPermissions(document);
  return lintDocument(document, catalog);
}

/** A file that cannot be read is an issue among the others, so that the rest is linted too. */
async function readOrTell(file: string): Promise<Document | LintResult> {
  try {
    return await readDocument(file);
  } catch (error) {
    if (!(error instanceof MillraceError)) throw error;
    return { file, kind: null, summary: 'unreadable', issues: [issueAt(file, null, error.message)] };
  }
}

/** Who may do what in a registry. The first mistake is told. */
function lintPermissions({ file, root, issues }: Document): LintResult {
  const { readPermissions } = require('../registry') as typeof import('../registry');
  const result = { file, kind: null, summary: 'permissions of a schema registry' };
  try {
    readPermissions(root, 'permissions');
    return { ...result, issues };
  } catch (error) {
    if (!(error instanceof MillraceError)) throw error;
    const text = error.hint === null ? error.message : `${error.message} ${error.hint}`;
    return { ...result, issues: [...issues, issueAt(file, null, text)] };
  }
}

function lintRegistry(document: Document): LintResult {
  const { REGISTRY_CONFIG, readRegistryConfig } = require('../registry') as typeof import('../registry');
  const { name: file, values, lineOf, issues } = readFlatFile(document);
  const wrong = REGISTRY_CONFIG.check(values);
  const unknown = wrong.length > 0 ? REGISTRY_CONFIG.unknown(values) : readRegistryConfig(values).unknown;
  const own = [...wrong, ...unknown].map(({ key, value, message }) =>
    issueAt(file, lineOf(key), message, { key, value }),
  );
  return { file, kind: null, summary: 'schema registry', issues: [...issues, ...own] };
}
