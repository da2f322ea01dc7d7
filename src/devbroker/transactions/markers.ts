/** The end of a transaction, written to everything that took part in it. */
import type { Broker } from '../broker';
import { Code, Refusal } from '../refusal';
import type { Transaction } from './transaction';

/** Harmless when repeated. A partition that was deleted meanwhile needs no marker. */
export function writeMarkers(broker: Broker, transaction: Transaction): void {
  const { producerId, epoch } = transaction;
  const commit = transaction.state === 'PrepareCommit';
  for (const [topic, partitions] of transaction.partitions) {
    for (const partition of partitions) {
      const found = broker.topics.partition(topic, partition);
      found?.log.appendMarker({ producerId, epoch, commit }, found.leaderEpoch);
    }
  }
  for (const group of transaction.groups) broker.groups.complete(group, producerId, commit);
}

/** Produce is refused with codes that clients of its version know. */
export function refusalOfWrite(code: number): Refusal {
  if (code === Code.PRODUCER_FENCED) return new Refusal(Code.INVALID_PRODUCER_EPOCH);
  if (code !== Code.CONCURRENT_TRANSACTIONS) return new Refusal(code);
  return new Refusal(
    Code.NOT_ENOUGH_REPLICAS,
    'Unable to verify the partition has been added to the transaction. Underlying error: CONCURRENT_TRANSACTIONS',
  );
}
