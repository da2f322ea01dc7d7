/** Producer ids and transactions, as the rest of the broker sees them. */
import type { Asked } from '../faults/faults';
import type { State } from './state';

export interface ProducerIdentity {
  readonly producerId: number;
  readonly epoch: number;
}

/** What every request of a transaction says of its sender. */
export interface TransactionalProducer extends ProducerIdentity {
  readonly transactionalId: string;
}

export interface TransactionSummary extends TransactionalProducer {
  readonly state: State;
  readonly partitions: readonly { readonly topic: string; readonly partition: number }[];
  readonly groups: readonly string[];
}

/** Fenced producers are refused with PRODUCER_FENCED; requests whose version is older than that code say 47 instead. */
export interface Transactions {
  /**
   * A new producer id; with a transactional id the one it has, in a new epoch that shuts earlier producers out. What they
   * left open is aborted first.
   * @throws Refusal CONCURRENT_TRANSACTIONS until that is done, INVALID_REQUEST, INVALID_TRANSACTION_TIMEOUT
   */
  init(transactionalId: string | null, timeoutMs: number, asked: Asked): ProducerIdentity;
  /** @throws Refusal INVALID_REQUEST, INVALID_PRODUCER_ID_MAPPING, PRODUCER_FENCED, CONCURRENT_TRANSACTIONS */
  addPartitions(producer: TransactionalProducer, partitions: readonly TopicPartition[]): void;
  /** @throws Refusal as `addPartitions` */
  addGroup(producer: TransactionalProducer, groupId: string): void;
  /** Durable when it returns; the markers follow. @throws Refusal as `addPartitions`, INVALID_TXN_STATE */
  end(producer: TransactionalProducer, commit: boolean, asked: Asked): void;
  /**
   * Whether this producer may write to the partition in its transaction now.
   * @throws Refusal as Kafka 4.1 answers a Produce v7: INVALID_TXN_STATE (not added), INVALID_PRODUCER_ID_MAPPING,
   *   INVALID_PRODUCER_EPOCH, NOT_ENOUGH_REPLICAS (the transaction before it is being completed: try again)
   */
  verify(transactionalId: string, producerId: number, epoch: number, topic: string, partition: number): void;
  /** Likewise for offsets of a group. @throws Refusal as a TxnOffsetCommit is answered */
  verifyGroup(producer: TransactionalProducer, groupId: string): void;
  list(): TransactionSummary[];
  close(): void;
}

export interface TopicPartition {
  readonly topic: string;
  readonly partition: number;
}
