/** Takes finished batches; see `accumulator.ts` for how they are sent, `partition-queue.ts` for their order. */
import { Accumulator } from './accumulator';
import type { Coordinators } from './coordinator';
import type { Lane, LaneFactory } from './lane';
import type { Metadata } from './metadata';
import type { BatchProducer, ProducerFencing, ProducerOptions } from './port';
import { anonymousSession, fencedSession, idempotentSession } from './producer-session';
import { sleep } from './retry';
import { Transactions } from './transactions';

export interface ProducerDependencies {
  readonly openLane: LaneFactory;
  readonly metadata: Metadata;
  readonly coordinators: Coordinators;
}

const MAX_REQUEST_BYTES = 2 * 1024 * 1024;
const BUFFER_BYTES = 16 * 1024 * 1024;
const MAX_IN_FLIGHT = 3;
const TRANSACTION_TIMEOUT_MS = 60_000;
/** `close` waits so long for acknowledgements. */
const CLOSE_MS = 5_000;

/** Idempotent unless asked otherwise or `acks` forbids it. */
export function createProducer(
  dependencies: ProducerDependencies,
  options: ProducerOptions = {},
): BatchProducer {
  const { acks = -1, transactionalId, fencingId, maxInFlight = MAX_IN_FLIGHT } = options;
  const idempotent = options.idempotent ?? acks === -1;
  const hasId = transactionalId !== undefined || fencingId !== undefined;
  if ((idempotent || hasId) && acks !== -1) {
    throw new RangeError('An idempotent or transactional producer needs acks -1.');
  }
  const lane = dependencies.openLane('produce');
  const accumulator = new Accumulator(lane, dependencies.metadata, {
    acks,
    maxInFlight,
    maxRequestBytes: options.maxRequestBytes ?? MAX_REQUEST_BYTES,
    bufferBytes: options.bufferBytes ?? BUFFER_BYTES,
    deliveryTimeoutMs: options.deliveryTimeoutMs ?? Number.POSITIVE_INFINITY,
  });
  if (fencingId !== undefined) {
    const fencingLane = dependencies.openLane('fencing');
    const { coordinators } = dependencies;
    const fencing = fencedSession(fencingId, fencingLane, coordinators, maxInFlight, accumulator);
    accumulator.use(fencing);
    return face(accumulator, [lane, fencingLane], null, fencing);
  }
  if (transactionalId === undefined) {
    // Without sequences a second batch of a partition in flight might overtake the first, unless nothing is resent.
    const anonymous = anonymousSession(acks === 0 ? maxInFlight : 1);
    accumulator.use(idempotent ? idempotentSession(lane, maxInFlight, accumulator) : anonymous);
    return face(accumulator, [lane], null);
  }
  const transactionLane = dependencies.openLane('transactions');
  const timeoutMs = options.transactionTimeoutMs ?? TRANSACTION_TIMEOUT_MS;
  const transactions = new Transactions(
    { transactionalId, timeoutMs, maxInFlight },
    transactionLane,
    dependencies.coordinators,
    accumulator,
  );
  accumulator.use(transactions);
  return face(accumulator, [lane, transactionLane], transactions);
}

function face(
  accumulator: Accumulator,
  lanes: readonly Lane[],
  transaction: Transactions | null,
  fencing: ProducerFencing | null = null,
): BatchProducer {
  return {
    transaction,
    fencing,
    send: (topic, partition, batch) => accumulator.send(topic, partition, batch),
    ready: () => accumulator.ready(),
    flush: () => accumulator.flush(),
    async close() {
      const late = new AbortController();
      await Promise.race([accumulator.flush(), sleep(CLOSE_MS, late.signal)]);
      late.abort();
      accumulator.stop();
      await Promise.all(lanes.map((lane) => lane.close()));
    },
  };
}
