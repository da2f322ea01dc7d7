/** Lints text as `millrace lint` does, where all that it refers to is there. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { CONNECTOR_MODULES } from '../../src/cli/builtin-connectors';
import { lintFile } from '../../src/cli/lint';
import { BUILT_IN_MODULES, createCatalog, type LintResult, parseDocument } from '../../src/worker';

export const catalog = createCatalog([...CONNECTOR_MODULES, ...BUILT_IN_MODULES]);

/** Variables that configurations may refer to. */
const VARIABLES: Readonly<Record<string, string>> = {
  PG_URL: 'postgres://user@localhost/database',
  PGPASSWORD: 'secret',
  REDIS_URL: 'redis://localhost',
  DEMO_DATA: '/data',
  EVENTS_DIRECTORY: '/data/events',
};

/** The ending of `name` tells the format; issues name it. References to files lead to files that hold the key. */
export async function lintText(name: string, text: string): Promise<LintResult> {
  const folder = mkdtempSync(path.join(tmpdir(), 'millrace-docs-'));
  const environment = { ...process.env };
  Object.assign(process.env, VARIABLES);
  try {
    return await lintFile(parseDocument(name, withFiles(text, folder)), catalog);
  } finally {
    for (const variable of Object.keys(VARIABLES)) restore(variable, environment[variable]);
    rmSync(folder, { recursive: true });
  }
}

function restore(variable: string, value: string | undefined): void {
  if (value === undefined) delete process.env[variable];
  else process.env[variable] = value;
}

function withFiles(text: string, folder: string): string {
  const secrets = path.join(folder, 'secrets.properties');
  return text.replace(/\$\{(file|dir):[^:}]+:([^}]+)\}/g, (_all, provider: string, key: string) => {
    if (provider === 'file') writeFileSync(secrets, `${key}=value\n`, { flag: 'a' });
    else writeFileSync(path.join(folder, key), 'value');
    return `\${${provider}:${provider === 'file' ? secrets : folder}:${key}}`;
  });
}
