/** Plug-ins from outside: module files, Node packages and directories of packages, as `plugin.path` lists them. */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { causeChain, MillraceError } from '../kernel';
import type { Plugin } from '../plugin';
import type { PluginModule } from './catalog';

/** Version of the contract in src/plugin that `requires` of a plug-in is compared with. */
export const HOST_API = { major: 1, minor: 0 } as const;

export interface ThirdParty {
  readonly modules: readonly PluginModule[];
  /** Entries that hold nothing for Node, such as folders of jars in files written for Java workers. */
  readonly remarks: readonly string[];
}

export function findThirdParty(pluginPath: readonly string[], from: string = process.cwd()): ThirdParty {
  const modules: PluginModule[] = [];
  const remarks: string[] = [];
  for (const entry of pluginPath) {
    const files = entryFiles(entry, from);
    if (files.length === 0) remarks.push(`plugin.path: ${entry} holds no Node plug-ins`);
    for (const file of files) modules.push({ names: null, load: () => loadPlugins(file) });
  }
  return { modules, remarks };
}

/** Main files behind one entry; none when there is nothing for Node. */
function entryFiles(entry: string, from: string): string[] {
  const target = path.resolve(from, entry);
  if (!existsSync(target)) {
    const file = resolveModule(entry, from);
    return file === null ? [] : [file];
  }
  if (!statSync(target).isDirectory()) return /\.[cm]?js$/.test(target) ? [target] : [];
  const own = resolveModule(target, from);
  if (own !== null) return [own];
  const children = readdirSync(target)
    .sort()
    .map((name) => path.join(target, name));
  return children.flatMap((child) => {
    if (/\.[cm]?js$/.test(child)) return [child];
    const file = statSync(child).isDirectory() ? resolveModule(child, from) : null;
    return file === null ? [] : [file];
  });
}

function resolveModule(name: string, from: string): string | null {
  try {
    return createRequire(path.join(from, 'package.json')).resolve(name);
  } catch {
    return null;
  }
}

async function loadPlugins(file: string): Promise<readonly Plugin[]> {
  const exported = unwrap(await loadModule(file));
  const plugins = Array.isArray(exported) ? exported : [exported];
  for (const plugin of plugins) check(plugin, file);
  return plugins as Plugin[];
}

/** `require` reads both module formats but waits for nothing; a module with top-level await needs `import`. */
async function loadModule(file: string): Promise<unknown> {
  try {
    return createRequire(file)(file);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ERR_REQUIRE_ESM' || code === 'ERR_REQUIRE_ASYNC_MODULE')
      return import(pathToFileURL(file).href);
    throw new MillraceError('PLUGIN_UNKNOWN', `plug-in ${file} cannot be loaded: ${causeChain(error)[0]}`, {
      cause: error,
    });
  }
}

/** The default export; twice for a CommonJS module that came through `import`. */
function unwrap(module: unknown): unknown {
  const once = (module as { default?: unknown })?.default ?? module;
  return (once as { default?: unknown })?.default ?? once;
}

const KINDS = [
  'source',
  'sink',
  'converter',
  'header-converter',
  'transform',
  'predicate',
  'config-provider',
];

function check(plugin: Partial<Plugin> | null, file: string): void {
  const refuse = (why: string): never => {
    throw new MillraceError('PLUGIN_UNKNOWN', `${file} is no usable plug-in: ${why}`, {
      hint: 'Its default export must be a declaration, or an array of them, as src/plugin describes.',
    });
  };
  if (typeof plugin !== 'object' || plugin === null) refuse('it has no default export');
  const { kind, name, aliases, config, requires } = plugin!;
  if (!KINDS.includes(kind as string)) refuse(`kind is ${String(kind)}`);
  if (typeof name !== 'string' || !Array.isArray(aliases)) refuse('name or aliases are missing');
  if (typeof config?.check !== 'function') refuse('config is no ConfigDef');
  if (requires !== undefined && !isSupported(requires)) {
    refuse(`it requires version ${requires} of the plug-in API, this is ${HOST_API.major}.${HOST_API.minor}`);
  }
}

/** `^1.2`, `1.2`, `>=1.2`, `1`: same major version, at least that minor one. */
function isSupported(range: string): boolean {
  const match = /^\s*(?:\^|~|>=|=)?\s*(\d+)(?:\.(\d+))?/.exec(range);
  if (match === null) return range.trim() === '*';
  return Number(match[1]) === HOST_API.major && Number(match[2] ?? 0) <= HOST_API.minor;
}
