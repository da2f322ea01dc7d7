/** The plug-in catalog in the shapes of Connect's REST API (connect.md §1.2, §1.3). */
import { ConfigDef, type ConfigKey, type ConfigValue } from '../kernel';
import type { Plugin, PluginKind } from '../plugin';
import { namesOf } from './catalog';
import { SINK_DEF, SOURCE_DEF } from './connector-keys';

export interface PluginInfo {
  readonly class: string;
  readonly type: string;
  readonly version?: string;
}

export interface ConfigKeyInfo {
  readonly name: string;
  readonly type: string;
  readonly required: boolean;
  readonly default_value: string | null;
  readonly importance: string;
  readonly documentation: string;
  readonly group: string | null;
  readonly width: string;
  readonly display_name: string;
  readonly dependents: readonly string[];
  readonly order: number;
}

/** Config providers are not among the kinds that REST tells of. */
const TYPES: Readonly<Partial<Record<PluginKind, string>>> = {
  sink: 'sink',
  source: 'source',
  transform: 'transformation',
  predicate: 'predicate',
  converter: 'converter',
  'header-converter': 'header_converter',
};

/** Sinks and sources, then the others. A plug-in stands under each of its Java class names, as clients look for those. */
export function pluginInfos(plugins: readonly Plugin[], connectorsOnly: boolean): PluginInfo[] {
  const kinds = (Object.keys(TYPES) as PluginKind[]).slice(0, connectorsOnly ? 2 : undefined);
  return kinds.flatMap((kind) =>
    plugins
      .filter((plugin) => plugin.kind === kind)
      .flatMap((plugin) => classesOf(plugin).map((name) => infoOf(plugin, name))),
  );
}

const infoOf = ({ kind, version }: Plugin, name: string): PluginInfo => ({
  class: name,
  type: TYPES[kind]!,
  version,
});

function classesOf(plugin: Plugin): readonly string[] {
  const classes = namesOf(plugin).filter((name) => name.includes('.'));
  return classes.length > 0 ? classes : [plugin.name];
}

/** The plug-in's own keys, then those of the framework that it does not define itself. */
export function configKeyInfos({ kind, config }: Plugin): ConfigKeyInfo[] {
  const framework = kind === 'source' ? SOURCE_DEF : kind === 'sink' ? SINK_DEF : new ConfigDef([]);
  const inherited = keyInfos(framework).filter(({ name }) => !config.keys.has(name));
  return [...keyInfos(config), ...inherited];
}

export const keyInfos = (def: ConfigDef): ConfigKeyInfo[] => [...def.keys.values()].map(keyInfo);

function keyInfo(key: ConfigKey, index: number): ConfigKeyInfo {
  return {
    name: key.name,
    type: key.type,
    required: key.default === undefined,
    default_value: key.default === undefined ? null : textOf(key.default),
    importance: key.importance,
    documentation: key.doc,
    group: key.group ?? null,
    width: key.width ?? 'NONE',
    display_name: key.displayName ?? key.name,
    dependents: key.dependents ?? [],
    order: key.group === undefined ? -1 : index + 1,
  };
}

const textOf = (value: ConfigValue): string | null =>
  value === null ? null : Array.isArray(value) ? value.join(',') : String(value);
