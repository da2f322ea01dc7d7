/** The framework's keys of a connector as they stand on this worker: its converters are their defaults. */
import type { ConfigKey, RawConfig } from '../../kernel';
import type { Plugin } from '../../plugin';
import { type ClassKind, classesOf, type FoundClass, findClass } from './classes';
import type { GivenConfig, ValidationContext } from './context';
import { frameworkKeys } from './definitions';

export const ROLES = ['key', 'value', 'header'] as const;
export type Role = (typeof ROLES)[number];

/** As a JVM worker that says nothing. */
const DEFAULT_HEADER_CONVERTER = 'org.apache.kafka.connect.storage.SimpleHeaderConverter';

export const kindOf = (role: Role): ClassKind => (role === 'header' ? 'header-converter' : 'converter');

export interface RoleConverter {
  readonly role: Role;
  /** What the connector names; null when it names nothing. */
  readonly own: FoundClass | null;
  readonly ofWorker: FoundClass | null;
  readonly recommended: readonly string[];
}

export async function findConverter(
  role: Role,
  config: GivenConfig,
  { catalog, worker, recommend }: ValidationContext,
): Promise<RoleConverter> {
  const kind = kindOf(role);
  const given = config[`${role}.converter`];
  const workers = worker[`${role}.converter`] ?? (role === 'header' ? DEFAULT_HEADER_CONVERTER : undefined);
  const version = config[`${role}.converter.plugin.version`] ?? null;
  return {
    role,
    own: typeof given === 'string' ? await findClass(catalog, kind, given, version) : null,
    ofWorker: workers === undefined ? null : await findClass(catalog, kind, workers, null),
    recommended: recommend === false ? [] : classesOf(await catalog.all(), kind),
  };
}

/** The keys of the framework for a plug-in; only those of every connector when its version is not there. */
export function workerKeys(
  plugin: Plugin,
  config: GivenConfig,
  converters: readonly RoleConverter[],
): ConfigKey[] {
  const replaced = new Map<string, Partial<ConfigKey>>([
    ['connector.plugin.version', { recommended: [plugin.version] }],
    ...converters.flatMap((converter) => converterKeys(config, converter)),
  ]);
  return frameworkKeys(plugin).map((key) => ({ ...key, recommended: undefined, ...replaced.get(key.name) }));
}

function converterKeys(config: GivenConfig, converter: RoleConverter): [string, Partial<ConfigKey>][] {
  const { role, own, ofWorker, recommended } = converter;
  const key = `${role}.converter`;
  const version = versionOf(own ?? ofWorker);
  const isGiven = config[key] !== undefined;
  const visible = (_raw: RawConfig): boolean => (isGiven ? own?.name : ofWorker?.name) != null;
  return [
    [key, { default: ofWorker?.name ?? null, recommended }],
    [`${key}.plugin.version`, { default: version, recommended: version === null ? [] : [version], visible }],
  ];
}

/** That of the class, even when another one was asked for. */
const versionOf = (found: FoundClass | null): string | null => found?.version ?? null;
