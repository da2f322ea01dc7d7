/** As whom a producer writes: as nobody, with an id for sequences, or in transactions (`transactions.ts`). */
import { kafkaError } from './errors';
import type { Lane } from './lane';
import type { Delivery, PartitionQueue } from './partition-queue';
import { retrying } from './retry';
import { initProducerIdRequest, type ProducerIdentity } from './wire/init-producer-id';

export interface ProducerSession {
  readonly transactionalId: string | null;
  /** Of one partition: more than one keeps the order only with sequences. */
  readonly maxInFlight: number;
  /** Whether the next batch of the partition may go now; if not, `wake` is called when it is worth asking again. */
  admits(queue: PartitionQueue): boolean;
  /** Why a new batch is refused at once; null when it is not. */
  refusal(): Error | null;
  /** A batch was given up. */
  failed(error: Error): void;
}

/** What a session asks of the accumulator. */
export interface SessionHost {
  wake(): void;
  /** Rejects all batches, those to come included. */
  fail(error: Error): void;
  /** Rejects those that wait and that `isOut` names. */
  withdraw(isOut: (delivery: Delivery, queue: PartitionQueue) => boolean, error: Error): void;
  flush(): Promise<void>;
  queues(): Iterable<PartitionQueue>;
}

/** @param maxInFlight with acks 0 nothing is ever sent again, so nothing can overtake */
export const anonymousSession = (maxInFlight: number): ProducerSession => ({
  transactionalId: null,
  maxInFlight,
  admits: () => true,
  refusal: () => null,
  failed() {},
});

/** Any broker gives ids. Partitions keep the one they have; when one cannot be used on, a new one is asked for. */
export function idempotentSession(lane: Lane, maxInFlight: number, host: SessionHost): ProducerSession {
  let current: ProducerIdentity | null = null;
  let asking = false;

  async function ask(): Promise<void> {
    asking = true;
    try {
      current = await retrying(() => newIdentity(lane));
      host.wake();
    } catch (error) {
      host.fail(error as Error);
    } finally {
      asking = false;
    }
  }

  function admits(queue: PartitionQueue): boolean {
    if (queue.identity !== null) return true;
    if (queue.isInFlight) return false;
    if (current !== null && current !== queue.abandoned) {
      queue.adopt(current);
      return true;
    }
    if (!asking) void ask();
    return false;
  }

  return { transactionalId: null, maxInFlight, admits, refusal: () => null, failed() {} };
}

async function newIdentity(lane: Lane): Promise<ProducerIdentity> {
  const { error, producerId, epoch } = await lane.send('any', initProducerIdRequest(null, 0));
  if (error !== 0) throw kafkaError(error, 'give out a producer id');
  return { producerId, epoch };
}
