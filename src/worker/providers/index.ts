/** The config providers of a worker, by the aliases under which references name them. */
import { ConfigError, MillraceError, type RawConfig } from '../../kernel';
import type { ConfigProvider, ConfigProviderPlugin } from '../../plugin';
import { stripPrefix } from '../config-compose';
import { findThirdParty } from '../third-party';
import { type Environment, environmentProvider } from './environment';
import { directoryProvider, fileProvider } from './files';

export type Providers = ReadonlyMap<string, ConfigProvider>;

export const builtInProviders = (env: Environment): readonly ConfigProviderPlugin[] => [
  environmentProvider(env),
  fileProvider,
  directoryProvider,
];

/** The plug-ins that `config.providers` of a worker needs from its `plugin.path`. */
export async function providerPlugins(worker: RawConfig): Promise<ConfigProviderPlugin[]> {
  if (!needsPlugins(worker)) return [];
  const { modules } = findThirdParty(listOf(worker['plugin.path']));
  const plugins = (await Promise.all(modules.map(async (module) => module.load()))).flat();
  return plugins.filter((plugin) => plugin.kind === 'config-provider');
}

/**
 * `config.providers` names the aliases, `config.providers.<alias>.class` and `.param.*` what they are; where it is not
 * set, `env`, `file` and `dir` are there. Who names some decides which: the others are then not there, as in Kafka.
 * `plugins` are those from outside. Throws PLUGIN_UNKNOWN for unknown classes, ConfigError for wrong parameters.
 */
export function createProviders(
  worker: RawConfig = {},
  env: Environment = process.env,
  plugins: readonly ConfigProviderPlugin[] = [],
): Providers {
  const known = [...builtInProviders(env), ...plugins];
  const named = worker['config.providers'];
  const providers = new Map<string, ConfigProvider>();
  if (typeof named !== 'string') {
    for (const plugin of builtInProviders(env)) providers.set(plugin.name, create(plugin, {}));
    return providers;
  }
  for (const alias of listOf(named)) {
    const className = worker[`config.providers.${alias}.class`]?.trim() ?? '';
    const plugin = known.find((each) => answersTo(each, className));
    if (plugin === undefined) throw unknownClass(alias, className, known);
    providers.set(alias, createNamed(alias, plugin, worker));
  }
  return providers;
}

const listOf = (named: string | null | undefined): string[] =>
  (named ?? '')
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '');

const create = (plugin: ConfigProviderPlugin, parameters: RawConfig): ConfigProvider =>
  plugin.create(plugin.config.parse(parameters));

function createNamed(alias: string, plugin: ConfigProviderPlugin, worker: RawConfig): ConfigProvider {
  const prefix = `config.providers.${alias}.param.`;
  try {
    return create(plugin, stripPrefix(worker, prefix));
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    throw new ConfigError(`${prefix}*: ${error.message}`, { cause: error });
  }
}

/** Full class name, its last part, or millrace's own name. */
const answersTo = ({ name, aliases }: ConfigProviderPlugin, className: string): boolean =>
  [name, ...aliases].some((known) => known === className || known.endsWith(`.${className}`));

/** Whether a class is named that is not one of the built-in ones, so that plug-ins have to be looked at. */
const needsPlugins = (worker: RawConfig): boolean =>
  listOf(worker['config.providers']).some((alias) => {
    const className = worker[`config.providers.${alias}.class`]?.trim() ?? '';
    return className !== '' && !builtInProviders({}).some((each) => answersTo(each, className));
  });

const unknownClass = (
  alias: string,
  className: string,
  known: readonly ConfigProviderPlugin[],
): MillraceError =>
  new MillraceError(
    'PLUGIN_UNKNOWN',
    `config.providers.${alias}.class: no config provider ${className || '(empty)'}`,
    { hint: `Known are ${known.map(({ name, aliases }) => aliases[0] ?? name).join(', ')}.` },
  );
