/**
 * Keeps a member in its group while the event loop of the process is held up: another thread, with a connection of its
 * own, sends heartbeats when the member has sent none for two intervals. Not for ever: whoever does nothing for the
 * rebalance timeout is of no use to the group (Kafka's own consumers have `max.poll.interval.ms` for that).
 */
import path from 'node:path';
import { Worker } from 'node:worker_threads';
import type { Logger } from '../kernel';
import type { KafkaOptions } from './port';
import { type Seat, SignsOfLife, type StandInData, type StandInMessage } from './stand-in-seat';

export interface StandIn {
  /** Null: nobody is to be kept. */
  seat(seat: Seat | null): void;
  /** The member has heard of its coordinator by itself. */
  alive(): void;
  /** `performance.now()` when the coordinator last heard of the member by the stand-in; -Infinity: never. */
  readonly provenAt: number;
  close(): Promise<void>;
}

/** Without threads, or with options that cannot be handed to one, there is nobody; the log says so. */
export function createStandIn(
  options: KafkaOptions,
  logger: Logger,
  entry = path.join(__dirname, 'stand-in-thread.js'),
): StandIn {
  const signs = new SignsOfLife();
  const workerData: StandInData = { options, signs: signs.buffer };
  let thread: Worker | null = null;
  const fail = (err: unknown): void => {
    thread = null;
    logger.warn(
      { err },
      'No thread stands in for heartbeats: a task that blocks the process may cost it its group',
    );
  };
  try {
    // Little memory: it holds one connection.
    thread = new Worker(entry, {
      workerData,
      resourceLimits: { maxOldGenerationSizeMb: 32, maxYoungGenerationSizeMb: 4 },
    });
    thread.once('error', fail);
    thread.unref();
  } catch (error) {
    fail(error);
  }
  return {
    seat: (seat) => thread?.postMessage(seat satisfies StandInMessage),
    alive: () => signs.markOwn(),
    get provenAt() {
      return signs.otherAt;
    },
    close: async () => {
      await thread?.terminate();
      thread = null;
    },
  };
}
