/** As whom a producer writes: as nobody, with an id for sequences, or in transactions (`transactions.ts`). */
import { MillraceError } from '../kernel';
import type { Coordinators } from './coordinator';
import { kafkaError } from './errors';
import type { Lane } from './lane';
import type { Delivery, PartitionQueue } from './partition-queue';
import type { ProducerFencing } from './port';
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

const newIdentity = (lane: Lane): Promise<ProducerIdentity> => askIdentity(lane, 'any', null, 0);

async function askIdentity(
  lane: Lane,
  node: number | 'any',
  transactionalId: string | null,
  timeoutMs: number,
): Promise<ProducerIdentity> {
  const request = initProducerIdRequest(transactionalId, timeoutMs);
  const { error, producerId, epoch } = await lane.send(node, request);
  const whose = transactionalId === null ? '' : ` for ${transactionalId}`;
  if (error !== 0) throw kafkaError(error, `give out a producer id${whose}`);
  return { producerId, epoch };
}

/** Of transactions that never begin. */
const UNUSED_TIMEOUT_MS = 60_000;
/** A fresh cluster makes its topic of transactions first. */
const FENCE_PATIENCE_MS = 10_000;

/**
 * The coordinator gives each producer of a transactional id the same producer id with a higher epoch. The batches are
 * plain idempotent ones, which brokers order by epoch just the same; no transaction is ever begun. An epoch cannot be
 * had back: when the sequences of a partition are lost, the producer is of no more use.
 */
export function fencedSession(
  fencingId: string,
  lane: Lane,
  coordinators: Coordinators,
  maxInFlight: number,
  host: SessionHost,
): ProducerSession & ProducerFencing {
  let identity: ProducerIdentity | null = null;
  const lost = () =>
    new MillraceError('KAFKA_FENCED', `The sequences of ${fencingId} are lost: take over again`);

  async function init(): Promise<void> {
    const attempt = (node: number) => askIdentity(lane, node, fencingId, UNUSED_TIMEOUT_MS);
    identity = await coordinators.retrying('transaction', fencingId, attempt, {
      timeoutMs: FENCE_PATIENCE_MS,
    });
  }

  function admits(queue: PartitionQueue): boolean {
    if (queue.identity === null && queue.abandoned === null) queue.adopt(identity!);
    if (queue.identity !== null) return true;
    host.fail(lost());
    return false;
  }

  const refusal = () =>
    identity === null ? new RangeError(`init() the fencing of ${fencingId} before sending.`) : null;

  return { transactionalId: null, maxInFlight, admits, refusal, failed() {}, init };
}
