/** `millrace standalone worker.properties connector…`: Kafka Connect's own command and files. */
import { createPrometheus } from '../http/prometheus';
import {
  type ConnectorSpec,
  FileIssuesError,
  loadWorkerConfig,
  readConnector,
  readDocument,
  readFlatFile,
  type WorkerConfig,
  type WorkerSources,
} from '../worker';
import { describe, EXIT, Exit, exitCodeOf, printErr, throwIssues } from './exit';
import { type LogOptions, openLogger } from './logging';
import { watchSignals } from './signals';
import { startWorker } from './worker-process';

/** Runs until a signal. A connector that cannot be created ends it with 3, as Connect does. */
export async function standalone(
  workerFile: string,
  connectorFiles: readonly string[],
  options: LogOptions,
): Promise<void> {
  const interruption = watchSignals();
  const worker = await readWorker(workerFile);
  const logger = openLogger(options, worker);
  const specs = await readConnectors(connectorFiles);
  const running = await startWorker({ worker, specs, logger, prometheus: createPrometheus() }).catch(
    (error: unknown) => {
      throw error instanceof FileIssuesError ? notCreated(error) : error;
    },
  );
  const names = running.worker.connectors().join(', ') || 'no connectors';
  logger.info({}, `Worker runs ${names}; REST at ${running.url}`);
  const signal = await interruption.signalled;
  logger.info({}, `${signal}: stopping`);
  await running.stop();
  logger.info({}, 'Stopped');
  logger.flush();
}

/** Worker configuration from a file. Throws FileIssuesError. */
export async function readWorker(
  file: string,
  more: Omit<WorkerSources, 'file'> = {},
): Promise<WorkerConfig> {
  const flat = readFlatFile(await readDocument(file));
  throwIssues(flat.issues);
  return loadWorkerConfig({ ...more, file: flat });
}

async function readConnectors(files: readonly string[]): Promise<ConnectorSpec[]> {
  try {
    return (await Promise.all(files.map(readDocument))).map(readConnector);
  } catch (error) {
    printErr(describe(error));
    throw new Exit(exitCodeOf(error) === EXIT.BAD_CONFIG ? EXIT.PARTIAL : exitCodeOf(error));
  }
}

function notCreated(error: FileIssuesError): Exit {
  printErr(describe(error));
  return new Exit(EXIT.PARTIAL);
}
