/** Real workers with REST in this process, over the broker of the tests. */

import { startDistributed, startWorker } from '../../../src/cli/worker-process';
import { createLogger, createPrometheus } from '../../../src/http';
import { loadWorkerConfig } from '../../../src/worker';
import { sendRequest } from '../../support/http';
import { stackAddresses } from '../../support/stack';

export interface Answer<T> {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly json: T;
}

export interface Api {
  readonly url: string;
  // biome-ignore lint/suspicious/noExplicitAny: answers are looked at by the tests, member by member
  ask<T = any>(
    method: string,
    path: string,
    body?: unknown,
    headers?: Record<string, string>,
  ): Promise<Answer<T>>;
  stop(): Promise<void>;
}

const COMMON = {
  'key.converter': 'org.apache.kafka.connect.storage.StringConverter',
  'value.converter': 'org.apache.kafka.connect.json.JsonConverter',
  'value.converter.schemas.enable': 'false',
  listeners: 'http://127.0.0.1:0',
  'offset.flush.interval.ms': '500',
};

const surroundings = () => ({
  logger: createLogger({ level: 'silent' }),
  prometheus: createPrometheus({ processMetrics: false }),
});

export async function startAlone(keys: Readonly<Record<string, string>> = {}): Promise<Api> {
  const { kafka } = await stackAddresses();
  const worker = await loadWorkerConfig({
    arguments: { ...COMMON, 'bootstrap.servers': kafka, ...keys },
    env: { DB_PASSWORD: 'swordfish99' },
  });
  const { url, stop } = await startWorker({ worker, specs: [], ...surroundings() });
  return apiAt(url!, stop);
}

export async function startMember(keys: Readonly<Record<string, string>>): Promise<Api> {
  const { kafka } = await stackAddresses();
  const worker = await loadWorkerConfig({
    mode: 'distributed',
    arguments: { ...COMMON, 'rest.advertised.host.name': '127.0.0.1', 'bootstrap.servers': kafka, ...keys },
    env: {},
  });
  const onFatal = (error: Error): never => {
    throw error;
  };
  const { signal } = new AbortController();
  const { url, stop } = await startDistributed({ worker, onFatal, signal, ...surroundings() });
  return apiAt(url!, stop);
}

function apiAt(url: string, stop: () => Promise<void>): Api {
  const base = url.replace(/\/$/, '');
  return {
    url: base,
    stop,
    async ask(method, path, body, headers = {}) {
      const type: Record<string, string> = body === undefined ? {} : { 'content-type': 'application/json' };
      const text = body === undefined ? undefined : JSON.stringify(body);
      const reply = await sendRequest(`${base}${path}`, {
        method,
        body: text,
        headers: { ...type, ...headers },
      });
      return {
        status: reply.status,
        headers: reply.headers,
        json: reply.text === '' ? null : JSON.parse(reply.text),
      };
    },
  };
}
