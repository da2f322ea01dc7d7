/** `millrace distributed worker.properties`: Kafka Connect's own command and file, for a worker of a cluster. */
import { createPrometheus } from '../http/prometheus';
import { causeChain } from '../kernel';
import { EXIT, Exit } from './exit';
import { type LogOptions, openLogger } from './logging';
import { watchSignals } from './signals';
import { readWorker } from './standalone';
import { startDistributed } from './worker-process';

/** Runs until a signal, or until the worker has lost its place for good: then it ends with 1. */
export async function distributed(workerFile: string, options: LogOptions): Promise<void> {
  const interruption = watchSignals();
  const worker = await readWorker(workerFile, { mode: 'distributed' });
  const logger = openLogger(options, worker);
  const running = await startDistributed({
    worker,
    logger,
    prometheus: createPrometheus(),
    onFatal: (error) => interruption.fail(error),
    signal: interruption.aborted,
  });
  const signal = await interruption.signalled;
  const { failure } = interruption;
  if (failure === null) logger.info({}, `${signal}: stopping`);
  else logger.error({ err: failure }, `The worker cannot go on: ${causeChain(failure).join(': ')}`);
  await running.stop();
  logger.info({}, 'Stopped');
  logger.flush();
  if (failure !== null) throw new Exit(EXIT.FAILED);
}
