/** Whether Kafka answers, at every cluster that the worker and its connectors use: for `/ready`, `/health` and `GET /`. */
import type { KafkaPort } from '../kafka/port';
import { causeChain } from '../kernel';
import type { KafkaClients } from './clients';

const LOOK_EVERY_MS = 2000;
const LOOK_AGAIN_MS = 1000;
const ANSWER_WITHIN_MS = 2000;

export interface KafkaWatch {
  /** Id of the worker's own cluster; null before its first answer. */
  readonly clusterId: string | null;
  /** What does not answer, one sentence per cluster, naming the addresses. */
  problems(): readonly string[];
  close(): void;
}

/** Begins at once, and goes on until closed: a pipeline that rests would not notice that its broker is gone. */
export function watchKafka(clients: KafkaClients, brokers: readonly string[]): KafkaWatch {
  const stopping = new AbortController();
  const silent = new Map<KafkaPort, string>();
  let clusterId: string | null = null;

  async function look(port: KafkaPort): Promise<void> {
    try {
      await answerOf(port, stopping.signal);
      if (port === clients.kafka) clusterId ??= await port.clusterId();
      silent.delete(port);
    } catch (error) {
      // Addresses and the reason; what lies below says the reason again.
      silent.set(port, causeChain(error).slice(0, 2).join(': '));
    }
  }

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      await Promise.all(clients.ports().map(look));
      await pause(silent.size > 0 ? LOOK_AGAIN_MS : LOOK_EVERY_MS, stopping.signal);
    }
  }

  void run();
  return {
    get clusterId() {
      return clusterId;
    },
    problems: () =>
      clusterId === null && silent.size === 0
        ? [`Kafka has not answered at ${brokers.join(', ')}`]
        : [...silent.values()],
    close: () => stopping.abort(),
  };
}

async function answerOf(port: KafkaPort, stopping: AbortSignal): Promise<void> {
  const late = new AbortController();
  const end = (): void => late.abort();
  const timer = setTimeout(end, ANSWER_WITHIN_MS).unref();
  stopping.addEventListener('abort', end);
  try {
    await port.connect(late.signal);
  } finally {
    clearTimeout(timer);
    stopping.removeEventListener('abort', end);
  }
}

function pause(ms: number, stopping: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (stopping.aborted) return resolve();
    const end = (): void => {
      clearTimeout(timer);
      stopping.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms).unref();
    stopping.addEventListener('abort', end);
  });
}
