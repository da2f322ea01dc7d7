/** `millrace registry [FILE]`: the Schema Registry alone, from Confluent's file, its image's variables, or both. */
import { version } from '../../package.json';
import type { LogLevel } from '../http';
import { createPrometheus } from '../http/prometheus';
import { ConfigError, type RawConfig } from '../kernel';
import { readDocument, readFlatFile } from '../worker';
import { throwIssues } from './exit';
import { type LogOptions, openLogger } from './logging';
import { watchSignals } from './signals';

export async function registry(file: string | undefined, options: LogOptions): Promise<void> {
  const interruption = watchSignals();
  const { startStandaloneRegistry } = require('../registry') as typeof import('../registry');
  const values = await readConfiguration(file, process.env);
  const logger = openLogger({ ...options, logLevel: options.logLevel ?? levelFrom(process.env) });
  const running = await startStandaloneRegistry(values, {
    logger,
    prometheus: createPrometheus(),
    version,
  });
  logger.info({}, `Schema Registry at ${running.urls.join(', ')}`);
  running.ready.then(
    () => logger.info({}, 'Schemas are read; ready'),
    () => {},
  );
  const signal = await Promise.race([
    interruption.signalled,
    running.ready.then(() => interruption.signalled),
  ]);
  logger.info({}, `${signal}: stopping`);
  await running.close();
  logger.info({}, 'Stopped');
  logger.flush();
}

type Environment = Readonly<Record<string, string | undefined>>;

/** A variable wins over the same key of the file. */
async function readConfiguration(file: string | undefined, env: Environment): Promise<RawConfig> {
  const { registryEnvironment } = require('../registry') as typeof import('../registry');
  const variables = registryEnvironment(env);
  if (file !== undefined) {
    const { values, issues } = readFlatFile(await readDocument(file));
    throwIssues(issues);
    return { ...values, ...variables };
  }
  if (Object.keys(variables).length > 0) return variables;
  throw new ConfigError('There is neither a file nor a variable to configure the registry.', {
    hint: 'Name a file, or set SCHEMA_REGISTRY_KAFKASTORE_BOOTSTRAP_SERVERS.',
  });
}

/** Of Confluent's image, in log4j's names. */
const LEVEL_VARIABLE = 'SCHEMA_REGISTRY_LOG4J_ROOT_LOGLEVEL';

function levelFrom(env: Environment): LogLevel | undefined {
  const { parseLogLevel } = require('../http') as typeof import('../http');
  const name = env[LEVEL_VARIABLE] ?? '';
  if (name === '') return undefined;
  const level = parseLogLevel(name);
  if (level !== null) return level;
  throw new ConfigError(`Invalid value ${name} for ${LEVEL_VARIABLE}.`, {
    hint: 'Use DEBUG, INFO, WARN or ERROR.',
  });
}
