/** Clients that register schemas at several registries without end, and what must be true of all they were told. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Agent, type Dispatcher, request } from 'undici';
import type { KafkaPort } from '../../src/kafka/port';

/** A version of a subject, as a client was told of it or as it is in the topic. */
export interface Version {
  readonly subject: string;
  readonly schema: string;
  readonly id: number;
  readonly version: number;
}

/** A record of the topic. */
export interface Written extends Version {
  /** ms of the clock */
  readonly at: number;
}

export interface Load {
  /** What clients were told. */
  readonly accepted: readonly Version[];
  /** Tries that ended without success, by what the client saw: a number of the registry or the code of a broken connection. */
  readonly failures: ReadonlyMap<string, number>;
  /** Stops beginning new schemas; resolves when each one that was begun is accepted. */
  stop(): Promise<void>;
}

export interface LoadOptions {
  readonly clients: number;
  /** How long a client waits for an answer before it asks another registry, ms. */
  readonly patienceMs: number;
}

const SUBJECTS = 5;
const PAUSE_MS = 100;

/**
 * Each client registers one new schema after the other, and each schema until it is accepted: at the next registry when
 * one does not answer, so most of those asked at a bad time are asked twice.
 */
export function startLoad(urls: readonly string[], { clients, patienceMs }: LoadOptions): Load {
  const agent = new Agent({ connections: clients });
  const accepted: Version[] = [];
  const failures = new Map<string, number>();
  let isRunning = true;
  let serial = 0;

  async function registerOne(turn: number): Promise<void> {
    const number = serial++;
    const subject = `subject-${number % SUBJECTS}`;
    const schema = JSON.stringify({ type: 'record', name: `Record${number}`, fields: [] });
    for (let attempt = turn; ; attempt++) {
      const url = urls[attempt % urls.length]!;
      const outcome = await tryOnce(agent, url, subject, schema, patienceMs);
      if (typeof outcome !== 'string') {
        accepted.push({ subject, schema, ...outcome });
        return;
      }
      failures.set(outcome, (failures.get(outcome) ?? 0) + 1);
      await sleep(PAUSE_MS);
    }
  }
  async function runClient(client: number): Promise<void> {
    for (let turn = client; isRunning; turn++) await registerOne(turn);
  }
  const running = Promise.all(Array.from({ length: clients }, (_, client) => runClient(client)));
  return {
    accepted,
    failures,
    async stop() {
      isRunning = false;
      await running;
      await agent.close();
    },
  };
}

/** What was given, or why not. */
async function tryOnce(
  dispatcher: Dispatcher,
  url: string,
  subject: string,
  schema: string,
  patienceMs: number,
): Promise<{ readonly id: number; readonly version: number } | string> {
  try {
    const { statusCode, body } = await request(`${url}/subjects/${subject}/versions`, {
      method: 'POST',
      headers: { 'content-type': 'application/vnd.schemaregistry.v1+json' },
      body: JSON.stringify({ schema }),
      dispatcher,
      signal: AbortSignal.timeout(patienceMs),
    });
    const answer = (await body.json()) as { id: number; version: number; error_code?: number };
    return statusCode === 200 ? answer : String(answer.error_code);
  } catch (error) {
    const { code, name } = error as NodeJS.ErrnoException;
    return typeof code === 'string' ? code : name;
  }
}

/** Every schema record of the topic, in log order. */
export async function recordsOf(kafka: KafkaPort, topic: string): Promise<Written[]> {
  const records: Written[] = [];
  const log = kafka.compactedLog({
    topic,
    partitions: 1,
    apply({ key, value, timestamp }) {
      const { keytype } = JSON.parse(key!.toString()) as { keytype: string };
      if (keytype === 'SCHEMA' && value !== null)
        records.push({ ...(JSON.parse(value.toString()) as Version), at: timestamp });
    },
  });
  await log.start();
  await log.stop();
  return records;
}

/** Longest time in which nothing was written, ms, of what begins before `to`. */
export function longestGap(records: readonly Written[], from: number, to: number): number {
  const times = records.map(({ at }) => at).filter((at) => at >= from && at <= to);
  return Math.max(0, ...times.map((at, i) => at - (times[i - 1] ?? from)));
}

/**
 * What must never be: an id or a version of two schemas, a schema of two ids, a schema told but not kept. One sentence
 * each.
 */
export function contradictions(records: readonly Version[], accepted: readonly Version[]): string[] {
  const found: string[] = [];
  const schemas = new Map<number, string>();
  const ids = new Map<string, number>();
  const versions = new Map<string, Version>();
  for (const record of records) {
    const { id, schema, subject, version } = record;
    const place = `${subject} ${version}`;
    if ((schemas.get(id) ?? schema) !== schema) found.push(`id ${id}: ${schemas.get(id)} and ${schema}`);
    if ((ids.get(schema) ?? id) !== id) found.push(`${schema}: ids ${ids.get(schema)} and ${id}`);
    const before = versions.get(place);
    if (before !== undefined && before.schema !== schema) {
      found.push(`${place}: ${before.schema} and ${schema}`);
    }
    schemas.set(id, schema);
    ids.set(schema, id);
    versions.set(place, record);
  }
  for (const { subject, version, schema, id } of accepted) {
    const kept = versions.get(`${subject} ${version}`);
    if (kept?.schema !== schema || kept.id !== id)
      found.push(`told but not kept: ${subject} ${version} ${id}`);
  }
  return found;
}
