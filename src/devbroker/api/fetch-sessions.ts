/**
 * Fetch sessions: what a client has asked for is remembered, it tells what changes and hears of what changes. Source: KIP-227,
 * `FetchSession` of Kafka.
 */
import { randomInt } from 'node:crypto';
import type { Call } from '../api';
import { Code } from '../refusal';
import type { Fetched, FetchPartition } from './fetch-partitions';

export interface SessionRequest {
  readonly sessionId: number;
  readonly sessionEpoch: number;
  readonly partitions: readonly FetchPartition[];
  readonly forgotten: readonly { readonly topic: string; readonly partition: number }[];
}

/** What one request reads, and what of it the client is told. */
export interface FetchContext {
  readonly partitions: readonly FetchPartition[];
  answer(fetched: readonly Fetched[]): {
    readonly sessionId: number;
    readonly partitions: readonly Fetched[];
  };
}

/** Epochs of requests that name all their partitions. */
const OPENING = 0;
const WITHOUT_SESSION = -1;
export const NO_SESSION = 0;

/** Kafka's max.incremental.fetch.session.cache.slots, and when a session may be thrown out for another one. */
const MOST_SESSIONS = 1000;
const STALE_MS = 120_000;
const LAST_EPOCH = 2 ** 31 - 1;

export class FetchSessions {
  /** The one that was not used for longest comes first. */
  readonly #sessions = new Map<number, Session>();

  /** Answers a code when there is no such session, or it is further on or back. */
  context(request: SessionRequest, call: Call): FetchContext | number {
    const { sessionId, sessionEpoch, partitions } = request;
    if (sessionEpoch !== OPENING && sessionEpoch !== WITHOUT_SESSION) return this.#continue(request, call);
    this.#sessions.delete(sessionId);
    return {
      partitions,
      answer: (fetched) => ({
        sessionId: sessionEpoch === OPENING ? this.#open(partitions, fetched, call) : NO_SESSION,
        partitions: fetched,
      }),
    };
  }

  #continue(request: SessionRequest, { broker, node }: Call): FetchContext | number {
    const session = this.#sessions.get(request.sessionId);
    if (session === undefined || session.nodeId !== node.id) return Code.FETCH_SESSION_ID_NOT_FOUND;
    if (session.epoch !== request.sessionEpoch) return Code.INVALID_FETCH_SESSION_EPOCH;
    session.change(request);
    this.#sessions.delete(session.id);
    if (session.isEmpty) return withoutSession(request.partitions);
    session.use(broker.clock.now());
    this.#sessions.set(session.id, session);
    return {
      partitions: session.partitions(),
      answer: (fetched) => ({ sessionId: session.id, partitions: session.news(fetched) }),
    };
  }

  #open(partitions: readonly FetchPartition[], fetched: readonly Fetched[], { broker, node }: Call): number {
    const now = broker.clock.now();
    if (this.#sessions.size >= MOST_SESSIONS) {
      const [oldest] = this.#sessions.values();
      if (now - oldest!.usedAt <= STALE_MS) return NO_SESSION;
      this.#sessions.delete(oldest!.id);
    }
    const session = new Session(this.#newId(), node.id, now, partitions);
    session.news(fetched);
    this.#sessions.set(session.id, session);
    return session.id;
  }

  #newId(): number {
    for (;;) {
      const id = randomInt(1, LAST_EPOCH);
      if (!this.#sessions.has(id)) return id;
    }
  }
}

const withoutSession = (partitions: readonly FetchPartition[]): FetchContext => ({
  partitions,
  answer: (fetched) => ({ sessionId: NO_SESSION, partitions: fetched }),
});

interface Followed {
  asked: FetchPartition;
  /** As the client was told; -1 when it was not, or of an error. */
  highWatermark: number;
  startOffset: number;
}

class Session {
  epoch = 1;
  /** In the order in which they are read. */
  readonly #followed = new Map<string, Followed>();

  constructor(
    readonly id: number,
    readonly nodeId: number,
    public usedAt: number,
    partitions: readonly FetchPartition[],
  ) {
    this.#ask(partitions);
  }

  get isEmpty(): boolean {
    return this.#followed.size === 0;
  }

  change({ partitions, forgotten }: SessionRequest): void {
    this.#ask(partitions);
    for (const each of forgotten) this.#followed.delete(keyOf(each));
  }

  use(now: number): void {
    this.usedAt = now;
    this.epoch = this.epoch === LAST_EPOCH ? 1 : this.epoch + 1;
  }

  partitions(): FetchPartition[] {
    return [...this.#followed.values()].map(({ asked }) => asked);
  }

  /** Those with records, an error or another begin or end. Who gave records goes to the end of the queue. */
  news(fetched: readonly Fetched[]): Fetched[] {
    return fetched.filter((each) => {
      const followed = this.#followed.get(keyOf(each));
      if (followed === undefined) return true;
      const isNews =
        each.sizeBytes > 0 ||
        each.error !== Code.NONE ||
        each.highWatermark !== followed.highWatermark ||
        each.startOffset !== followed.startOffset;
      followed.highWatermark = each.highWatermark;
      followed.startOffset = each.startOffset;
      if (each.sizeBytes > 0) this.#toTheEnd(each, followed);
      return isNews;
    });
  }

  #toTheEnd(partition: Fetched, followed: Followed): void {
    this.#followed.delete(keyOf(partition));
    this.#followed.set(keyOf(partition), followed);
  }

  #ask(partitions: readonly FetchPartition[]): void {
    for (const asked of partitions) {
      const followed = this.#followed.get(keyOf(asked));
      if (followed === undefined)
        this.#followed.set(keyOf(asked), { asked, highWatermark: -1, startOffset: -1 });
      else followed.asked = asked;
    }
  }
}

const keyOf = ({ topic, partition }: { readonly topic: string; readonly partition: number }): string =>
  `${topic} ${partition}`;
