/**
 * Transactions of one transactional id. Protocol order: InitProducerId; per transaction AddPartitionsToTxn before the
 * first batch of each partition, AddOffsetsToTxn before TxnOffsetCommit, EndTxn when all batches are acknowledged.
 * The coordinator finishes a transaction after it has answered EndTxn and answers CONCURRENT_TRANSACTIONS until then.
 */
import { MillraceError, type Position } from '../kernel';
import type { Coordinators } from './coordinator';
import { Code, kafkaError } from './errors';
import type { ApiRequest, Lane } from './lane';
import type { PartitionQueue } from './partition-queue';
import type { ProducerTransactions } from './port';
import type { ProducerSession, SessionHost } from './producer-session';
import { sleep } from './retry';
import { addOffsetsToTxnRequest } from './wire/add-offsets-to-txn';
import { addPartitionsToTxnRequest } from './wire/add-partitions-to-txn';
import { endTxnRequest, type Transaction } from './wire/end-txn';
import { initProducerIdRequest } from './wire/init-producer-id';
import { txnOffsetCommitRequest } from './wire/txn-offset-commit';

export interface TransactionOptions {
  readonly transactionalId: string;
  readonly timeoutMs: number;
  readonly maxInFlight: number;
}

/** Short: the end of the last transaction takes the coordinator some milliseconds. */
const POLL_MS = 3;
/** How long a call waits for a coordinator that is not there or busy. */
const PATIENCE_MS = 60_000;

type State = 'new' | 'ready' | 'open' | 'ending';

export class Transactions implements ProducerSession, ProducerTransactions {
  readonly transactionalId: string;
  readonly maxInFlight: number;
  readonly #timeoutMs: number;
  readonly #lane: Lane;
  readonly #coordinators: Coordinators;
  readonly #host: SessionHost;
  #state: State = 'new';
  #identity: Transaction | null = null;
  /** The coordinator knows of this transaction, so it must be ended. */
  #begun = false;
  /** Why this transaction can only be aborted. */
  #failure: Error | null = null;
  readonly #joining = new Set<PartitionQueue>();
  /** AddPartitionsToTxn under way. It must not reach the coordinator after EndTxn: it would begin another transaction. */
  #adding: Promise<void> | null = null;

  constructor(options: TransactionOptions, lane: Lane, coordinators: Coordinators, host: SessionHost) {
    this.transactionalId = options.transactionalId;
    this.maxInFlight = options.maxInFlight;
    this.#timeoutMs = options.timeoutMs;
    this.#lane = lane;
    this.#coordinators = coordinators;
    this.#host = host;
  }

  async init(): Promise<void> {
    this.#state = 'new';
    this.#host.withdraw(() => true, this.#aborted());
    await this.#settled();
    const request = initProducerIdRequest(this.transactionalId, this.#timeoutMs);
    const { producerId, epoch } = await this.#call(request, errorOf, 'start');
    this.#identity = { transactionalId: this.transactionalId, producerId, epoch };
    this.#reset();
  }

  begin(): void {
    this.#require('ready', 'begin');
    this.#state = 'open';
  }

  async sendOffsets(groupId: string, positions: readonly Position[]): Promise<void> {
    const identity = this.#require('open', 'send offsets in');
    if (positions.length === 0) return;
    this.#begun = true;
    try {
      await this.#call(addOffsetsToTxnRequest(identity, groupId), errorOf, 'add offsets to');
      const request = txnOffsetCommitRequest(identity, groupId, positions);
      await this.#callCoordinator('group', groupId, request, firstError, 'commit offsets in');
    } catch (error) {
      this.failed(error as Error);
      throw error;
    }
  }

  async commit(): Promise<void> {
    this.#require('open', 'commit');
    this.#state = 'ending';
    await this.#host.flush();
    if (this.#failure !== null) {
      this.#state = 'open';
      throw this.#failure;
    }
    await this.#end(true);
  }

  async abort(): Promise<void> {
    this.#require('open', 'abort');
    this.#state = 'ending';
    // What is in doubt is sent again: only an answer to it tells with which sequence to go on.
    this.#host.withdraw((delivery) => !delivery.inDoubt, this.#aborted());
    await this.#settled();
    await this.#end(false);
  }

  async #settled(): Promise<void> {
    await this.#host.flush();
    await this.#adding;
  }

  async #end(commit: boolean): Promise<void> {
    if (this.#begun) {
      await this.#call(endTxnRequest(this.#identity!, commit), errorOf, commit ? 'commit' : 'abort');
    }
    this.#reset();
  }

  /** A partition whose sequences are lost needs another epoch: only `init` gives one, and only it may fence others. */
  #reset(): void {
    let isBroken = false;
    for (const queue of this.#host.queues()) {
      queue.inTransaction = false;
      if (queue.abandoned !== null && queue.abandoned === this.#identity) isBroken = true;
    }
    this.#begun = false;
    this.#failure = null;
    this.#state = isBroken ? 'new' : 'ready';
  }

  refusal(): Error | null {
    return this.#state === 'open' ? null : this.#wrongState('send in');
  }

  failed(error: Error): void {
    this.#failure ??= error;
  }

  admits(queue: PartitionQueue): boolean {
    const identity = this.#identity;
    if (identity === null || queue.abandoned === identity) {
      this.#host.withdraw((_, each) => each === queue, this.#failure ?? this.#aborted());
      return false;
    }
    if (queue.identity !== identity) {
      if (queue.isInFlight) return false;
      queue.adopt(identity);
    }
    if (queue.inTransaction) return true;
    this.#joining.add(queue);
    this.#adding ??= this.#addPartitions(identity);
    return false;
  }

  /** One request for all partitions that ask in the same turn. */
  async #addPartitions(identity: Transaction): Promise<void> {
    await Promise.resolve();
    const queues = [...this.#joining];
    this.#joining.clear();
    this.#begun = true;
    try {
      await this.#call(addPartitionsToTxnRequest(identity, queues), firstError, 'add partitions to');
      for (const queue of queues) queue.inTransaction = true;
    } catch (error) {
      this.#host.withdraw((_, queue) => queues.includes(queue), error as Error);
    }
    this.#adding = null;
    this.#host.wake();
  }

  #call<T>(request: ApiRequest<T>, codeOf: (answer: T) => number, verb: string): Promise<T> {
    return this.#callCoordinator('transaction', this.transactionalId, request, codeOf, verb);
  }

  async #callCoordinator<T>(
    kind: 'transaction' | 'group',
    key: string,
    request: ApiRequest<T>,
    codeOf: (answer: T) => number,
    verb: string,
  ): Promise<T> {
    const deadline = Date.now() + PATIENCE_MS;
    const attempt = async (node: number) => {
      for (;;) {
        const answer = await this.#lane.send(node, request);
        const code = codeOf(answer);
        if (code === Code.NONE) return answer;
        const isBusy = code === Code.CONCURRENT_TRANSACTIONS && Date.now() < deadline;
        if (!isBusy) throw kafkaError(code, `${verb} a transaction of ${this.transactionalId}`);
        await sleep(POLL_MS);
      }
    };
    try {
      return await this.#coordinators.retrying(kind, key, attempt, { timeoutMs: PATIENCE_MS });
    } catch (error) {
      if (error instanceof MillraceError && error.code === 'KAFKA_FENCED') this.#host.fail(error);
      throw error;
    }
  }

  #require(state: State, verb: string): Transaction {
    if (this.#state !== state || this.#identity === null) throw this.#wrongState(verb);
    return this.#identity;
  }

  #wrongState(verb: string): Error {
    const hint = this.#state === 'new' || this.#state === 'ending' ? ': init() it first' : '';
    return new RangeError(
      `Cannot ${verb} a transaction of ${this.transactionalId} that is ${this.#state}${hint}.`,
    );
  }

  #aborted(): MillraceError {
    return new MillraceError('KAFKA_REFUSED', `The transaction of ${this.transactionalId} was aborted`);
  }
}

const errorOf = ({ error }: { readonly error: number }): number => error;

/** That of the partition to blame: the others were not tried because of it. */
function firstError({ partitions }: { readonly partitions: readonly { readonly error: number }[] }): number {
  const errors = partitions.map(errorOf).filter((error) => error !== Code.NONE);
  return errors.find((error) => error !== Code.OPERATION_NOT_ATTEMPTED) ?? errors[0] ?? Code.NONE;
}
