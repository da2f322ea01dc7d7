/** Dead letters of a sink, newest first, read from its topic; nothing is kept of them here. */
import type { KafkaPort } from '../../kafka/port';
import { ConfigError, type Headers, MillraceError } from '../../kernel';
import { type Converter, Pending } from '../../plugin';
import { consumerSettings } from '../client-settings';
import { frameworkDef } from '../connector-config';
import type { Core } from '../herding/core';
import { configOf } from '../herding/views';
import { buildPipeline, closePipeline } from '../pipeline';
import { resolveReferences } from '../references';
import {
  type DeadLetter,
  type DeadLetterContext,
  type DeadLetterFilter,
  deadLetterOf,
  isContext,
  isWanted,
  kindOfError,
} from './dead-letter';
import { type Range, readRanges, wholeOf } from './ranges';
import { type ShownBytes, showBytes, showValue, typeText } from './render';

export interface DeadLetterQuery extends DeadLetterFilter {
  /** 1 … 1000. */
  readonly limit: number;
  /** `next` of the page before; null: the newest. */
  readonly from: string | null;
}

/** What the connector's converter makes of the bytes, or the bytes and why it makes nothing of them. */
export type ShownSide =
  | { readonly schema: string | null; readonly value: unknown }
  | { readonly raw: ShownBytes; readonly problem: string };

export interface ShownDeadLetter extends DeadLetterContext {
  readonly id: string;
  readonly partition: number;
  readonly offset: number;
  readonly timestamp: Date | null;
  readonly key: ShownSide;
  readonly value: ShownSide;
  /** Those of the record itself. */
  readonly headers: readonly { readonly key: string; readonly value: ShownBytes }[];
}

export interface ErrorGroup {
  readonly error: string;
  readonly stage: string | null;
  readonly class: string | null;
  readonly count: number;
  /** One of them. */
  readonly example: string;
}

export interface DeadLetterPage {
  readonly connector: string;
  readonly topic: string;
  /** Records in the topic, of all connectors that share it. */
  readonly total: number;
  /** How many of them were looked at for this page. */
  readonly scanned: number;
  /** Of all that were looked at and fit, most frequent first. */
  readonly groups: readonly ErrorGroup[];
  readonly records: readonly ShownDeadLetter[];
  /** For `from`; null: there are no older ones. */
  readonly next: string | null;
}

export interface DeadLetterBook {
  /** NOT_FOUND for an unknown connector; CONFIG_INVALID when it has no dead letters, or `from` is none of ours. */
  list(connector: string, query: DeadLetterQuery): Promise<DeadLetterPage>;
}

/** What takes longer than this to decode is shown as bytes. */
const SCHEMA_WAIT_MS = 3000;
const READ_MS = 30_000;
/** A page that finds nothing that fits stops looking here, and says where it was. */
const MOST_SCANNED = 20_000;
const LEAST_WINDOW = 200;

export function createDeadLetterBook(core: Core): DeadLetterBook {
  return {
    async list(connector, query) {
      const place = await deadLetterPlace(core, connector);
      const whole = await wholeOf(place.kafka, [place.topic]);
      const page = await collect(place, connector, query, startOf(whole, query.from));
      return {
        connector,
        topic: place.topic,
        total: whole.reduce((sum, { from, to }) => sum + to - from, 0),
        scanned: page.scanned,
        groups: groupsOf(page.seen),
        records: await showAll(core, place.config, page.letters),
        next: page.next,
      };
    },
  };
}

export interface DeadLetterPlace {
  readonly topic: string;
  readonly kafka: KafkaPort;
  /** Of the connector, references resolved: holds secrets. */
  readonly config: Readonly<Record<string, string>>;
}

const TOPIC = 'errors.deadletterqueue.topic.name';

/** Throws NOT_FOUND and CONFIG_INVALID. */
export async function deadLetterPlace(core: Core, connector: string): Promise<DeadLetterPlace> {
  const { environment, catalog } = core.parts;
  const { config } = await resolveReferences(configOf(core, connector), environment.providers);
  const plugin = await catalog.find('connector', config['connector.class'] ?? '');
  if (plugin.kind !== 'sink')
    throw new ConfigError(`${connector} is a source: dead letters are records that a sink could not take`);
  const topic = frameworkDef('sink').parse(config).optionalString(TOPIC);
  if (topic === null) {
    throw new ConfigError(`${connector} keeps no dead letters`, {
      hint: `${TOPIC} names the topic for them, errors.tolerance=all lets the connector go on without them.`,
    });
  }
  const { connection } = consumerSettings(environment.worker, config);
  return { topic, config, kafka: environment.clients.port(connection) };
}

/** Offsets below which a page begins, by partition: `0:120,1:7`. */
function startOf(whole: readonly Range[], from: string | null): Range[] {
  if (from === null) return [...whole];
  if (!/^\d+:\d+(,\d+:\d+)*$/.test(from))
    throw new ConfigError(`from=${from} is not the next of a page`, { hint: 'Leave it out for the newest.' });
  const ends = new Map(from.split(',').map((each) => each.split(':').map(Number) as [number, number]));
  return whole.map((range) => {
    const end = ends.get(range.partition) ?? range.to;
    return { ...range, to: Math.max(range.from, Math.min(range.to, end)) };
  });
}

interface Collected {
  readonly letters: readonly DeadLetter[];
  readonly seen: readonly DeadLetter[];
  readonly scanned: number;
  readonly next: string | null;
}

/** Goes back through the topic in windows until the page is full. */
async function collect(
  { kafka }: DeadLetterPlace,
  connector: string,
  query: DeadLetterQuery,
  whole: readonly Range[],
): Promise<Collected> {
  const signal = AbortSignal.timeout(READ_MS);
  const found = new Map<number, DeadLetter[]>(whole.map(({ partition }) => [partition, []]));
  let open = whole;
  let scanned = 0;
  let window = Math.max(LEAST_WINDOW, query.limit);
  const count = (): number => [...found.values()].reduce((sum, letters) => sum + letters.length, 0);
  while (count() < query.limit && scanned < MOST_SCANNED && open.some(({ from, to }) => from < to)) {
    const windows = open.map((range) => ({ ...range, from: Math.max(range.from, range.to - window) }));
    const fresh = new Map<number, DeadLetter[]>(open.map(({ partition }) => [partition, []]));
    await readRanges(
      kafka,
      windows,
      (raw) => {
        scanned++;
        const letter = deadLetterOf(raw);
        if (isWanted(letter, connector, query)) fresh.get(raw.partition)!.push(letter);
      },
      signal,
    );
    if (signal.aborted)
      throw new MillraceError(
        'TIMEOUT',
        `Reading the dead letters of ${connector} took longer than ${READ_MS} ms`,
      );
    for (const [partition, letters] of fresh) found.get(partition)!.push(...letters.reverse());
    open = open.map((range, i) => ({ ...range, to: windows[i]!.from }));
    window *= 2;
  }
  const letters = newest(found, query.limit);
  return { letters, seen: [...found.values()].flat(), scanned, next: nextOf(open, found, letters) };
}

/** Partitions keep their order: of their newest ones left, the latest comes first. */
function newest(found: ReadonlyMap<number, readonly DeadLetter[]>, limit: number): DeadLetter[] {
  const heads = [...found.values()].map((letters) => ({ letters, at: 0 }));
  const merged: DeadLetter[] = [];
  while (merged.length < limit) {
    const left = heads.filter(({ letters, at }) => at < letters.length);
    if (left.length === 0) break;
    const time = ({ letters, at }: (typeof heads)[number]): number => letters[at]!.raw.timestamp;
    const latest = left.reduce((best, each) => (time(each) > time(best) ? each : best));
    merged.push(latest.letters[latest.at++]!);
  }
  return merged;
}

function nextOf(
  open: readonly Range[],
  found: ReadonlyMap<number, readonly DeadLetter[]>,
  shown: readonly DeadLetter[],
): string | null {
  const taken = new Set(shown);
  const ends = open.map(({ partition, from, to }) => {
    const left = found.get(partition)!.find((letter) => !taken.has(letter));
    return { partition, from, end: left === undefined ? to : left.raw.offset + 1 };
  });
  if (ends.every(({ from, end }) => end <= from)) return null;
  return ends.map(({ partition, end }) => `${partition}:${end}`).join(',');
}

function groupsOf(letters: readonly DeadLetter[]): ErrorGroup[] {
  const groups = new Map<string, ErrorGroup>();
  for (const { id, context } of letters) {
    const error = kindOfError(context);
    const key = `${context.stage} ${context.class} ${error}`;
    const known = groups.get(key);
    const { stage, class: of } = context;
    groups.set(
      key,
      known ? { ...known, count: known.count + 1 } : { error, stage, class: of, count: 1, example: id },
    );
  }
  return [...groups.values()].sort((a, b) => b.count - a.count);
}

async function showAll(
  core: Core,
  connector: DeadLetterPlace['config'],
  letters: readonly DeadLetter[],
): Promise<ShownDeadLetter[]> {
  const { worker, catalog, logger, metrics, services } = core.parts.environment;
  const pipeline = await buildPipeline({
    connector,
    worker,
    catalog,
    context: { logger, metrics, services },
  });
  try {
    const shown: ShownDeadLetter[] = [];
    for (const letter of letters) {
      const { raw, context } = letter;
      const headers = raw.headers.filter(({ key }) => !isContext(key));
      const topic = context.origin?.topic ?? raw.topic;
      const wire = headers.map((each) => ({ ...each, schema: null }));
      shown.push({
        id: letter.id,
        partition: raw.partition,
        offset: raw.offset,
        timestamp: raw.timestamp < 0 ? null : new Date(raw.timestamp),
        ...context,
        key: await showSide(pipeline.keyConverter, topic, wire, raw.key),
        value: await showSide(pipeline.valueConverter, topic, wire, raw.value),
        headers: headers.map(({ key, value }) => ({ key, value: showBytes(value) })),
      });
    }
    return shown;
  } finally {
    await closePipeline(pipeline);
  }
}

async function showSide(
  converter: Converter,
  topic: string,
  headers: Headers,
  bytes: Buffer | null,
): Promise<ShownSide> {
  for (let tries = 0; ; tries++) {
    try {
      const { schema, value } = converter.toConnect(topic, headers, bytes);
      return { schema: schema && typeText(schema), value: showValue(value, schema) };
    } catch (error) {
      const problem = error instanceof Error ? error.message : `waits for ${(error as Pending).what}`;
      if (!(error instanceof Pending) || tries > 2 || !(await isReady(error))) {
        return { raw: showBytes(bytes), problem };
      }
    }
  }
}

async function isReady({ ready }: Pending): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), SCHEMA_WAIT_MS);
  });
  const came = ready.then(
    () => true,
    () => false,
  );
  return Promise.race([came, late]).finally(() => clearTimeout(timer));
}
