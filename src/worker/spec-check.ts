/** Checks a connector as its file has it: every issue with file and line, nothing resolved shown. */
import type { Catalog } from './catalog';
import type { OverridePolicy } from './client-keys';
import { type Connector, checkConnector } from './connector-config';
import { type ConnectorSpec, type FileIssue, issueAt } from './files';
import { REGISTRY_URL } from './pipeline';
import { type Providers, resolveReferences } from './references';
import { hideResolved } from './worker-config';

export interface CheckedSpec {
  readonly plugin: Connector | null;
  /** With these the connector cannot be created. */
  readonly errors: readonly FileIssue[];
  /** Keys nobody knows: a warning for a worker, an error for lint. */
  readonly unknown: readonly FileIssue[];
  /** Keys without effect, keys set twice. */
  readonly remarks: readonly FileIssue[];
}

export interface SpecCheckOptions {
  readonly catalog: Catalog;
  readonly providers: Providers;
  readonly policy: OverridePolicy;
  /** Worker configuration; null when it is not known, as for lint of a single file. */
  readonly worker: Readonly<Record<string, string>> | null;
}

export async function checkSpec(spec: ConnectorSpec, options: SpecCheckOptions): Promise<CheckedSpec> {
  const { file } = spec;
  const { catalog, policy, worker } = options;
  const { config, broken } = await resolveReferences(spec.config, options.providers);
  const workerHas =
    worker === null ? undefined : (role: 'key' | 'value') => Boolean(worker[`${role}.converter`]);
  const workerRegistry = worker === null ? undefined : (worker[REGISTRY_URL] ?? null);
  const checked = await checkConnector(config, {
    catalog,
    policy,
    kind: spec.kind,
    workerHas,
    workerRegistry,
  });
  const place = (key: string, message: string, about: Partial<FileIssue> = {}): FileIssue =>
    issueAt(file, spec.lineOf(key), hideResolved(message, spec.config[key], config[key]), { key, ...about });

  const unresolved = new Set(broken.map(({ key }) => key));
  const judged = checked.issues.filter(({ key }) => !unresolved.has(key));
  const placed = (kinds: readonly string[]): FileIssue[] =>
    judged
      .filter(({ kind }) => kinds.includes(kind))
      .map(({ key, value, message }) =>
        place(key, message, { value: value === null ? null : (spec.config[key] ?? value) }),
      );
  return {
    plugin: checked.plugin,
    errors: [
      ...spec.issues.filter(({ severity }) => severity === 'error'),
      ...broken.map(({ key, reference, why }) =>
        place(key, `${key}: ${reference} cannot be resolved: ${why}`, { value: spec.config[key] ?? null }),
      ),
      ...placed(['missing', 'invalid']),
    ],
    unknown: placed(['unknown']),
    remarks: [
      ...spec.issues.filter(({ severity }) => severity === 'warning'),
      ...checked.withoutEffect.map((key) =>
        place(key, `${key} has no effect here.`, { severity: 'warning' }),
      ),
    ],
  };
}
