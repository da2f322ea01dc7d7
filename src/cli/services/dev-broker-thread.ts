/** Entry of the thread that the dev broker of `millrace start` runs in: its work leaves the event loop of the worker alone. */
import { parentPort, workerData } from 'node:worker_threads';
import { type DevBrokerOptions, startDevBroker } from '../../devbroker';
import { createLogger, type LoggerOptions } from '../../http/pino-logger';
import { causeChain, type ErrorCode, MillraceError } from '../../kernel';

export interface ThreadData {
  readonly broker: Omit<DevBrokerOptions, 'logger'>;
  readonly log: Pick<LoggerOptions, 'format' | 'level'>;
}

/** First message of the thread: where it listens, or why it cannot. The second one, `closed`, answers any message to it. */
export type ThreadReady =
  | { readonly addresses: readonly string[] }
  | { readonly code: ErrorCode; readonly message: string; readonly hint: string | null };

async function serve({ broker: options, log }: ThreadData): Promise<void> {
  const port = parentPort!;
  const broker = await startDevBroker({ ...options, logger: createLogger(log) });
  // The port keeps the thread alive; a rejection ends it with an error.
  port.once('message', () => void broker.close().then(() => port.postMessage('closed')));
  tell({ addresses: broker.addresses });
}

const tell = (message: ThreadReady): void => parentPort!.postMessage(message);

/** What a user can mend keeps its code and hint, which an error that crosses threads would lose. */
function fail(error: unknown): void {
  if (!(error instanceof MillraceError)) throw error;
  tell({ code: error.code, message: causeChain(error).join(': '), hint: error.hint });
}

void serve(workerData as ThreadData).catch(fail);
