/** Entry of the thread that the dev broker of `millrace start` runs in: its work leaves the event loop of the worker alone. */
import { parentPort, workerData } from 'node:worker_threads';
import { type DevBrokerOptions, startDevBroker } from '../../devbroker';
import { createLogger, type LoggerOptions } from '../../http/pino-logger';

export interface ThreadData {
  readonly broker: Omit<DevBrokerOptions, 'logger'>;
  readonly log: Pick<LoggerOptions, 'format' | 'level'>;
}

/** First message of the thread. The second one, `closed`, answers any message to it. */
export interface ThreadReady {
  readonly addresses: readonly string[];
}

async function serve({ broker: options, log }: ThreadData): Promise<void> {
  const port = parentPort!;
  const broker = await startDevBroker({ ...options, logger: createLogger(log) });
  // Referenced from here on: the port keeps the thread alive, and a rejection ends it with an error.
  port.once('message', () => void broker.close().then(() => port.postMessage('closed')));
  port.postMessage({ addresses: broker.addresses } satisfies ThreadReady);
}

void serve(workerData as ThreadData);
