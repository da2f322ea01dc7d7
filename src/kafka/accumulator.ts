/**
 * Gathers the ready batches of all partitions that a broker leads into one Produce request, keeps few requests in
 * flight per broker, and decides by the answers what is done, sent again or given up.
 */
import { isRetriable, MillraceError } from '../kernel';
import { laneClosed, unreachable } from './connection-errors';
import { Code, isFencedCode, isRetriableCode, kafkaError } from './errors';
import type { Lane } from './lane';
import type { Metadata } from './metadata';
import { type Delivery, type Doomed, PartitionQueue } from './partition-queue';
import type { EncodedBatch, ProduceResult } from './port';
import type { ProducerSession } from './producer-session';
import { type PartitionProduced, type ProduceAnswer, produceRequest } from './wire/produce';
import { recycleBatch } from './wire/record-batch';

export interface AccumulatorLimits {
  readonly acks: -1 | 0 | 1;
  readonly maxRequestBytes: number;
  readonly bufferBytes: number;
  /** Requests per broker. */
  readonly maxInFlight: number;
  readonly deliveryTimeoutMs: number;
}

/** How long a leader waits for its followers; below the time-out of requests. */
const FOLLOWERS_MS = 20_000;

/** Bytes damaged on the way are whole at the next try; bytes the broker cannot read never are. */
const DAMAGE_TRIES = 3;

/** Answered with an error, and yet the leader may have written the batch. */
const IN_DOUBT: ReadonlySet<number> = new Set([
  Code.UNKNOWN_SERVER_ERROR,
  Code.REQUEST_TIMED_OUT,
  Code.NOT_ENOUGH_REPLICAS_AFTER_APPEND,
]);

interface Sent {
  readonly queue: PartitionQueue;
  readonly delivery: Delivery;
}

export class Accumulator {
  readonly #lane: Lane;
  readonly #metadata: Metadata;
  readonly #limits: AccumulatorLimits;
  #session!: ProducerSession;
  readonly #queues = new Map<string, Map<number, PartitionQueue>>();
  /** Those with batches, in the order in which they are served. */
  readonly #active = new Set<PartitionQueue>();
  readonly #outstanding = new Set<Delivery>();
  readonly #requests = new Map<number, number>();
  #bytes = 0;
  #waitingForRoom: (() => void)[] = [];
  #scheduled: NodeJS.Immediate | undefined;
  #timer: NodeJS.Timeout | undefined;
  #timerAt = Number.POSITIVE_INFINITY;
  #failure: Error | null = null;

  constructor(lane: Lane, metadata: Metadata, limits: AccumulatorLimits) {
    this.#lane = lane;
    this.#metadata = metadata;
    this.#limits = limits;
  }

  /** To be called once, before anything else. */
  use(session: ProducerSession): void {
    this.#session = session;
  }

  send(topic: string, partition: number, batch: EncodedBatch): Promise<ProduceResult> {
    const refusal = this.#failure ?? this.#session.refusal();
    if (refusal !== null) return Promise.reject(refusal);
    const queue = this.#queue(topic, partition);
    const delivery = queue.add(batch, Date.now() + this.#limits.deliveryTimeoutMs);
    this.#outstanding.add(delivery);
    this.#bytes += batch.bytes.length;
    this.#active.add(queue);
    if (delivery.deadline < Number.POSITIVE_INFINITY) this.#pumpAt(delivery.deadline);
    this.wake();
    return delivery.promise;
  }

  #queue(topic: string, partition: number): PartitionQueue {
    let partitions = this.#queues.get(topic);
    if (partitions === undefined) this.#queues.set(topic, (partitions = new Map()));
    let queue = partitions.get(partition);
    if (queue === undefined) partitions.set(partition, (queue = new PartitionQueue(topic, partition)));
    return queue;
  }

  *queues(): Iterable<PartitionQueue> {
    for (const partitions of this.#queues.values()) yield* partitions.values();
  }

  ready(): Promise<void> | null {
    if (this.#bytes < this.#limits.bufferBytes) return null;
    return new Promise((resolve) => this.#waitingForRoom.push(resolve));
  }

  /** Resolves when all that was sent until now is acknowledged or given up. */
  async flush(): Promise<void> {
    await Promise.allSettled([...this.#outstanding].map(({ promise }) => promise));
  }

  /** Rejects what is queued and all that comes. What is in flight rejects when it is answered, or with its connection. */
  fail(error: Error): void {
    this.#failure ??= error;
    this.withdraw(() => true, error);
  }

  /** Rejects those of the waiting batches that `isOut` names. */
  withdraw(isOut: (delivery: Delivery, queue: PartitionQueue) => boolean, error: Error): void {
    const reason =
      error instanceof MillraceError ? error : new MillraceError('INTERNAL', error.message, { cause: error });
    for (const queue of this.#active) {
      for (const delivery of queue.withdraw((each) => isOut(each, queue), reason))
        this.#giveUp(delivery, error);
    }
  }

  /** After `fail`, or a lane that was closed: nothing is sent any more. */
  stop(): void {
    this.fail(laneClosed());
    clearTimeout(this.#timer);
    clearImmediate(this.#scheduled);
  }

  /** Sends what is ready at the end of this turn of the event loop, so that batches of many tasks share a request. */
  wake(): void {
    this.#scheduled ??= setImmediate(() => {
      this.#scheduled = undefined;
      this.#pump();
    });
  }

  #pumpAt(time: number): void {
    if (time >= this.#timerAt) return;
    clearTimeout(this.#timer);
    this.#timerAt = time;
    const wait = Math.min(Math.max(1, time - Date.now()), 2 ** 31 - 1);
    this.#timer = setTimeout(() => {
      this.#timerAt = Number.POSITIVE_INFINITY;
      this.#pump();
    }, wait);
  }

  #pump(): void {
    const now = Date.now();
    if (this.#limits.deliveryTimeoutMs < Number.POSITIVE_INFINITY) this.#expire(now);
    const byLeader = new Map<number, PartitionQueue[]>();
    for (const queue of this.#active) {
      if (queue.isEmpty) this.#active.delete(queue);
      else if (this.#isReady(queue, now)) push(byLeader, queue.leader!, queue);
    }
    for (const [node, queues] of byLeader) this.#sendTo(node, queues);
  }

  /** Starts what is missing when it is not. */
  #isReady(queue: PartitionQueue, now: number): boolean {
    if (queue.lookingUp || !queue.mayTake(this.#session.maxInFlight)) return false;
    if (queue.notBefore > now) {
      this.#pumpAt(queue.notBefore);
      return false;
    }
    if (queue.leader === null) {
      void this.#findLeader(queue);
      return false;
    }
    return this.#hasRoom(queue.leader) && this.#session.admits(queue);
  }

  #hasRoom(node: number): boolean {
    return (this.#requests.get(node) ?? 0) < this.#limits.maxInFlight;
  }

  async #findLeader(queue: PartitionQueue): Promise<void> {
    queue.lookingUp = true;
    try {
      queue.leader = await this.#metadata.leader(queue.topic, queue.partition);
    } catch (error) {
      if (isRetriable(error)) queue.notBefore = Date.now() + queue.backoff.next();
      else this.withdraw((_, each) => each === queue, error as Error);
    } finally {
      queue.lookingUp = false;
      this.wake();
    }
  }

  /** One batch per partition and request, as the protocol has it. */
  #sendTo(node: number, ready: readonly PartitionQueue[]): void {
    for (let queues = ready; queues.length > 0 && this.#hasRoom(node); ) {
      const sent: Sent[] = [];
      let bytes = 0;
      for (const queue of queues) {
        if (sent.length > 0 && bytes + queue.nextBytes > this.#limits.maxRequestBytes) continue;
        bytes += queue.nextBytes;
        sent.push({ queue, delivery: queue.take(this.#session.transactionalId !== null) });
        this.#serveLast(queue);
      }
      void this.#request(node, sent);
      queues = queues.filter((queue) => queue.mayTake(this.#session.maxInFlight));
    }
  }

  #serveLast(queue: PartitionQueue): void {
    this.#active.delete(queue);
    this.#active.add(queue);
  }

  async #request(node: number, sent: readonly Sent[]): Promise<void> {
    this.#requests.set(node, (this.#requests.get(node) ?? 0) + 1);
    const request = produceRequest({
      transactionalId: this.#session.transactionalId,
      acks: this.#limits.acks,
      timeoutMs: FOLLOWERS_MS,
      partitions: sent.map(({ queue: { topic, partition }, delivery }) => ({
        topic,
        partition,
        bytes: delivery.batch.bytes,
      })),
    });
    await this.#lane.send(node, request).then(
      (answer) => this.#answered(answer, sent),
      (error: unknown) => {
        for (const each of sent) this.#lost(each, error);
      },
    );
    this.#requests.set(node, this.#requests.get(node)! - 1);
    this.wake();
  }

  #answered(answer: ProduceAnswer | undefined, sent: readonly Sent[]): void {
    const produced = new Map(answer?.partitions.map((each) => [keyOf(each), each]));
    for (const each of sent) {
      const result = answer === undefined ? NOT_TOLD : produced.get(keyOf(each.queue));
      if (result === undefined)
        this.#lost(each, unreachable('The answer to a Produce request lacks a partition'));
      else this.#judge(each, result);
    }
  }

  #judge(
    { queue, delivery }: Sent,
    { error: code, baseOffset }: Pick<PartitionProduced, 'error' | 'baseOffset'>,
  ): void {
    if (code === Code.NONE || code === Code.DUPLICATE_SEQUENCE_NUMBER) {
      this.#done(delivery);
      this.#doom(queue.succeed(delivery));
      recycleBatch(delivery.batch);
      delivery.resolve({ baseOffset });
      return;
    }
    const error = kafkaError(code, `write to ${queue.topic}-${queue.partition}`);
    if (IN_DOUBT.has(code)) delivery.inDoubt = true;
    if (isFencedCode(code)) this.#fenced(queue, delivery, error);
    else if (code === Code.OUT_OF_ORDER_SEQUENCE_NUMBER || code === Code.UNKNOWN_PRODUCER_ID)
      this.#outOfOrder(queue, delivery, error);
    else if (code === Code.CORRUPT_MESSAGE && ++delivery.damages >= DAMAGE_TRIES)
      this.#refuse(queue, delivery, error);
    else if (isRetriableCode(code)) this.#retry(queue, delivery, error);
    else this.#refuse(queue, delivery, error);
  }

  #lost({ queue, delivery }: Sent, error: unknown): void {
    delivery.inDoubt = true;
    if (isRetriable(error)) this.#retry(queue, delivery, error as MillraceError);
    else this.#refuse(queue, delivery, asMillraceError(error));
  }

  #retry(queue: PartitionQueue, delivery: Delivery, error: MillraceError): void {
    queue.leader = null;
    // A window of requests fails as one: its later answers must not lengthen the wait that the first one began.
    if (queue.notBefore <= Date.now()) queue.notBefore = Date.now() + queue.backoff.next();
    this.#metadata.invalidate(queue.topic);
    if (this.#failure !== null) this.#refuse(queue, delivery, asMillraceError(this.#failure));
    else if (delivery.deadline <= Date.now()) this.#refuse(queue, delivery, tooLate(queue, error));
    else this.#doom(queue.retry(delivery, delivery.inDoubt));
  }

  /**
   * A gap that follows from an earlier failure heals with the resend. Any other says that the broker has lost what it
   * knew of the producer id: a new one is safe as long as the batch cannot have been written.
   */
  #outOfOrder(queue: PartitionQueue, delivery: Delivery, error: MillraceError): void {
    const isExplained = queue.explainsGap(delivery);
    if (!isExplained) queue.abandonIdentity(error);
    if (isExplained || !(delivery.inDoubt || this.#session.transactionalId !== null)) {
      this.#doom(queue.retry(delivery, false));
    } else {
      this.#refuse(queue, delivery, error);
    }
  }

  #fenced(queue: PartitionQueue, delivery: Delivery, error: MillraceError): void {
    this.#refuse(queue, delivery, error);
    this.fail(error);
  }

  #refuse(queue: PartitionQueue, delivery: Delivery, error: MillraceError): void {
    this.#giveUp(delivery, error);
    this.#doom(queue.refuse(delivery, error));
  }

  #doom(doomed: Doomed | null): void {
    for (const delivery of doomed?.deliveries ?? []) this.#giveUp(delivery, doomed!.error);
  }

  #giveUp(delivery: Delivery, error: Error): void {
    this.#done(delivery);
    this.#session.failed(error);
    delivery.reject(error);
  }

  #done(delivery: Delivery): void {
    if (!this.#outstanding.delete(delivery)) return;
    this.#bytes -= delivery.batch.bytes.length;
    if (this.#waitingForRoom.length === 0 || this.#bytes >= this.#limits.bufferBytes) return;
    const waiting = this.#waitingForRoom;
    this.#waitingForRoom = [];
    for (const resolve of waiting) resolve();
  }

  #expire(now: number): void {
    for (const queue of this.#active) {
      if (queue.nextDeadline <= now) {
        const error = tooLate(queue);
        for (const delivery of queue.withdraw((each) => each.deadline <= now, error))
          this.#giveUp(delivery, error);
      }
      if (queue.nextDeadline < Number.POSITIVE_INFINITY) this.#pumpAt(queue.nextDeadline);
    }
  }
}

/** With acks 0. */
const NOT_TOLD = { error: Code.NONE, baseOffset: -1 };

const keyOf = ({ topic, partition }: { topic: string; partition: number }): string => `${topic}/${partition}`;

const tooLate = ({ topic, partition }: PartitionQueue, cause?: unknown): MillraceError =>
  unreachable(`Kafka did not take a batch for ${topic}-${partition} within the delivery time-out`, { cause });

const asMillraceError = (error: unknown): MillraceError =>
  error instanceof MillraceError
    ? error
    : new MillraceError('INTERNAL', 'A batch could not be sent', { cause: error });

function push<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const existing = map.get(key);
  if (existing === undefined) map.set(key, [value]);
  else existing.push(value);
}
