/**
 * The fetch loops of a batch reader. A broker answers one request at a time per connection, and a long poll keeps a
 * connection for up to `maxWaitMs`; so each broker has two. The first polls for all partitions that may be fetched. One
 * that becomes so meanwhile (assigned, resumed, drained) does not wait for the poll to end: the second connection
 * fetches it in short polls until then.
 */
import { isRetriable, MillraceError, type Position, type TopicPartition } from '../kernel';
import { Code, isRetriableCode, kafkaCodeOf, kafkaError } from './errors';
import type { ApiRequest, Lane, LaneFactory } from './lane';
import type { Metadata } from './metadata';
import type { PartitionBuffer } from './partition-buffer';
import type { Isolation, OffsetSpec } from './port';
import { cutBatches } from './raw-batch';
import { type FetchAnswer, fetchRequest, type PartitionFetched } from './wire/fetch';

export interface ReaderDependencies {
  readonly openLane: LaneFactory;
  readonly metadata: Metadata;
  offsets(partitions: readonly TopicPartition[], spec: OffsetSpec): Promise<Position[]>;
}

export interface FetchLimits {
  readonly isolation: Isolation;
  readonly minBytes: number;
  readonly maxBytes: number;
  readonly maxPartitionBytes: number;
  readonly maxWaitMs: number;
  readonly bufferBytes: number;
  readonly outOfRange: 'earliest' | 'latest' | 'none';
}

/** Never asks for less: tiny answers cost as much as large ones. */
const SMALLEST_FETCH_BYTES = 64 * 1024;

/** So long may a partition have to wait for a connection. */
const SHORT_POLL_MS = 50;

/** A connection to a broker: 0 for the long poll, 1 for those that must not wait for it. */
type Slot = 0 | 1;

const slotKey = (node: number, slot: Slot): string => `${node}/${slot}`;

interface Asked {
  readonly buffer: PartitionBuffer;
  readonly epoch: number;
  readonly offset: number;
}

export class Fetcher {
  /** Ends all fetching; for what no other broker or later try heals. */
  failure: Error | null = null;
  readonly #buffers: Map<string, PartitionBuffer>;
  readonly #dependencies: ReaderDependencies;
  readonly #limits: FetchLimits;
  readonly #onNews: () => void;
  readonly #lanes: Lane[] = [];
  /** Requests under way, by `slotKey`. */
  readonly #polling = new Set<string>();
  #timer: NodeJS.Timeout | undefined;
  #timerAt = Number.POSITIVE_INFINITY;
  #closed = false;

  /** @param buffers by topic and partition, those that waited longest first: it keeps them in that order */
  constructor(
    buffers: Map<string, PartitionBuffer>,
    dependencies: ReaderDependencies,
    limits: FetchLimits,
    onNews: () => void,
  ) {
    this.#buffers = buffers;
    this.#dependencies = dependencies;
    this.#limits = limits;
    this.#onNews = onNews;
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    await Promise.all(this.#lanes.map((lane) => lane.close()));
  }

  /** Starts every fetch that may start. Cheap when none may; to be called after each change. */
  pump(): void {
    if (this.#closed || this.failure !== null) return;
    const now = Date.now();
    const room = this.#room();
    const byLeader = new Map<number, PartitionBuffer[]>();
    for (const buffer of this.#buffers.values()) {
      if (!this.#wants(buffer)) continue;
      if (buffer.notBefore > now) this.#pumpAt(buffer.notBefore);
      else if (buffer.leader === null) this.#findLeader(buffer);
      else if (room > 0) push(byLeader, buffer.leader, buffer);
    }
    for (const [node, buffers] of byLeader) this.#poll(node, buffers, room);
  }

  /** Paused partitions give up what they have queued when others need the memory. */
  #room(): number {
    let queued = 0;
    for (const { queuedBytes } of this.#buffers.values()) queued += queuedBytes;
    if (queued < this.#limits.bufferBytes) return this.#limits.bufferBytes - queued;
    for (const buffer of this.#buffers.values()) {
      if (!buffer.paused || !buffer.hasBatches) continue;
      queued -= buffer.queuedBytes;
      buffer.rewind();
    }
    return this.#limits.bufferBytes - queued;
  }

  #wants(buffer: PartitionBuffer): boolean {
    const isFull = buffer.queuedBytes * 2 > this.#limits.maxPartitionBytes;
    return !(buffer.busy || buffer.paused || isFull || buffer.failure !== null);
  }

  #pumpAt(time: number): void {
    if (time >= this.#timerAt) return;
    clearTimeout(this.#timer);
    this.#timerAt = time;
    this.#timer = setTimeout(
      () => {
        this.#timerAt = Number.POSITIVE_INFINITY;
        this.pump();
      },
      Math.max(1, time - Date.now()),
    );
  }

  #findLeader(buffer: PartitionBuffer): void {
    const { metadata } = this.#dependencies;
    this.#whileBusy(buffer, metadata.leader(buffer.topic, buffer.partition), (leader) => {
      buffer.leader = leader;
    });
  }

  /** Runs `use` with the result unless the partition was sought or unassigned meanwhile. */
  #whileBusy<T>(buffer: PartitionBuffer, lookup: Promise<T>, use: (found: T) => void): void {
    const { epoch } = buffer;
    buffer.busy = true;
    const settle = (then: () => void) => {
      if (buffer.epoch !== epoch || this.#closed) return;
      buffer.busy = false;
      then();
      this.pump();
    };
    lookup.then(
      (found) => settle(() => use(found)),
      (error: unknown) => settle(() => this.#lookupFailed(buffer, error)),
    );
  }

  /** A topic that is not there may be made again, as Java's consumer has it; what cannot pass ends the partition. */
  #lookupFailed(buffer: PartitionBuffer, error: unknown): void {
    if (isRetriable(error) || kafkaCodeOf(error) === Code.UNKNOWN_TOPIC_OR_PARTITION) buffer.backOff();
    else this.#end(buffer, error);
  }

  #end(buffer: PartitionBuffer, error: unknown): void {
    buffer.failure =
      error instanceof MillraceError
        ? error
        : new MillraceError('INTERNAL', 'A fetch failed unexpectedly', { cause: error });
    this.#onNews();
  }

  /** The long poll waits for a short one to end: so partitions come together again. */
  #poll(node: number, buffers: readonly PartitionBuffer[], room: number): void {
    if (this.#polling.has(slotKey(node, 1))) return;
    const slot = this.#polling.has(slotKey(node, 0)) ? 1 : 0;
    this.#send(node, slot, buffers, room / (this.#polling.size + 1));
  }

  #send(node: number, slot: Slot, buffers: readonly PartitionBuffer[], room: number): void {
    const { isolation, minBytes, maxBytes, maxPartitionBytes } = this.#limits;
    const total = Math.min(maxBytes, Math.max(SMALLEST_FETCH_BYTES, Math.floor(room)));
    const request = fetchRequest({
      isolation,
      minBytes,
      maxBytes: total,
      maxWaitMs: this.#waitMs(slot, buffers),
      partitions: buffers.map(({ topic, partition, fetchOffset }) => ({
        topic,
        partition,
        offset: fetchOffset,
        maxBytes: Math.min(total, maxPartitionBytes),
      })),
    });
    const asked = buffers.map((buffer) => ({ buffer, epoch: buffer.epoch, offset: buffer.fetchOffset }));
    for (const buffer of buffers) buffer.busy = true;
    this.#polling.add(slotKey(node, slot));
    void this.#exchange(node, slot, request, asked);
  }

  async #exchange(
    node: number,
    slot: Slot,
    request: ApiRequest<FetchAnswer>,
    asked: readonly Asked[],
  ): Promise<void> {
    try {
      this.#answered(await this.#lane(slot).send(node, request), asked);
    } catch (error) {
      this.#lost(error, asked);
    }
    this.#polling.delete(slotKey(node, slot));
    this.pump();
  }

  /** The end of a partition is told at once: who reads to it must not wait for the first long poll. */
  #waitMs(slot: Slot, buffers: readonly PartitionBuffer[]): number {
    if (buffers.some(({ end }) => end === undefined)) return 0;
    const { maxWaitMs } = this.#limits;
    return slot === 0 ? maxWaitMs : Math.min(SHORT_POLL_MS, maxWaitMs);
  }

  #lane(slot: Slot): Lane {
    return (this.#lanes[slot] ??= this.#dependencies.openLane(slot === 0 ? 'fetch' : 'fetch-2'));
  }

  #answered(answer: FetchAnswer, asked: readonly Asked[]): void {
    const waiting = new Map(asked.map((each) => [keyOf(each.buffer), each]));
    let news = false;
    for (const fetched of answer.partitions) {
      const each = waiting.get(keyOf(fetched));
      waiting.delete(keyOf(fetched));
      if (each === undefined || !isCurrent(each)) continue;
      each.buffer.busy = false;
      if (this.#take(each, fetched)) news = true;
    }
    // Not answered: the whole request was refused.
    const error = answer.error === Code.NONE ? null : kafkaError(answer.error, 'fetch');
    for (const each of waiting.values()) if (isCurrent(each)) this.#retryLater(each.buffer, error);
    if (news) this.#onNews();
  }

  /** Answers whether readers have something to look at. */
  #take({ buffer, offset }: Asked, fetched: PartitionFetched): boolean {
    if (fetched.error !== Code.NONE) return this.#refused(buffer, fetched.error);
    const { isolation } = this.#limits;
    const end = isolation === 'read_committed' ? fetched.lastStableOffset : fetched.highWatermark;
    const endIsNews = buffer.end === undefined;
    buffer.end = end;
    const cut = cutBatches(ownBytes(fetched.records), buffer, offset, {
      isolation,
      aborted: fetched.aborted,
      acceptDamaged: buffer.acceptsDamage,
    });
    if (cut.batches.length > 0) this.#waitsNoLonger(buffer);
    return buffer.accept(cut) || endIsNews;
  }

  /** To the end of the order: brokers fill answers from the front, so each must come first at some time. */
  #waitsNoLonger(buffer: PartitionBuffer): void {
    const key = keyOf(buffer);
    this.#buffers.delete(key);
    this.#buffers.set(key, buffer);
  }

  #refused(buffer: PartitionBuffer, code: number): boolean {
    const error = kafkaError(
      code,
      `fetch ${buffer.topic}-${buffer.partition} at offset ${buffer.fetchOffset}`,
    );
    if (code === Code.OFFSET_OUT_OF_RANGE) this.#outOfRange(buffer, error);
    else if (code === Code.CORRUPT_MESSAGE || code === Code.UNKNOWN_SERVER_ERROR) buffer.fail(error);
    else if (isRetriableCode(code)) this.#retryLater(buffer, error);
    else buffer.failure = error;
    return buffer.failure !== null;
  }

  #outOfRange(buffer: PartitionBuffer, error: MillraceError): void {
    const { outOfRange, isolation } = this.#limits;
    if (outOfRange === 'none') {
      buffer.failure = error;
      return;
    }
    const latest = isolation === 'read_committed' ? 'lso' : 'latest';
    const lookup = this.#dependencies.offsets([buffer], outOfRange === 'earliest' ? 'earliest' : latest);
    this.#whileBusy(buffer, lookup, ([found]) => buffer.jump(found!.offset));
  }

  /** The leader may be another one by now. */
  #retryLater(buffer: PartitionBuffer, error: MillraceError | null): void {
    buffer.busy = false;
    buffer.leader = null;
    this.#dependencies.metadata.invalidate(buffer.topic);
    if (error === null || error.retriable) buffer.backOff();
    else buffer.failure = error;
  }

  #lost(error: unknown, asked: readonly Asked[]): void {
    if (this.#closed) return;
    const current = asked.filter(isCurrent);
    for (const { buffer } of current) this.#retryLater(buffer, null);
    if (isRetriable(error)) return;
    this.failure = error as Error;
    this.#onNews();
  }
}

const isCurrent = ({ buffer, epoch }: Asked): boolean => buffer.epoch === epoch;

export const keyOf = ({ topic, partition }: TopicPartition): string => `${topic}/${partition}`;

/** A view keeps its whole answer in memory; records that are a small part of it get bytes of their own. */
const ownBytes = (records: Buffer): Buffer =>
  records.length * 2 > records.buffer.byteLength ? records : copyOf(records);

function copyOf(bytes: Buffer): Buffer {
  const copy = Buffer.allocUnsafeSlow(bytes.length);
  copy.set(bytes);
  return copy;
}

function push<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const existing = map.get(key);
  if (existing === undefined) map.set(key, [value]);
  else existing.push(value);
}
