/** Settings of the worker's converters: their keys are open families to the worker's definition, and known to the plug-ins. */
import { type ConfigDef, ConfigError, type ConfigIssue, MillraceError } from '../kernel';
import type { Catalog } from './catalog';
import { checkWithHints, prefixDef } from './config-compose';
import { issueText } from './files';
import { REGISTRY_URL } from './pipeline';
import type { WorkerConfig } from './worker-config';

type Raw = Readonly<Record<string, string>>;

/** What is wrong, and keys nobody knows. `raw` has its references resolved. */
export async function checkWorkerConverters(raw: Raw, catalog: Catalog): Promise<ConfigIssue[]> {
  const issues: ConfigIssue[] = [];
  for (const role of ['key', 'value', 'header'] as const) {
    const key = `${role}.converter`;
    const name = raw[key]?.trim();
    if (!name) continue;
    try {
      const kind = role === 'header' ? 'header-converter' : 'converter';
      const { config } = await catalog.find(kind, name);
      issues.push(...checkKeys(config, `${key}.`, raw));
    } catch (error) {
      if (!(error instanceof MillraceError)) throw error;
      const message = `Invalid value ${name} for configuration ${key}: ${error.message}. ${error.hint ?? ''}`;
      issues.push({ key, value: name, message: message.trim(), kind: 'invalid' });
    }
  }
  return issues;
}

/** Throws ConfigError, with file and line, for classes that nobody knows: no connector could inherit them. */
export async function refuseUnknownConverters(worker: WorkerConfig, catalog: Catalog): Promise<void> {
  const wrong = await checkWorkerConverters(worker.raw, catalog);
  const classes = wrong.filter(({ key, kind }) => kind === 'invalid' && /^\w+\.converter$/.test(key));
  if (classes.length === 0) return;
  throw new ConfigError(classes.map(({ key, message }) => issueText(worker.issue(key, message))).join('\n'));
}

function checkKeys(def: ConfigDef, prefix: string, raw: Raw): ConfigIssue[] {
  const url = raw[REGISTRY_URL];
  const lent = url === undefined || !def.keys.has(REGISTRY_URL) ? {} : { [prefix + REGISTRY_URL]: url };
  const known = prefixDef(def, prefix);
  const own = Object.fromEntries(
    Object.entries({ ...lent, ...raw }).filter(([key]) => key.startsWith(prefix)),
  );
  return [...checkWithHints(known, own), ...known.unknown(own)];
}
