/** Produce v3 to v7: one record batch for each partition, each taken or refused on its own. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import * as layout from '../../kafka/wire/batch-layout';
import type { ByteReader, ByteWriter } from '../../kafka/wire/bytes';
import { byTopic } from '../../kafka/wire/topics';
import { api, type Call } from '../api';
import type { Place } from '../faults/rule';
import { compressionOf, isTransactional, producerEpochOf, producerIdOf } from '../log/batch';
import { onlyBatch } from '../log/validation';
import { attempt, Code, codeOf, Refusal } from '../refusal';

interface Part {
  readonly topic: string;
  readonly partition: number;
  /** A view of the request. */
  readonly records: Buffer;
}

interface Request {
  readonly transactionalId: string | null;
  readonly acks: number;
  readonly parts: readonly Part[];
}

interface Produced {
  readonly topic: string;
  readonly partition: number;
  readonly error: number;
  readonly baseOffset: number;
  readonly appendTime: number;
  readonly startOffset: number;
}

/**
 * Kafka 4 closes the connection on versions below this one, and yet says that it takes them: librdkafka would not believe in
 * any other version. Source: KIP-896, KAFKA-18659.
 */
const FIRST_VERSION = 3;
const ZSTD = 4;
/** The first that may use zstd. Source: KIP-110. */
const ZSTD_VERSION = 7;
/** May write to the broker's own topics, as in Kafka. */
const ADMIN_CLIENT_ID = '__admin_client';
const LONGEST_TURN_MS = 10;
const NOTHING = Buffer.alloc(0);

/** Refused by the log with one of these, a partition does not say where it starts. Source: `ReplicaManager.appendToLocalLog`. */
const WITHOUT_START: ReadonlySet<number> = new Set([
  Code.UNKNOWN_TOPIC_OR_PARTITION,
  Code.NOT_LEADER_OR_FOLLOWER,
  Code.MESSAGE_TOO_LARGE,
  Code.RECORD_LIST_TOO_LARGE,
  Code.CORRUPT_MESSAGE,
  Code.KAFKA_STORAGE_ERROR,
]);

export const produce = api<Request, readonly Produced[]>({
  key: 0,
  name: 'Produce',
  versions: [0, 7],
  decode,
  places: (request) => request.parts.map((part) => placeOf(part, request)),
  async handle(request, call) {
    const produced = await produceAll(request, call);
    if (request.acks !== 0) return produced;
    const failed = produced.find(({ error }) => error !== 0);
    // The only way to tell a producer that does not listen.
    if (failed !== undefined) throw new Refusal(failed.error, `error ${failed.error} for acks 0`);
    return null;
  },
  encode,
});

function decode(reader: ByteReader, version: number): Request {
  if (version < FIRST_VERSION)
    throw new Refusal(Code.UNSUPPORTED_VERSION, `Produce v${version} is not served`);
  const transactionalId = reader.nullableString();
  const acks = reader.int16();
  // How long to wait for followers: there are none.
  reader.int32();
  const parts = reader.array((r) => {
    const topic = r.string();
    return r.array((p) => ({ topic, partition: p.int32(), records: p.nullableBytes() ?? NOTHING }));
  });
  return { transactionalId, acks, parts: parts.flat() };
}

function encode(writer: ByteWriter, produced: readonly Produced[], version: number): void {
  const topics = [...byTopic(produced, (each) => each)];
  writer.array(topics, (w, [topic, partitions]) =>
    w.string(topic).array(partitions, (p, { partition, error, baseOffset, appendTime, startOffset }) => {
      p.int32(partition).int16(error).int64(baseOffset).int64(appendTime);
      if (version >= 5) p.int64(startOffset);
    }),
  );
  writer.int32(0);
}

async function produceAll(request: Request, call: Call): Promise<Produced[]> {
  const refusal = refusedAltogether(request);
  const produced: Produced[] = [];
  let turn = performance.now();
  // Of a partition that is named twice the last batch counts.
  for (const part of new Map(
    request.parts.map((each) => [`${each.topic} ${each.partition}`, each]),
  ).values()) {
    produced.push(refusal === 0 ? produceOne(part, request, call) : refused(part, refusal));
    if (performance.now() - turn < LONGEST_TURN_MS) continue;
    await nextTurn();
    turn = performance.now();
  }
  return produced;
}

/** Code for all partitions: what Kafka looks at before it looks at any of them. */
function refusedAltogether({ transactionalId, parts }: Request): number {
  const producers = new Set<string>();
  for (const { records } of parts) {
    if (hasHeader(records) && isTransactional(records))
      producers.add(`${producerIdOf(records)} ${producerEpochOf(records)}`);
  }
  if (producers.size > 0 && transactionalId === null) return Code.TRANSACTIONAL_ID_AUTHORIZATION_FAILED;
  return producers.size > 1 ? Code.INVALID_PRODUCER_ID_MAPPING : Code.NONE;
}

function produceOne(part: Part, request: Request, call: Call): Produced {
  const { topic, partition } = part;
  const place = placeOf(part, request);
  const error =
    call.fault(place) ||
    call.broker.leads(call.node, topic, partition) ||
    attempt(() => check(part, request, call));
  if (error !== 0) return refused(part, error);
  const { log, leaderEpoch } = call.broker.topics.partition(topic, partition)!;
  try {
    const appended = log.append(part.records, leaderEpoch);
    const replaced = call.afterwards(place);
    return replaced === 0 ? { topic, partition, error: 0, ...appended } : refused(part, replaced);
  } catch (cause) {
    const code = codeOf(cause);
    return refused(part, code, WITHOUT_START.has(code) ? -1 : log.startOffset);
  }
}

/** What can be said without the log, in Kafka's order. @throws Refusal */
function check(part: Part, request: Request, call: Call): void {
  const batch = onlyBatch(part.records);
  if (hasHeader(batch) && compressionOf(batch) === ZSTD && call.version < ZSTD_VERSION)
    throw new Refusal(Code.UNSUPPORTED_COMPRESSION_TYPE);
  if (hasHeader(batch) && isTransactional(batch)) verify(part, request, call);
  if (request.acks < -1 || request.acks > 1) throw new Refusal(Code.INVALID_REQUIRED_ACKS);
  if (call.broker.topics.get(part.topic)!.isInternal && call.clientId !== ADMIN_CLIENT_ID)
    throw new Refusal(Code.INVALID_TOPIC_EXCEPTION);
}

/** @throws Refusal */
function verify({ topic, partition, records }: Part, { transactionalId }: Request, { broker }: Call): void {
  if (!broker.topics.partition(topic, partition)!.log.mustVerify(records)) return;
  broker.transactions.verify(
    transactionalId!,
    producerIdOf(records),
    producerEpochOf(records),
    topic,
    partition,
  );
}

const hasHeader = (records: Buffer): boolean =>
  records.length >= layout.RECORDS && records[layout.MAGIC] === layout.CURRENT_MAGIC;

const refused = ({ topic, partition }: Part, error: number, startOffset = -1): Produced => ({
  topic,
  partition,
  error,
  baseOffset: -1,
  appendTime: -1,
  startOffset,
});

const placeOf = ({ topic, partition }: Part, { transactionalId }: Request): Place =>
  transactionalId === null ? { topic, partition } : { topic, partition, transactionalId };
