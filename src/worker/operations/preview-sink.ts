/** What a sink would get: records of its topics, read without a group and put nowhere. */

import type { Pipeline } from '../../flow';
import type { BatchReader, KafkaPort } from '../../kafka/port';
import {
  ConfigError,
  MillraceError,
  NO_HEADERS,
  type Position,
  SinkRecord,
  type TopicPartition,
} from '../../kernel';
import { consumerSettings } from '../client-settings';
import { listOf, wholeName } from '../topic-keys';
import { LATE } from './deadline';
import type { PreviewRecord, PreviewRequest } from './preview';
import {
  applyTransforms,
  attempt,
  dataStep,
  type PreviewStep,
  StepFailure,
  showWire,
  type Walk,
  wireStep,
} from './preview-steps';
import type { Subject } from './subject';

const MOST_TOPICS = 50;
const MOST_PARTITIONS = 500;
const WAIT_MS = 250;

interface RawRecord extends TopicPartition {
  readonly offset: number;
  readonly timestamp: number;
  readonly timestampType: 'create' | 'append';
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: readonly { readonly key: string; readonly value: Buffer | null }[];
}

export async function previewSink(
  { config, environment }: Subject,
  request: PreviewRequest,
  walk: Walk,
): Promise<PreviewRecord[]> {
  const settings = consumerSettings(environment.worker, config);
  const kafka = environment.clients.port(settings.connection);
  const { isolation = 'read_uncommitted' } = settings.reader;
  const endSpec = isolation === 'read_committed' ? 'lso' : 'latest';
  const finding = topicsOf(kafka, config).then((topics) => spanOf(kafka, topics, request, endSpec));
  const span = await walk.deadline.within(finding);
  if (span === LATE)
    throw new MillraceError('TIMEOUT', 'Kafka did not say in time where the topics begin and end');
  const reader = kafka.reader({ ...settings.reader, outOfRange: 'earliest' });
  let raw: RawRecord[];
  try {
    raw = await read(reader, span, request, walk);
  } finally {
    void reader.close();
  }
  const records: PreviewRecord[] = [];
  for (const each of raw) records.push(await follow(each, walk));
  return records;
}

async function topicsOf(kafka: KafkaPort, config: Readonly<Record<string, string>>): Promise<string[]> {
  const pattern = config['topics.regex']?.trim() ?? '';
  if (pattern === '') return listOf(config['topics']);
  const matches = wholeName(pattern);
  const all = await kafka.admin.listTopics();
  return all.filter((topic) => matches.test(topic)).slice(0, MOST_TOPICS);
}

interface Span {
  readonly begin: Position;
  /** Not read past it: records that come meanwhile would never end. */
  readonly end: number;
}

async function spanOf(
  kafka: KafkaPort,
  topics: readonly string[],
  { topic, partition, from, count }: PreviewRequest,
  endSpec: 'latest' | 'lso',
): Promise<Span[]> {
  const wanted = topic === null ? topics : topics.filter((each) => each === topic);
  if (wanted.length === 0) throw noTopic(topics, topic);
  const views = await kafka.metadata(wanted);
  const missing = views.find(({ error }) => error !== 0);
  if (missing !== undefined) {
    const why = missing.error === 3 ? 'does not exist' : `cannot be read: error ${missing.error}`;
    throw new MillraceError('NOT_FOUND', `Topic ${missing.topic} ${why}`);
  }
  const partitions = views
    .flatMap((view) => view.partitions.map((each) => ({ topic: view.topic, partition: each.partition })))
    .filter((each) => partition === null || each.partition === partition)
    .slice(0, MOST_PARTITIONS);
  const [first, last] = await Promise.all([
    kafka.offsets(partitions, 'earliest'),
    kafka.offsets(partitions, endSpec),
  ]);
  const chosen =
    typeof from === 'object' && 'timestamp' in from ? await kafka.offsets(partitions, from) : null;
  return partitions.map((each, i) => {
    const low = first[i]!.offset;
    const end = last[i]!.offset;
    const asked = startOf(from, chosen?.[i]?.offset ?? end, low, end, count);
    return { begin: { ...each, offset: Math.min(Math.max(asked, low), end) }, end };
  });
}

function startOf(
  from: PreviewRequest['from'],
  chosen: number,
  low: number,
  end: number,
  count: number,
): number {
  if (from === 'earliest') return low;
  if (from === 'latest') return end - count;
  if ('offset' in from) return from.offset;
  return chosen < 0 ? end : chosen;
}

const noTopic = (topics: readonly string[], topic: string | null): ConfigError =>
  new ConfigError(
    topic === null ? 'The configuration names no topic that is there' : `${topic} is none of its topics`,
    { hint: topics.length === 0 ? 'Check topics or topics.regex.' : `Its topics are ${topics.join(', ')}.` },
  );

/** The newest ones when those were asked for, else the first ones. */
async function read(
  reader: BatchReader,
  span: readonly Span[],
  { count, from }: PreviewRequest,
  { deadline }: Walk,
): Promise<RawRecord[]> {
  const open = new Map(
    span.filter(({ begin, end }) => begin.offset < end).map((each) => [keyOf(each.begin), each]),
  );
  const found: RawRecord[] = [];
  const isNewest = from === 'latest';
  reader.assign([...open.values()].map(({ begin }) => begin));
  while (open.size > 0 && (isNewest || found.length < count)) {
    const batches = await deadline.within(reader.next(WAIT_MS, deadline.signal));
    if (batches === LATE) break;
    for (const batch of batches) {
      const end = open.get(keyOf(batch))?.end ?? 0;
      for (const cursor = batch.records(); cursor.next() && cursor.offset < end; )
        if (found.length < MOST_READ) found.push(copyOf(batch, cursor));
    }
    for (const [key, { begin, end }] of open) if ((reader.position(begin) ?? 0) >= end) open.delete(key);
  }
  const byTime = found.sort((a, b) => a.timestamp - b.timestamp || a.offset - b.offset);
  return isNewest ? byTime.slice(-count) : byTime.slice(0, count);
}

const MOST_READ = 20_000;

const keyOf = ({ topic, partition }: TopicPartition): string => `${partition} ${topic}`;

const copyOf = (
  { topic, partition, timestampType }: Pick<RawRecord, 'topic' | 'partition' | 'timestampType'>,
  cursor: Pick<RawRecord, 'offset' | 'timestamp' | 'key' | 'value' | 'headers'>,
): RawRecord => ({
  topic,
  partition,
  timestampType,
  offset: cursor.offset,
  timestamp: cursor.timestamp,
  key: cursor.key && Buffer.from(cursor.key),
  value: cursor.value && Buffer.from(cursor.value),
  headers: cursor.headers.map(({ key, value }) => ({ key, value: value && Buffer.from(value) })),
});

async function follow(raw: RawRecord, walk: Walk): Promise<PreviewRecord> {
  const { topic, partition, offset, timestamp } = raw;
  const origin = { topic, partition, offset, timestamp: new Date(Math.max(0, timestamp)) };
  const steps: PreviewStep[] = [];
  let converted: SinkRecord | null = null;
  try {
    converted = await convert(raw, walk);
    steps.push(dataStep('VALUE_CONVERTER', walk.pipeline.classNames.value, converted));
    await applyTransforms(walk, converted, steps);
  } catch (error) {
    if (!(error instanceof StepFailure)) throw error;
    steps.push(error.step);
  }
  return {
    origin,
    steps: [wireStep('KAFKA_CONSUME', null, showWire(raw, converted ?? undefined)), ...steps],
  };
}

async function convert(raw: RawRecord, walk: Walk): Promise<SinkRecord> {
  const { topic } = raw;
  const { keyConverter, valueConverter, headerConverter, classNames } = walk.pipeline satisfies Pipeline;
  const headers = await attempt(walk, 'HEADER_CONVERTER', classNames.header, () =>
    raw.headers.map(({ key, value }) => ({ key, ...headerConverter.toConnectHeader(topic, key, value) })),
  );
  const wire = raw.headers.length === 0 ? NO_HEADERS : raw.headers.map((each) => ({ ...each, schema: null }));
  const key = await attempt(walk, 'KEY_CONVERTER', classNames.key, () =>
    keyConverter.toConnect(topic, wire, raw.key),
  );
  const value = await attempt(walk, 'VALUE_CONVERTER', classNames.value, () =>
    valueConverter.toConnect(topic, wire, raw.value),
  );
  return new SinkRecord(
    topic,
    raw.partition,
    raw.offset,
    key.schema,
    key.value,
    value.schema,
    value.value,
    raw.timestamp,
    raw.timestampType,
    headers,
    topic,
  );
}
