/**
 * Finds plug-ins by name: full Java class, simple class name, that without its kind's suffix, or millrace's own name.
 * A module is loaded only when one of its names is asked for, so a worker carries what it uses.
 */
import { MillraceError, nearest } from '../kernel';
import type { Plugin, PluginKind } from '../plugin';

/** What a lookup may ask for: `connector` is a source or a sink. */
export type LookupKind = PluginKind | 'connector';

type PluginOf<K extends LookupKind> = Extract<
  Plugin,
  { kind: K extends 'connector' ? 'source' | 'sink' : K }
>;

export interface PluginModule {
  /** Names and aliases of all its plug-ins, known without loading it; null: load it to know. */
  readonly names: readonly string[] | null;
  /** Kinds it has; absent: any. */
  readonly kinds?: readonly PluginKind[];
  load(): readonly Plugin[] | Promise<readonly Plugin[]>;
}

export interface Catalog {
  /** Throws PLUGIN_UNKNOWN that names the nearest and all known ones. */
  find<K extends LookupKind>(kind: K, name: string): Promise<PluginOf<K>>;
  /** Every plug-in, in the order of the modules. Loads all of them. */
  all(): Promise<readonly Plugin[]>;
}

const WORDS: Readonly<Record<LookupKind, string>> = {
  connector: 'connector',
  source: 'source connector',
  sink: 'sink connector',
  converter: 'converter',
  'header-converter': 'header converter',
  transform: 'transform',
  predicate: 'predicate',
  'config-provider': 'config provider',
};

const SUFFIXES: Readonly<Record<LookupKind, readonly string[]>> = {
  connector: ['Connector'],
  source: ['Connector'],
  sink: ['Connector'],
  converter: ['Converter'],
  'header-converter': ['HeaderConverter', 'Converter'],
  transform: [],
  predicate: [],
  'config-provider': ['ConfigProvider'],
};

export function createCatalog(modules: readonly PluginModule[]): Catalog {
  const loaded = new Map<PluginModule, Promise<readonly Plugin[]>>();
  const load = (module: PluginModule): Promise<readonly Plugin[]> => {
    let plugins = loaded.get(module);
    if (plugins === undefined) loaded.set(module, (plugins = Promise.resolve(module.load())));
    return plugins;
  };
  const all = async (): Promise<readonly Plugin[]> => (await Promise.all(modules.map(load))).flat();

  return {
    all,
    async find<K extends LookupKind>(kind: K, name: string): Promise<PluginOf<K>> {
      const likely = modules.filter(
        ({ names, kinds }) =>
          (kinds === undefined || kinds.some((each) => matchesKind(each, kind))) &&
          (names === null || names.some((known) => answersTo(known, kind, name))),
      );
      const plugins = (await Promise.all(likely.map(load))).flat();
      const found = pick(plugins, kind, name);
      if (found !== null) return found as PluginOf<K>;
      throw unknown(await all(), kind, name);
    },
  };
}

const matchesKind = (kind: PluginKind, wanted: LookupKind): boolean =>
  kind === wanted || (wanted === 'connector' && (kind === 'source' || kind === 'sink'));

const isOfKind = (plugin: Plugin, kind: LookupKind): boolean => matchesKind(plugin.kind, kind);

export const namesOf = ({ name, aliases }: Plugin): readonly string[] => [name, ...aliases];

/** The Java class name, or our own where there is none: what REST calls the class. */
export const classNameOf = ({ name, aliases }: Plugin): string => aliases[0] ?? name;

/**
 * Any kind of plug-in by name, connectors first; null when there is none, or when the name is ambiguous. A class within
 * another (`Cast$Value`) goes by its full name alone, as on a JVM worker.
 */
export function findPlugin(plugins: readonly Plugin[], name: string): Plugin | null {
  if (name.includes('$') && !name.includes('.')) return null;
  for (const kind of ['connector', 'transform', 'predicate', 'converter', 'header-converter'] as const) {
    try {
      const found = pick(plugins, kind, name);
      if (found !== null) return found;
    } catch (error) {
      if (!(error instanceof MillraceError)) throw error;
    }
  }
  return null;
}

/** A name as given wins over one derived from it, so that a module may claim an ambiguous short name. */
function pick(plugins: readonly Plugin[], kind: LookupKind, name: string): Plugin | null {
  const eligible = plugins.filter((plugin) => isOfKind(plugin, kind));
  const exact = eligible.find((plugin) => namesOf(plugin).includes(name));
  if (exact !== undefined) return exact;
  const derived = eligible.filter((plugin) => namesOf(plugin).some((known) => answersTo(known, kind, name)));
  if (derived.length > 1) throw ambiguous(derived, kind, name);
  return derived[0] ?? null;
}

function answersTo(known: string, kind: LookupKind, name: string): boolean {
  if (known === name) return true;
  const simple = known.slice(known.lastIndexOf('.') + 1);
  return simple === name || SUFFIXES[kind].some((suffix) => simple === name + suffix);
}

const ambiguous = (plugins: readonly Plugin[], kind: LookupKind, name: string): MillraceError =>
  new MillraceError('PLUGIN_UNKNOWN', `${name} is more than one ${WORDS[kind]}`, {
    hint: `Give the full class name: ${plugins.map((plugin) => fullNameFor(plugin, kind, name)).join(', ')}.`,
  });

/** The class that a name stands for: the one that was named, or the plug-in's first. */
export function classNamed(plugin: Plugin, kind: LookupKind, name: string): string {
  const classes = namesOf(plugin).filter((known) => known.includes('.'));
  return classes.find((known) => answersTo(known, kind, name)) ?? classNameOf(plugin);
}

const fullNameFor = (plugin: Plugin, kind: LookupKind, name: string): string =>
  namesOf(plugin).find((known) => answersTo(known, kind, name)) ?? classNameOf(plugin);

function unknown(plugins: readonly Plugin[], kind: LookupKind, name: string): MillraceError {
  const eligible = plugins.filter((plugin) => isOfKind(plugin, kind));
  const simple = name.slice(name.lastIndexOf('.') + 1);
  const names = eligible.flatMap(namesOf);
  const short = names.map((known) => known.slice(known.lastIndexOf('.') + 1));
  const pruned = short.map((known) =>
    known.replace(new RegExp(`(${SUFFIXES[kind].join('|') || '(?!)'})$`), ''),
  );
  const meant =
    nearest(
      name,
      names.filter((known) => known.includes('.')),
    ) ?? nearest(simple, [...pruned, ...short]);
  const guess = meant === null ? '' : `Did you mean ${meant}? `;
  return new MillraceError('PLUGIN_UNKNOWN', `there is no ${WORDS[kind]} ${name}`, {
    hint: `${guess}Known are ${eligible.map(shortLabel).join(', ') || 'none'}.`,
  });
}

const shortLabel = (plugin: Plugin): string =>
  plugin.aliases.length === 0 ? plugin.name : `${plugin.name} (${plugin.aliases[0]})`;
