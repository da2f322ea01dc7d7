/** Waiting for the worker with an end to it, and sending on what another worker must answer (connect.md §1.1). */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { HttpError } from '../http';
import { type Herder, OtherWorkerError, type Stage } from '../worker';
import type { Forwarder } from './forwarder';

export interface Timeouts {
  /** 90 s on a JVM worker. */
  readonly requestMs: number;
  /** 10 s on a JVM worker. */
  readonly healthMs: number;
}

export const DEFAULT_TIMEOUTS: Timeouts = { requestMs: 90_000, healthMs: 10_000 };

export class TimedOut extends Error {}

/** Rejects with TimedOut when the work takes longer. The work goes on, and its failure is nobody's then. */
export async function within<T>(timeoutMs: number, work: Promise<T>): Promise<T> {
  work.catch(() => undefined);
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new TimedOut()), timeoutMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** What the worker is stuck in, or did last: so that a plug-in that hangs is seen from outside. */
export function summarize({ description, startedAt, completedAt }: Stage): string {
  const began = `${description}, which began at ${instant(startedAt)}`;
  return completedAt === null
    ? `The worker is currently ${began}.`
    : `The last operation the worker completed was ${began} and completed at ${instant(completedAt)}.`;
}

/** As Java writes it: without fractions that are zero. */
const instant = (ms: number): string => new Date(ms).toISOString().replace('.000Z', 'Z');

export class Requests {
  constructor(
    readonly herder: Herder,
    readonly timeouts: Timeouts,
    readonly forwarder: Forwarder,
  ) {}

  async complete<T>(work: Promise<T>): Promise<T> {
    try {
      return await within(this.timeouts.requestMs, work);
    } catch (error) {
      if (!(error instanceof TimedOut)) throw error;
      const stage = this.herder.stage();
      throw new HttpError(
        500,
        stage === null ? 'Request timed out' : `Request timed out. ${summarize(stage)}`,
      );
    }
  }

  /** `answer` gets what this worker did. Two hops are enough to find who must do it, else a rebalance is under way. */
  async completeOrForward<T>(
    request: FastifyRequest,
    reply: FastifyReply,
    work: Promise<T>,
    answer: (result: T) => FastifyReply,
  ): Promise<FastifyReply> {
    let result: T;
    try {
      result = await this.complete(work);
    } catch (error) {
      if (!(error instanceof OtherWorkerError)) throw error;
      const hop = forwardFlag(request);
      if (hop === false) throw new HttpError(409, CONFLICT);
      if (error.url === null) throw error;
      return this.forwarder.forward(request, reply, error.url, hop === null);
    }
    return answer(result);
  }
}

const CONFLICT = 'Cannot complete request because of a conflicting operation (e.g. worker rebalance)';

/** Null when a client asks; else whether the worker that is asked may ask another one. */
function forwardFlag({ query }: FastifyRequest): boolean | null {
  const flag = queryValue(query, 'forward');
  return flag === null ? null : flag.toLowerCase() === 'true';
}

/** The first value of a parameter; null without any. */
export function queryValue(query: unknown, name: string): string | null {
  const given = (query as Readonly<Record<string, string | readonly string[] | undefined>>)[name];
  const first = typeof given === 'object' ? given[0] : given;
  return first ?? null;
}

/** As Java reads a Boolean: whatever is not `true` is false. */
export const queryFlag = (query: unknown, name: string): boolean =>
  queryValue(query, name)?.toLowerCase() === 'true';
