/** The end of a transaction, written to everything that took part in it. */
import type { Broker } from '../broker';
import { Code, Refusal } from '../refusal';
import type { Transaction } from './transaction';

/**
 * Harmless when repeated. A partition that was deleted meanwhile needs no marker; one that refuses it keeps no other from its
 * own. @throws Refusal the first one
 */
export function writeMarkers(broker: Broker, transaction: Transaction): void {
  const { producerId, epoch } = transaction;
  const commit = transaction.state === 'PrepareCommit';
  const refusals: unknown[] = [];
  for (const [topic, partitions] of transaction.partitions) {
    for (const partition of partitions) {
      const found = broker.topics.partition(topic, partition);
      try {
        found?.log.appendMarker({ producerId, epoch, commit }, found.leaderEpoch);
      } catch (refusal) {
        refusals.push(refusal);
      }
    }
  }
  for (const group of transaction.groups) broker.groups.complete(group, producerId, commit);
  if (refusals.length > 0) throw refusals[0];
}

/** TxnOffsetCommit is refused with codes that clients of its version know. */
export const refusalOfOffsets = (code: number): Refusal =>
  new Refusal(code === Code.PRODUCER_FENCED ? Code.INVALID_PRODUCER_EPOCH : code);

/** Produce is refused with codes that clients of its version know. */
export function refusalOfWrite(code: number): Refusal {
  if (code !== Code.CONCURRENT_TRANSACTIONS) return refusalOfOffsets(code);
  return new Refusal(
    Code.NOT_ENOUGH_REPLICAS,
    'Unable to verify the partition has been added to the transaction. Underlying error: CONCURRENT_TRANSACTIONS',
  );
}
