/** The dev broker as `millrace start` runs it: in a thread, its state in a folder, on the port it had before. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Worker } from 'node:worker_threads';
import { MillraceError } from '../../kernel';
import type { ThreadData, ThreadReady } from './dev-broker-thread';
import { loadPorts } from './package-files';

export interface BrokerThread {
  /** `host:port` */
  readonly address: string;
  /** Writes everything down and ends the thread. */
  close(): Promise<void>;
}

const USUAL_PORT = 9092;

/** The demo writes records with the times of its data, which retention counts from; alone in its group a sink need not wait. */
const CONFIGS = { 'log.retention.ms': '-1', 'group.initial.rebalance.delay.ms': '0' };

/**
 * @param folder for its data and its port
 * @param onCrash told once when the thread ends by itself after it was ready
 * @throws MillraceError when it cannot start
 */
export async function startBrokerThread(
  folder: string,
  log: ThreadData['log'],
  onCrash: (error: MillraceError) => void,
): Promise<BrokerThread> {
  const port = await choosePort(path.join(folder, 'state.json'));
  const broker = { port, dataDir: path.join(folder, 'data'), configs: CONFIGS };
  return runThread(path.join(__dirname, 'dev-broker-thread.js'), { broker, log }, onCrash);
}

/** Clients outside keep their address from one start to the next, as long as it is free. */
async function choosePort(stateFile: string): Promise<number> {
  const port = await loadPorts().choosePort(readPort(stateFile), USUAL_PORT, 0);
  mkdirSync(path.dirname(stateFile), { recursive: true });
  writeFileSync(stateFile, `${JSON.stringify({ port })}\n`);
  return port;
}

function readPort(stateFile: string): number | undefined {
  try {
    return (JSON.parse(readFileSync(stateFile, 'utf8')) as { port?: number }).port;
  } catch {
    return undefined;
  }
}

/** @param entry file that answers as dev-broker-thread.ts does */
export async function runThread(
  entry: string,
  workerData: ThreadData,
  onCrash: (error: MillraceError) => void,
): Promise<BrokerThread> {
  const thread = new Worker(entry, { workerData });
  let phase: 'starting' | 'running' | 'closing' = 'starting';
  const ended = new Promise<MillraceError>((resolve) => {
    thread.once('error', (cause) =>
      resolve(new MillraceError('INTERNAL', `The dev broker failed while ${phase}`, { cause })),
    );
    thread.once('exit', (code) =>
      resolve(new MillraceError('INTERNAL', `The dev broker ended while ${phase}, with code ${code}`)),
    );
  });
  const failed = ended.then((error): never => {
    throw error;
  });
  // Whoever awaits it hears of it; nobody does while the broker runs.
  failed.catch(() => {});
  const answer = () => new Promise<unknown>((resolve) => thread.once('message', resolve));
  const ready = (await Promise.race([answer(), failed])) as ThreadReady;
  if ('code' in ready) throw new MillraceError(ready.code, ready.message, { hint: ready.hint ?? undefined });
  phase = 'running';
  void ended.then((error) => {
    if (phase !== 'running') return;
    // Nothing is left to be closed.
    phase = 'closing';
    onCrash(error);
  });
  return {
    address: ready.addresses[0]!,
    async close() {
      if (phase === 'closing') return;
      phase = 'closing';
      const closed = answer();
      thread.postMessage('close');
      await Promise.race([closed, failed]);
      await thread.terminate();
    },
  };
}
