/** The plug-in catalog in the shapes of Connect's REST API (connect.md §1.2, §1.3). */
import type { Plugin, PluginKind } from '../plugin';
import { namesOf } from './catalog';

export interface PluginInfo {
  readonly class: string;
  readonly type: string;
  readonly version?: string;
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
