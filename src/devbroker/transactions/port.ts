/** Producer ids and transactions, as the rest of the broker sees them. */
export interface Transactions {
  /**
   * Whether this producer may write to the partition in its transaction now.
   * @throws Refusal as Kafka 4.1 answers a Produce v7: INVALID_TXN_STATE, INVALID_PRODUCER_ID_MAPPING, INVALID_PRODUCER_EPOCH
   */
  verify(transactionalId: string, producerId: number, epoch: number, topic: string, partition: number): void;
  close(): void;
}
