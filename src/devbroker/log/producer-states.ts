/** What producers wrote last: duplicates, gaps, fenced epochs and open transactions. As Kafka's `ProducerAppendInfo`. */
import { Code, Refusal } from '../refusal';
import * as batchOf from './batch';
import type { ProducerEntry } from './port';

/** So many batches of a producer are recognised when they come again. */
const REMEMBERED_BATCHES = 5;
const MAX_SEQUENCE = 2 ** 31 - 1;

interface RememberedBatch {
  readonly firstSequence: number;
  readonly lastSequence: number;
  readonly firstOffset: number;
  readonly lastOffset: number;
  readonly maxTimestamp: number;
}

class ProducerState implements ProducerEntry {
  /** Oldest first; all of this epoch. */
  readonly batches: RememberedBatch[] = [];
  openSince: number | null = null;
  /** Broker time of the last append. */
  seenMs = 0;

  constructor(
    readonly producerId: number,
    public epoch: number,
  ) {}

  get lastSequence(): number {
    return this.batches.at(-1)?.lastSequence ?? -1;
  }

  get lastDataOffset(): number | null {
    return this.batches.at(-1)?.lastOffset ?? null;
  }
}

/** A transaction that is asked about before its first batch is taken, or was and found not to be open. */
interface Verification {
  readonly epoch: number;
  readonly lowestSequence: number;
  readonly sinceMs: number;
}

export interface EndedTransaction {
  readonly producerId: number;
  readonly firstOffset: number;
}

export class ProducerStates {
  readonly #states = new Map<number, ProducerState>();
  /** First offsets by producer id. Transactions begin in the order of their offsets, so the first is the oldest. */
  readonly #open = new Map<number, number>();
  readonly #verifications = new Map<number, Verification>();

  get(producerId: number): ProducerState | undefined {
    return this.#states.get(producerId);
  }

  /** First offset of the oldest open transaction; null without one. */
  get oldestOpen(): number | null {
    for (const offset of this.#open.values()) return offset;
    return null;
  }

  /** The batch as it was appended before; undefined when it was not, or too long ago. */
  duplicate(batch: Buffer): RememberedBatch | undefined {
    const state = this.#states.get(batchOf.producerIdOf(batch));
    if (state === undefined || state.epoch !== batchOf.producerEpochOf(batch)) return undefined;
    const first = batchOf.baseSequenceOf(batch);
    const last = batchOf.lastSequenceOf(batch);
    return state.batches.find(
      ({ firstSequence, lastSequence }) => firstSequence === first && lastSequence === last,
    );
  }

  /**
   * Whether the coordinator is to be asked about the transaction of this batch. Remembers the lowest sequence that came:
   * a later one must not be taken before it. Source: `UnifiedLog.maybeStartTransactionVerification`, `VerificationStateEntry`.
   * @throws Refusal INVALID_PRODUCER_EPOCH
   */
  mustVerify(batch: Buffer, now: number): boolean {
    const [producerId, epoch] = [batchOf.producerIdOf(batch), batchOf.producerEpochOf(batch)];
    const state = this.#states.get(producerId);
    if (state !== undefined) {
      this.#checkEpoch(state, epoch);
      if (state.openSince !== null && state.epoch === epoch) return false;
    }
    const begun = this.#verifications.get(producerId);
    const sequence = batchOf.baseSequenceOf(batch);
    const isLower = begun === undefined || (begun.epoch === epoch && sequence < begun.lowestSequence);
    if (isLower || epoch > begun.epoch)
      this.#verifications.set(producerId, {
        epoch,
        lowestSequence: sequence,
        sinceMs: begun?.sinceMs ?? now,
      });
    return true;
  }

  /** @throws Refusal INVALID_PRODUCER_EPOCH, OUT_OF_ORDER_SEQUENCE_NUMBER, INVALID_TXN_STATE */
  check(batch: Buffer): void {
    const producerId = batchOf.producerIdOf(batch);
    const state = this.#states.get(producerId);
    const epoch = batchOf.producerEpochOf(batch);
    if (state !== undefined) this.#checkEpoch(state, epoch);
    const sequence = batchOf.baseSequenceOf(batch);
    const awaited = this.#verifications.get(producerId);
    if (awaited !== undefined && sequence > awaited.lowestSequence) {
      throw new Refusal(
        Code.OUT_OF_ORDER_SEQUENCE_NUMBER,
        `Out of order sequence number for producer ${producerId}: ${sequence}, ${awaited.lowestSequence} came before`,
      );
    }
    if (state === undefined) return;
    // Kafka takes any sequence from producers that never had an epoch.
    const isNext =
      state.epoch === -1 || (epoch === state.epoch ? follows(state.lastSequence, sequence) : sequence === 0);
    if (!isNext) {
      throw new Refusal(
        Code.OUT_OF_ORDER_SEQUENCE_NUMBER,
        `Out of order sequence number for producer ${state.producerId}: ${sequence}, last was ${state.lastSequence}`,
      );
    }
    if (state.openSince !== null && !batchOf.isTransactional(batch))
      throw new Refusal(Code.INVALID_TXN_STATE);
  }

  /** @throws Refusal INVALID_PRODUCER_EPOCH */
  checkMarker(producerId: number, epoch: number): void {
    const state = this.#states.get(producerId);
    if (state !== undefined) this.#checkEpoch(state, epoch);
  }

  #checkEpoch({ producerId, epoch: last }: ProducerState, epoch: number): void {
    if (epoch >= last) return;
    throw new Refusal(
      Code.INVALID_PRODUCER_EPOCH,
      `Epoch of producer ${producerId} is ${epoch}, which is smaller than the last seen epoch ${last}`,
    );
  }

  /** Takes in a batch that was appended at this offset. Answers the transaction that it ends. */
  note(batch: Buffer, baseOffset: number, now: number): EndedTransaction | null {
    const producerId = batchOf.producerIdOf(batch);
    if (producerId < 0) return null;
    if (batchOf.isTransactional(batch)) this.#verifications.delete(producerId);
    if (batchOf.isControl(batch)) return this.#noteMarker(batch, producerId, now);
    const state = this.#seen(producerId, batchOf.producerEpochOf(batch), now);
    state.batches.push({
      firstSequence: batchOf.baseSequenceOf(batch),
      lastSequence: batchOf.lastSequenceOf(batch),
      firstOffset: baseOffset,
      lastOffset: baseOffset + batchOf.lastDeltaOf(batch),
      maxTimestamp: batchOf.maxTimestampOf(batch),
    });
    if (state.batches.length > REMEMBERED_BATCHES) state.batches.shift();
    if (batchOf.isTransactional(batch) && state.openSince === null) {
      state.openSince = baseOffset;
      this.#open.set(producerId, baseOffset);
    }
    return null;
  }

  #noteMarker(batch: Buffer, producerId: number, now: number): EndedTransaction | null {
    // Emptied by compaction: the whole transaction is gone.
    if (batchOf.markerTypeOf(batch) === null) return null;
    const state = this.#seen(producerId, batchOf.producerEpochOf(batch), now);
    const firstOffset = state.openSince;
    state.openSince = null;
    this.#open.delete(producerId);
    return firstOffset === null ? null : { producerId, firstOffset };
  }

  #seen(producerId: number, epoch: number, now: number): ProducerState {
    let state = this.#states.get(producerId);
    if (state === undefined) this.#states.set(producerId, (state = new ProducerState(producerId, epoch)));
    if (state.epoch !== epoch) {
      state.epoch = epoch;
      state.batches.length = 0;
    }
    state.seenMs = now;
    return state;
  }

  /** Forgets who has not written since then; never with an open transaction. */
  expire(beforeMs: number): void {
    for (const [producerId, { seenMs, openSince }] of this.#states) {
      if (openSince === null && seenMs <= beforeMs) this.#states.delete(producerId);
    }
    for (const [producerId, { sinceMs }] of this.#verifications) {
      if (sinceMs <= beforeMs) this.#verifications.delete(producerId);
    }
  }
}

const follows = (last: number, next: number): boolean => next === (last === MAX_SEQUENCE ? 0 : last + 1);
