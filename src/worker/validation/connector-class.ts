/** Which connector a configuration names. What is wrong here is wrong with the request as a whole (connect.md §1.4). */
import { ConfigError, MillraceError } from '../../kernel';
import type { Plugin } from '../../plugin';
import { type Catalog, classNameOf } from '../catalog';
import type { Connector } from '../connector-config';
import type { GivenConfig } from './context';

/** Throws ConfigError in Connect's words, which clients look for. `written` has its references unresolved. */
export async function connectorOf(
  catalog: Catalog,
  config: GivenConfig,
  written: GivenConfig,
): Promise<Connector> {
  const name = config['connector.class'];
  if (typeof name !== 'string') {
    throw new ConfigError(`Connector config ${shownConfig(written)} contains no connector type`);
  }
  try {
    return await catalog.find('connector', name);
  } catch (error) {
    if (!(error instanceof MillraceError) || error.code !== 'PLUGIN_UNKNOWN') throw error;
    throw new ConfigError(await unknownConnector(catalog, written['connector.class']!));
  }
}

async function unknownConnector(catalog: Catalog, name: string): Promise<string> {
  const plugins = await catalog.all();
  const known = (['sink', 'source'] as const).flatMap((kind) =>
    plugins.filter((plugin) => plugin.kind === kind).map(describe),
  );
  return `Failed to find any class that implements Connector and which name matches ${name}, available connectors are: ${known.join(', ')}`;
}

function describe(plugin: Plugin): string {
  const { kind, version } = plugin;
  const name = classNameOf(plugin);
  return `PluginDesc{klass=class ${name}, name='${name}', version='${version}', encodedVersion=${version}, type=${kind}, typeName='${kind}', location='classpath'}`;
}

/** Without a class nobody knows which keys are passwords, so the names decide. */
const SECRET = /pass|secret|token|credential|jaas|auth|private|\bkey$|\.key\b/i;

const shownConfig = (config: GivenConfig): string =>
  `{${Object.entries(config)
    .map(([key, value]) => `${key}=${SECRET.test(key) ? '[hidden]' : value}`)
    .join(', ')}}`;
