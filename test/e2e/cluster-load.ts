/** Clients that write to whatever worker they meet, all of the time, and remember what they were promised. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ClusterWorker } from '../support/cluster';
import type { HttpReply } from '../support/http';

export interface Writer {
  readonly connector: string;
  /** The newest revision that was acknowledged, and the newest one that was tried. */
  acknowledged: number;
  tried: number;
}

export interface Load {
  readonly writers: readonly Writer[];
  /** Answers by status and the beginning of the message; `none` where the worker went away. */
  readonly answers: Map<string, number>;
  /** Answers that are neither success nor say clearly that they are none. */
  readonly unclear: string[];
  /** ms of the longest answer. */
  slowestMs: number;
  stop(): Promise<void>;
}

const PAUSE_MS = 50;

/** Each writer has a stopped connector of its own, and raises its revision. */
export function startLoad(
  workers: () => readonly ClusterWorker[],
  config: Readonly<Record<string, string>>,
  count: number,
): Load {
  const stopping = new AbortController();
  const writers: Writer[] = Array.from({ length: count }, (_, i) => ({
    connector: `written-${i}`,
    acknowledged: 0,
    tried: 0,
  }));
  const load = { writers, answers: new Map<string, number>(), unclear: [] as string[], slowestMs: 0 };
  const running = writers.map(async (writer, i) => {
    for (let turn = i; !stopping.signal.aborted; turn++) {
      const among = workers();
      await writeOnce(load, writer, among[turn % among.length]!, config);
      await sleep(PAUSE_MS);
    }
  });
  return {
    ...load,
    get slowestMs() {
      return load.slowestMs;
    },
    async stop() {
      stopping.abort();
      await Promise.all(running);
    },
  };
}

async function writeOnce(
  load: Omit<Load, 'stop'>,
  writer: Writer,
  worker: ClusterWorker,
  config: Readonly<Record<string, string>>,
): Promise<void> {
  const revision = ++writer.tried;
  const body = { ...config, revision: String(revision) };
  const began = Date.now();
  const isFirst = writer.acknowledged === 0;
  const request = isFirst
    ? worker.send('POST', '/connectors', { name: writer.connector, config: body, initial_state: 'STOPPED' })
    : worker.send('PUT', `/connectors/${writer.connector}/config`, { name: writer.connector, ...body });
  const reply = await request.catch(() => null);
  load.slowestMs = Math.max(load.slowestMs, Date.now() - began);
  const status = reply === null ? 'none' : whatOf(reply);
  load.answers.set(status, (load.answers.get(status) ?? 0) + 1);
  if (reply === null) return;
  if (reply.status < 300) writer.acknowledged = revision;
  // The first try was carried out, although nobody could say so.
  else if (isFirst && reply.text.includes('already exists')) writer.acknowledged = 1;
  else if (!isClear(reply)) load.unclear.push(`${reply.status} ${reply.text}`);
}

const whatOf = ({ status, text }: HttpReply): string =>
  status < 300 ? String(status) : `${status} ${/"message":"([^"]{0,60})/.exec(text)?.[1]}`;

/** 409 and 500 with the envelope, and words that say that it was not done, or that it is not known. */
function isClear(reply: HttpReply): boolean {
  if (reply.status !== 409 && reply.status !== 500) return false;
  const { error_code: code, message } = reply.json<{ error_code: number; message: string }>();
  return code === reply.status && CLEAR.test(message);
}

const CLEAR =
  /Cannot complete request|IO Error trying to forward|Error writing|Failed to write|Request timed out|shutting down/;
