/**
 * The batches on their way to one partition: order, sequences, and what to do when some of those in flight fail.
 *
 * The broker takes batches of a producer id in the order of their sequences and recognises the last five it took. So
 * after a failure nothing is sent until all that is in flight is settled; then what failed goes again, in order. One
 * that is followed by a batch the broker has taken must have been taken too: it keeps its sequence and is told as a
 * duplicate. The others get sequences from the first that the broker has not taken.
 */
import type { MillraceError } from '../kernel';
import type { EncodedBatch, ProduceResult } from './port';
import { newBackoff } from './retry';
import type { ProducerIdentity } from './wire/init-producer-id';
import { stampBatch } from './wire/record-batch';

/** Batches of a producer id per partition that a broker keeps in mind. */
const RECOGNISED = 5;

export class Delivery {
  readonly promise: Promise<ProduceResult>;
  resolve!: (result: ProduceResult) => void;
  reject!: (error: Error) => void;
  sequence = -1;
  /** A later batch was taken: only with the same sequence it can be sent again. */
  keepsSequence = false;
  /** Times it was refused as damaged. */
  damages = 0;
  /** It was sent, and no answer says whether it was written. */
  inDoubt = false;

  constructor(
    readonly batch: EncodedBatch,
    /** Among the batches of its partition. */
    readonly order: number,
    /** Time after which it is not sent again, ms. */
    readonly deadline: number,
  ) {
    this.promise = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
  }
}

/** Batches that cannot be sent again because nobody knows whether they were written. */
export interface Doomed {
  readonly deliveries: readonly Delivery[];
  readonly error: MillraceError;
}

export class PartitionQueue {
  leader: number | null = null;
  lookingUp = false;
  /** Nothing is sent before this time, ms. */
  notBefore = 0;
  /** Set by AddPartitionsToTxn, unset when the transaction ends. */
  inTransaction = false;
  identity: ProducerIdentity | null = null;
  /** Must not be adopted again: what the broker has of it is not known. */
  abandoned: ProducerIdentity | null = null;
  readonly backoff = newBackoff();
  #waiting: Delivery[] = [];
  #inFlight: Delivery[] = [];
  #failed: Delivery[] = [];
  #order = 0;
  /** Sequence of the next batch to send. */
  #next = 0;
  /** Sequence after the last batch that the broker took. */
  #expected = 0;
  /** The last batch that the broker took of this identity. Before the first it takes any sequence, then it refuses gaps. */
  #lastTaken = -1;
  /** Sequences in flight count one that will not be written. */
  #hasHole = false;
  /** Why the identity cannot be used on. */
  #broken: MillraceError | null = null;

  constructor(
    readonly topic: string,
    readonly partition: number,
  ) {}

  get isEmpty(): boolean {
    return this.#waiting.length + this.#inFlight.length + this.#failed.length === 0;
  }

  /** Bytes of the batch that `take` would give. */
  get nextBytes(): number {
    return this.#waiting[0]!.batch.bytes.length;
  }

  /** Of the oldest batch that waits. */
  get nextDeadline(): number {
    return this.#waiting[0]?.deadline ?? Number.POSITIVE_INFINITY;
  }

  add(batch: EncodedBatch, deadline: number): Delivery {
    const delivery = new Delivery(batch, this.#order++, deadline);
    this.#waiting.push(delivery);
    return delivery;
  }

  /** @param maxInFlight 1 keeps the order also without sequences */
  mayTake(maxInFlight: number): boolean {
    if (this.#waiting.length === 0 || this.#failed.length > 0 || this.#hasHole) return false;
    const oldest = this.#inFlight[0];
    if (oldest === undefined) return true;
    // The oldest must stay among those that the broker recognises, however often it has to be sent.
    if (this.#waiting[0]!.order - oldest.order >= RECOGNISED) return false;
    const isProven = this.identity === null || this.#lastTaken >= 0;
    return isProven && this.#inFlight.length < maxInFlight;
  }

  get isInFlight(): boolean {
    return this.#inFlight.length > 0;
  }

  /** Sequences begin at 0. Nothing may be in flight. */
  adopt(identity: ProducerIdentity): void {
    this.identity = identity;
    this.#next = this.#expected = 0;
    this.#lastTaken = -1;
  }

  take(transactional: boolean): Delivery {
    const delivery = this.#waiting.shift()!;
    const { bytes, count } = delivery.batch;
    const { producerId, epoch } = this.identity ?? NOBODY;
    if (!delivery.keepsSequence) {
      delivery.sequence = this.identity === null ? -1 : this.#next;
      this.#next = advance(this.#next, count);
    }
    stampBatch(bytes, { producerId, epoch, sequence: delivery.sequence, transactional });
    this.#inFlight.push(delivery);
    return delivery;
  }

  /** Whether a gap in the sequences is our own doing: something before it failed or is not answered yet. */
  explainsGap(delivery: Delivery): boolean {
    return this.#hasHole || this.#failed.length > 0 || this.#inFlight[0] !== delivery;
  }

  succeed(delivery: Delivery): Doomed | null {
    if (delivery.order > this.#lastTaken) {
      this.#lastTaken = delivery.order;
      this.#expected = advance(delivery.sequence, delivery.batch.count);
    }
    this.backoff.reset();
    return this.#settle(delivery);
  }

  retry(delivery: Delivery, inDoubt: boolean): Doomed | null {
    if (inDoubt) delivery.inDoubt = true;
    this.#failed.push(delivery);
    return this.#settle(delivery);
  }

  /** It will not be sent again. When it may have been written nevertheless, the sequences end here. */
  refuse(delivery: Delivery, error: MillraceError): Doomed | null {
    this.#hasHole = true;
    if (delivery.inDoubt) this.#broken = error;
    return this.#settle(delivery);
  }

  /** The broker lost track of the identity: the next batches get another one. */
  abandonIdentity(error: MillraceError): void {
    this.#broken = error;
  }

  #settle(delivery: Delivery): Doomed | null {
    this.#inFlight = this.#inFlight.filter((each) => each !== delivery);
    const hasTrouble = this.#hasHole || this.#failed.length > 0;
    return this.#inFlight.length === 0 && hasTrouble ? this.#recover() : null;
  }

  #recover(): Doomed | null {
    const failed = this.#failed.sort((a, b) => a.order - b.order);
    const error = this.#broken;
    this.#failed = [];
    this.#hasHole = false;
    this.#broken = null;
    this.#next = this.#expected;
    for (const each of failed) each.keepsSequence = error === null && each.order < this.#lastTaken;
    if (error === null) {
      this.#waiting.unshift(...failed);
      return null;
    }
    this.abandoned = this.identity;
    this.identity = null;
    this.#waiting.unshift(...failed.filter((each) => !each.inDoubt));
    return { deliveries: failed.filter((each) => each.inDoubt), error };
  }

  /** Takes batches that wait out of the queue: those that `isOut` names, and those that cannot be sent without them. */
  withdraw(isOut: (delivery: Delivery) => boolean, error: MillraceError): Delivery[] {
    const out = this.#waiting.filter(isOut);
    this.#waiting = this.#waiting.filter((each) => !isOut(each));
    if (!out.some(({ inDoubt }) => inDoubt)) return out;
    // The next batch must not get a sequence that may be taken: the broker would drop it as a duplicate.
    this.#hasHole = true;
    this.#broken = error;
    const doomed = this.#waiting.filter(({ inDoubt }) => inDoubt);
    this.#waiting = this.#waiting.filter(({ inDoubt }) => !inDoubt);
    if (this.#inFlight.length === 0) this.#recover();
    return [...out, ...doomed];
  }
}

const NOBODY: ProducerIdentity = { producerId: -1, epoch: -1 };

/** Sequences are 31 bits and begin again at 0. */
export const advance = (sequence: number, count: number): number => (sequence + count) % 2 ** 31;
