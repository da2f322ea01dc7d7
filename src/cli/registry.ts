/** `millrace registry FILE.properties`: the Schema Registry alone. */
import { version } from '../../package.json';
import { createPrometheus } from '../http/prometheus';
import { readDocument, readFlatFile } from '../worker';
import { throwIssues } from './exit';
import { type LogOptions, openLogger } from './logging';
import { watchSignals } from './signals';

export async function registry(file: string, options: LogOptions): Promise<void> {
  const interruption = watchSignals();
  const { startStandaloneRegistry } = require('../registry') as typeof import('../registry');
  const { values, issues } = readFlatFile(await readDocument(file));
  throwIssues(issues);
  const logger = openLogger(options);
  const running = await startStandaloneRegistry(values, {
    logger,
    prometheus: createPrometheus(),
    version,
  });
  logger.info({}, `Schema Registry at ${running.url}`);
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
