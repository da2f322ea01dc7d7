/** The registry as a process of its own, from the text of Confluent's properties file. */
import type { Listener, Prometheus } from '../http';
import { CLIENT_CONFIG, createKafka, parseKafkaOptions } from '../kafka';
import { type Config, type ConfigIssue, type Logger, nearest, type RawConfig } from '../kernel';
import { closeSecurity, openSecurity, peerIdentity, peerTls } from './access/security';
import { readRegistryConfig } from './config';
import { type RunningRegistry, startRegistry } from './main';

export interface StandaloneDependencies {
  readonly logger: Logger;
  readonly prometheus: Prometheus | null;
  /** Told by `/v1/metadata/version`. */
  readonly version?: string;
}

/** Connects, listens and replays; unknown and unused keys are told in the log. @throws ConfigError */
export async function startStandaloneRegistry(
  raw: RawConfig,
  { logger, prometheus, version }: StandaloneDependencies,
): Promise<RunningRegistry> {
  const config = readRegistryConfig(raw);
  const client = parseKafkaOptions(config.kafka);
  const ignored = [...config.ignored, ...client.ignored.map(withPrefix)];
  reportKeys(logger, ignored, [...config.unknown, ...client.unknown.map(prefixed)]);
  const security = await openSecurity(config.config, logger);
  warnOfPlainHttp(config.config, config.options.listener, logger);
  const kafka = createKafka(client.options, { logger, ...(prometheus && { metrics: prometheus }) });
  const { node } = config.options;
  try {
    const running = await startRegistry({
      ...config.options,
      node: node && { ...node, tls: () => peerTls(security), identity: peerIdentity(config.config) },
      kafka,
      logger,
      prometheus,
      version,
      security,
    });
    const close = async () => {
      await running.close();
      await kafka.close();
    };
    return { ...running, close };
  } catch (error) {
    closeSecurity(security);
    await kafka.close();
    throw error;
  }
}

const LOOPBACK = /^(localhost|127\.[\d.]+|::1)$/;

function warnOfPlainHttp(config: Config, listeners: readonly Listener[], logger: Logger): void {
  const open = listeners.filter(({ scheme, host }) => scheme === 'http' && !LOOPBACK.test(host));
  const methods = config.list('authentication.method').filter((name) => name.toUpperCase() !== 'NONE');
  if (open.length === 0 || methods.length === 0) return;
  logger.warn(
    { listeners: open.map(({ port }) => port) },
    'Passwords and tokens come over plain http; use https',
  );
}

const withPrefix = (key: string): string => `kafkastore.${key}`;

/** The user wrote the key with its prefix, and must write the right one with it too. */
function prefixed({ key, value, kind }: ConfigIssue): ConfigIssue {
  const meant = nearest(key, CLIENT_CONFIG.keys.keys());
  const hint = meant === null ? '' : ` Did you mean ${withPrefix(meant)}?`;
  return {
    key: withPrefix(key),
    value,
    kind,
    message: `Unknown configuration key ${withPrefix(key)}.${hint}`,
  };
}

function reportKeys(logger: Logger, ignored: readonly string[], unknown: readonly ConfigIssue[]): void {
  for (const { key, message } of unknown) logger.warn({ key }, message);
  if (ignored.length > 0) logger.info({ keys: ignored }, 'Keys that have no meaning here');
}
