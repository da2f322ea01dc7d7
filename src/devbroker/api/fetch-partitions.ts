/** What a fetch reads: partition after partition, until the answer is full. Source: KIP-74, `ReplicaManager.readFromLog`. */
import type { Call } from '../api';
import type { AbortedTransaction, Isolation } from '../log/port';
import { Code, codeOf } from '../refusal';
import { spoil } from './fetch-faults';
import { checkLeaderEpoch } from './leader-epoch';
import { enoughToRead } from './long-poll';

export interface FetchPartition {
  readonly topic: string;
  readonly partition: number;
  readonly leaderEpoch: number;
  readonly offset: number;
  readonly maxBytes: number;
}

export interface FetchRequest {
  readonly maxWaitMs: number;
  readonly minBytes: number;
  readonly maxBytes: number;
  readonly isolation: Isolation;
  readonly partitions: readonly FetchPartition[];
}

export interface Fetched {
  readonly topic: string;
  readonly partition: number;
  readonly error: number;
  readonly highWatermark: number;
  readonly lastStableOffset: number;
  readonly startOffset: number;
  /** Null under read_uncommitted. */
  readonly aborted: readonly AbortedTransaction[] | null;
  readonly chunks: readonly Buffer[];
  readonly sizeBytes: number;
}

interface Readable extends FetchPartition {
  /** Code of a fault, 0 without. */
  readonly fault: number;
}

/** A broker's fetch.max.bytes. */
const MAX_BYTES = 55 * 1024 * 1024;
/** The first version that may carry zstd. Source: KIP-110. */
const ZSTD_VERSION = 10;
const NO_CHUNKS: readonly Buffer[] = [];

/** Unknown partitions come last, and are no reason not to wait for the others: as in Kafka. */
export async function fetchAll(asked: FetchRequest, call: Call): Promise<Fetched[]> {
  const maxBytes = Math.min(asked.maxBytes, MAX_BYTES);
  const request = { ...asked, maxBytes, minBytes: Math.min(asked.minBytes, maxBytes) };
  const { readable, unknown } = sorted(request, call);
  let fetched = readAll(readable, request, call);
  if (!isWorthAnAnswer(fetched, request)) {
    await enoughToRead(readable, request, call);
    // Nobody is there to read it.
    if (call.signal.aborted) return [];
    fetched = readAll(readable, request, call);
  }
  return [...fetched.map((each) => finished(each, call)), ...unknown];
}

function sorted({ partitions }: FetchRequest, call: Call): { readable: Readable[]; unknown: Fetched[] } {
  const readable: Readable[] = [];
  const unknown: Fetched[] = [];
  // Of a partition that is named twice the last one counts.
  for (const each of new Map(partitions.map((p) => [`${p.topic} ${p.partition}`, p])).values()) {
    const { topic, partition } = each;
    const fault = call.fault({ topic, partition });
    const isKnown = call.broker.topics.partition(topic, partition) !== undefined;
    if (fault !== 0 || isKnown) readable.push({ ...each, fault });
    else unknown.push(refused(each, Code.UNKNOWN_TOPIC_OR_PARTITION, []));
  }
  return { readable, unknown };
}

function isWorthAnAnswer(fetched: readonly Fetched[], { maxWaitMs, minBytes }: FetchRequest): boolean {
  if (maxWaitMs <= 0 || fetched.length === 0) return true;
  let sizeBytes = 0;
  for (const each of fetched) {
    if (each.error !== 0) return true;
    sizeBytes += each.sizeBytes;
  }
  return sizeBytes >= minBytes;
}

function readAll(
  readable: readonly Readable[],
  { isolation, maxBytes }: FetchRequest,
  call: Call,
): Fetched[] {
  let left = maxBytes;
  // The first batch of the first partition that has one comes whatever its size, or a reader could never get past it.
  let atLeastOne = true;
  return readable.map((each) => {
    const limit = Math.max(0, Math.min(each.maxBytes, left));
    const fetched = readOne(each, isolation, limit, atLeastOne, call);
    if (fetched.sizeBytes > 0) atLeastOne = false;
    left -= fetched.sizeBytes;
    return fetched;
  });
}

function readOne(
  wanted: Readable,
  isolation: Isolation,
  maxBytes: number,
  atLeastOne: boolean,
  call: Call,
): Fetched {
  const { topic, partition } = wanted;
  const error = refusal(wanted, call);
  if (error !== 0) return refused(wanted, error);
  const { log } = call.broker.topics.partition(topic, partition)!;
  try {
    const { chunks, sizeBytes, aborted } = log.read(wanted.offset, maxBytes, isolation, atLeastOne);
    return {
      topic,
      partition,
      error: Code.NONE,
      highWatermark: log.endOffset,
      lastStableOffset: log.lastStableOffset,
      startOffset: log.startOffset,
      aborted: isolation === 'read_committed' ? aborted : null,
      chunks,
      sizeBytes,
    };
  } catch (cause) {
    return refused(wanted, codeOf(cause));
  }
}

function refusal(
  { topic, partition, leaderEpoch, fault }: Readable,
  { broker, node, version }: Call,
): number {
  const error = fault || broker.leads(node, topic, partition);
  if (error !== 0) return error;
  const isZstd = broker.topics.get(topic)!.overrides.get('compression.type') === 'zstd';
  if (isZstd && version < ZSTD_VERSION) return Code.UNSUPPORTED_COMPRESSION_TYPE;
  return checkLeaderEpoch(leaderEpoch, broker.topics.partition(topic, partition)!);
}

function finished(fetched: Fetched, call: Call): Fetched {
  if (fetched.error !== 0) return fetched;
  const { topic, partition } = fetched;
  const error = call.afterwards({ topic, partition });
  return error === 0 ? spoil(fetched, call) : refused(fetched, error);
}

const refused = (
  { topic, partition }: { readonly topic: string; readonly partition: number },
  error: number,
  aborted: Fetched['aborted'] = null,
): Fetched => ({
  topic,
  partition,
  error,
  highWatermark: -1,
  lastStableOffset: -1,
  startOffset: -1,
  aborted,
  chunks: NO_CHUNKS,
  sizeBytes: 0,
});
