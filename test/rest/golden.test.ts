/** What a JVM worker answered (test/golden/connect), asked again of a worker of ours on a real broker. */
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startDistributed } from '../../src/cli/worker-process';
import { createLogger, createPrometheus } from '../../src/http';
import { loadWorkerConfig } from '../../src/worker';
import { type HttpReply, sendRequest } from '../support/http';
import { openTestKafka, type TestKafka } from '../support/kafka';
import { stackAddresses } from '../support/stack';
import { waitFor } from '../support/wait';
import { DEVIATIONS, type Deviation, UNREACHED } from './golden-deviations';

const FOLDER = path.join(__dirname, '../golden/connect');

interface Asked {
  readonly method?: string;
  readonly path: string;
  readonly json?: unknown;
  readonly text?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly pauseMs?: number;
}

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly json?: unknown;
  readonly text?: string;
}

type Step =
  | Asked
  | { readonly quiet: Asked }
  | { readonly until: readonly [string, (answer: { status: number; json: unknown }) => boolean] };

/** The steps between the requests recorded: what is waited for, and what is sent without being recorded. */
function steps(): Record<string, readonly Step[]> {
  const source = readFileSync(path.join(FOLDER, 'rest-requests.mjs'), 'utf8');
  return new Function(`${source.replaceAll('export const', 'const')}; return REST;`)();
}

const recorded = (name: string): { readonly request: Asked; readonly answer: Answer }[] =>
  JSON.parse(readFileSync(path.join(FOLDER, `rest/${name}.json`), 'utf8'));

let url: string;
let stop: () => Promise<void>;
let broker: TestKafka;
const before = process.cwd();

beforeAll(async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'golden-'));
  writeFileSync(path.join(folder, 'golden-in.txt'), '');
  process.chdir(folder);
  broker = await openTestKafka();
  // The one topic whose offsets the recorded requests change.
  await broker.kafka.admin.createTopic({ topic: 'golden-offsets', partitions: 1, replicationFactor: 1 });
  const group = broker.groupName();
  const worker = await loadWorkerConfig({
    env: {},
    arguments: {
      'bootstrap.servers': (await stackAddresses()).kafka,
      'group.id': group,
      'config.storage.topic': broker.topicName(),
      'offset.storage.topic': broker.topicName(),
      'status.storage.topic': broker.topicName(),
      'offset.storage.partitions': '1',
      'status.storage.partitions': '1',
      'config.storage.replication.factor': '1',
      'offset.storage.replication.factor': '1',
      'status.storage.replication.factor': '1',
      'key.converter': 'org.apache.kafka.connect.json.JsonConverter',
      'value.converter': 'org.apache.kafka.connect.json.JsonConverter',
      listeners: 'http://127.0.0.1:0',
    },
  });
  const started = await startDistributed({
    worker,
    logger: createLogger({ destination: { write: () => true } }),
    prometheus: createPrometheus({ processMetrics: false }),
    onFatal: (error) => {
      throw error;
    },
    signal: new AbortController().signal,
  });
  url = started.url!;
  stop = started.stop;
}, 60_000);

afterAll(async () => {
  process.chdir(before);
  await stop?.();
  await broker?.[Symbol.asyncDispose]();
}, 30_000);

/** For the message of a wait in vain. */
const asked: string[] = [];

const ask = ({ method = 'GET', path: target, json, text, headers = {} }: Asked): Promise<HttpReply> =>
  sendRequest(`${url}${target}`, {
    method,
    headers: { ...(json === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
    body: json === undefined ? text : JSON.stringify(json),
  });

/** A rebalance that is under way is no answer. */
async function askSettled(request: Asked): Promise<HttpReply> {
  asked.push(keyOf(request));
  return waitFor(async () => {
    const reply = await ask(request);
    return reply.status === 409 && /rebalance|stale/.test(reply.text) ? null : reply;
  });
}

async function clean(): Promise<void> {
  const names = (await ask({ path: '/connectors' })).json<string[]>();
  for (const name of names) {
    const target = `/connectors/${encodeURIComponent(name)}`;
    await askSettled({ method: 'PUT', path: `${target}/stop` });
    await askSettled({ method: 'DELETE', path: `${target}/offsets` });
    await askSettled({ method: 'DELETE', path: target });
  }
}

const jsonOf = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

const COMPARED = ['content-type', 'location', 'allow'];

function answerOf({ status, headers, text }: HttpReply): Answer {
  const { host } = new URL(url);
  const kept = COMPARED.filter((name) => headers[name] !== undefined);
  const neutral = text.replaceAll(host, '{worker}');
  const json = jsonOf(neutral);
  return {
    status,
    headers: Object.fromEntries(
      kept.map((name) => [name, String(headers[name]).replaceAll(host, '{worker}')]),
    ),
    ...(json === undefined ? (neutral === '' ? {} : { text: neutral }) : { json }),
  };
}

/** What is each worker's own: versions, times, traces, the order of names, and what keys mean. */
function neutral(value: unknown): unknown {
  if (Array.isArray(value)) {
    const all = value.map(neutral);
    return all.every((each) => typeof each === 'string') ? all.sort() : all;
  }
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, inner]) =>
      key === 'documentation' ? [] : [[key, own(key, inner)]],
    ),
  );
}

function own(key: string, value: unknown): unknown {
  const isOwn = ['version', 'commit', 'trace', 'kafka_cluster_id'].includes(key) && typeof value === 'string';
  if (isOwn) return `{${key}}`;
  if (key === 'last_modified' && value !== null) return 1;
  if (key === 'message' && typeof value === 'string') return withoutOrder(value);
  return neutral(value);
}

/** Java tells maps in the order of its hashes; one of the prefixes is there from the second time on. */
const withoutOrder = (message: string): string =>
  message
    .replace(/(available connectors are: ).*/s, '$1{list}')
    .replace(/Connector config \{.*?\}/s, 'Connector config {}')
    .replace(/org\.apache\.kafka\.connect\.errors\.ConnectException: (?=Failed to find)/, '');

const neutralAnswer = ({ status, headers, json, text }: Answer) => ({
  status,
  headers: Object.fromEntries(
    // 405 must name the verbs by HTTP, which a JVM worker does not.
    COMPARED.flatMap((name) =>
      headers[name] && !(name === 'allow' && status === 405) ? [[name, headers[name]]] : [],
    ),
  ),
  json: neutral(JSON.parse(JSON.stringify(json ?? null).replaceAll('127.0.0.1:18083', '{worker}'))),
  text,
});

const keyOf = ({ method = 'GET', path: target, json, text }: Asked): string =>
  [method, target, text ?? (json === undefined ? '' : JSON.stringify(json))].join(' ').trim();

const deviationOf = (file: string, request: Asked): Deviation | undefined =>
  DEVIATIONS.find(
    (each) => (each.file === undefined || each.file === file) && each.request.test(keyOf(request)),
  );

const used = new Set<Deviation>();

const FILES = Object.entries(steps()).map(([name, list]) => ({ name, list }));

describe.each(FILES)('$name', ({ name, list }) => {
  test('as a JVM worker', async () => {
    await clean();
    const rows = recorded(name);
    const different: string[] = [];
    for (const step of list) {
      if ('until' in step) await until(name, ...step.until);
      else if ('quiet' in step) await askSettled(step.quiet);
      else {
        const { request, answer } = rows.shift()!;
        expect(request).toEqual(step);
        different.push(...(await difference(name, request, answer)));
      }
    }
    expect(different.join('\n')).toBe('');
  }, 120_000);
});

/** Reads are repeated for a while: what was asked for before takes its time, here and there. */
async function difference(file: string, request: Asked, wanted: Answer): Promise<string[]> {
  const deadline = Date.now() + (request.method === undefined ? 10_000 : 0);
  for (;;) {
    const different = compare(file, request, wanted, answerOf(await askSettled(request)));
    if (different === null) return [];
    if (Date.now() > deadline) return [different];
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

function compare(file: string, request: Asked, wanted: Answer, got: Answer): string | null {
  const deviation = deviationOf(file, request);
  if (deviation !== undefined) used.add(deviation);
  // What tasks there are at the moment of a write is a matter of time there.
  const settled = ({ json, ...rest }: Answer): Answer =>
    request.method === undefined || typeof json !== 'object' || json === null || !('config' in json)
      ? { ...rest, json }
      : { ...rest, json: { ...json, tasks: [] } };
  const [theirs, ours] = [neutralAnswer(settled(wanted)), neutralAnswer(settled(got))];
  const isRight = deviation === undefined ? isEqual(ours, theirs) : deviation.isRight(ours, theirs);
  const shown = (answer: object): string => JSON.stringify(answer);
  return isRight ? null : `${keyOf(request)}\n  wanted ${shown(theirs)}\n  got    ${shown(ours)}`;
}

const isEqual = (a: unknown, b: unknown): boolean => {
  try {
    expect(a).toEqual(b);
    return true;
  } catch {
    return false;
  }
};

async function until(
  file: string,
  target: string,
  test: (answer: { status: number; json: unknown }) => boolean,
): Promise<void> {
  if (UNREACHED.some((each) => each.file === file && each.path === target)) return;
  await waitFor(
    async () => {
      const { status, text } = await ask({ path: target });
      if (!test({ status, json: jsonOf(text) })) throw new Error(text);
      return true;
    },
    { timeoutMs: 15_000, what: `${target} after ${asked.at(-1)}` },
  );
}

test('each deviation is one', () => {
  expect(DEVIATIONS.filter((each) => !used.has(each)).map(({ why }) => why)).toEqual([]);
});
