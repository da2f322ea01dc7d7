/** What a member and its stand-in tell each other: a few bytes of shared memory, and a message when the member changes. */
import type { GroupIdentity, KafkaOptions } from './port';

/** Who is to be kept in the group. */
export interface Seat {
  readonly groupId: string;
  readonly identity: GroupIdentity;
  readonly sessionTimeoutMs: number;
  readonly heartbeatMs: number;
  /** For so long a member that does nothing itself is kept. */
  readonly patienceMs: number;
}

export interface StandInData {
  readonly options: KafkaOptions;
  readonly signs: SharedArrayBuffer;
}

/** Null: nobody. */
export type StandInMessage = Seat | null;

const OWN = 0;
const OTHER = 1;
const NS_PER_MS = 1e6;

/** Times of the clock that all threads of a process share: when the coordinator was last known to know the member. */
export class SignsOfLife {
  readonly #cells: BigInt64Array;

  constructor(readonly buffer: SharedArrayBuffer = new SharedArrayBuffer(16)) {
    this.#cells = new BigInt64Array(buffer);
  }

  /** By the member itself. */
  markOwn(): void {
    Atomics.store(this.#cells, OWN, process.hrtime.bigint());
  }

  /** By the stand-in, for a request that was sent then. */
  markOther(sentAt: bigint): void {
    Atomics.store(this.#cells, OTHER, sentAt);
  }

  /** ms since the member's own; since either of both. */
  get silentMs(): { readonly own: number; readonly both: number } {
    const now = process.hrtime.bigint();
    const own = msBetween(Atomics.load(this.#cells, OWN), now);
    return { own, both: Math.min(own, this.#otherMs(now)) };
  }

  /** `performance.now()` of the last one by the stand-in. */
  get otherAt(): number {
    return performance.now() - this.#otherMs(process.hrtime.bigint());
  }

  #otherMs(now: bigint): number {
    const at = Atomics.load(this.#cells, OTHER);
    return at === 0n ? Number.POSITIVE_INFINITY : msBetween(at, now);
  }
}

const msBetween = (from: bigint, to: bigint): number => Number(to - from) / NS_PER_MS;
