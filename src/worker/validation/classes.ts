/** Class names of a configuration, looked up before it is judged: modules load asynchronously. */
import { MillraceError } from '../../kernel';
import type { Plugin } from '../../plugin';
import { type Catalog, classNamed, findPlugin, namesOf } from '../catalog';
import { matchesVersion } from './version-range';

export type ClassKind = 'converter' | 'header-converter' | 'transform' | 'predicate';

const INTERFACES: Readonly<Record<ClassKind, string>> = {
  converter: 'Converter',
  'header-converter': 'HeaderConverter',
  transform: 'Transformation',
  predicate: 'Predicate',
};

export interface FoundClass {
  /** Full name of the class; null when nobody knows it. */
  readonly name: string | null;
  /** Null unless it is of the kind, and of the version that was asked for. */
  readonly plugin: Plugin | null;
  /** Why there is no plug-in though there is a class; null when all is well, or when the class is not known. */
  readonly why: string | null;
  /** The version there is, whatever was asked for; null when it is no plug-in of the kind. */
  readonly version: string | null;
}

const UNKNOWN: FoundClass = { name: null, plugin: null, why: null, version: null };

export async function findClass(
  catalog: Catalog,
  kind: ClassKind,
  given: string,
  version: string | null,
): Promise<FoundClass> {
  const asked = given.trim();
  const plugin = await ofKind(catalog, kind, asked);
  if (plugin === null) return strange(await catalog.all(), kind, asked);
  const name = classNamed(plugin, kind, asked);
  const why = versionProblem(name, plugin.version, version);
  return { name, plugin: why === null ? plugin : null, why, version: plugin.version };
}

/** In Connect's words; null when the version fits or none is asked for. */
export function versionProblem(name: string, has: string, wanted: string | null): string | null {
  if (wanted === null || matchesVersion(has, wanted)) return null;
  const range = /^\s*[[(]/.test(wanted) ? wanted.trim() : `[${wanted},${wanted}]`;
  return `Plugin ${name} not found that matches the version range ${range}, available versions: [${has}]`;
}

async function ofKind(catalog: Catalog, kind: ClassKind, name: string): Promise<Plugin | null> {
  try {
    return await catalog.find(kind, name);
  } catch (error) {
    if (error instanceof MillraceError && error.code === 'PLUGIN_UNKNOWN') return null;
    throw error;
  }
}

/** A class of another kind, or one whose inner classes are what was meant. */
function strange(plugins: readonly Plugin[], kind: ClassKind, asked: string): FoundClass {
  const other = findPlugin(plugins, asked);
  if (other !== null) {
    const name = namesOf(other).find((known) => known === asked) ?? other.aliases[0] ?? other.name;
    const why = `Class class ${name} does not implement the ${INTERFACES[kind]} interface`;
    return { ...UNKNOWN, name, why };
  }
  const inner = classesOf(plugins, kind).filter((name) => name.startsWith(`${asked}$`));
  if (asked === '' || inner.length === 0) return UNKNOWN;
  const why = `This class is abstract and cannot be created. Did you mean ${inner.join(', ')}?`;
  return { ...UNKNOWN, name: asked, why };
}

/** Java class names of all plug-ins of a kind, in the order of the catalog. */
export const classesOf = (plugins: readonly Plugin[], kind: ClassKind): string[] =>
  plugins
    .filter((plugin) => plugin.kind === kind)
    .flatMap((plugin) => namesOf(plugin).filter((name) => name.includes('.')));
