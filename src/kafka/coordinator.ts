/** Which broker coordinates a group or a transactional id: asked once, kept until it proves wrong. */
import { isRetriable } from '../kernel';
import { Code, kafkaCodeOf, kafkaError } from './errors';
import type { BrokerDirectory, Lane } from './lane';
import { type RetryOptions, retrying } from './retry';
import { type CoordinatorKind, findCoordinatorRequest } from './wire/find-coordinator';

export interface Coordinators {
  /** Node id. Rejects with KAFKA_TRANSIENT while there is none (a fresh cluster, a broker going down). */
  find(kind: CoordinatorKind, key: string): Promise<number>;
  /** Call it after NOT_COORDINATOR, COORDINATOR_NOT_AVAILABLE and connection trouble. */
  invalidate(kind: CoordinatorKind, key: string): void;
  /** Finds the coordinator, runs `attempt` with its node id and repeats both as long as the error is retriable. */
  retrying<T>(
    kind: CoordinatorKind,
    key: string,
    attempt: (nodeId: number) => Promise<T>,
    options?: RetryOptions,
  ): Promise<T>;
}

export function createCoordinators(lane: Lane, directory: BrokerDirectory): Coordinators {
  const cache = new Map<string, Promise<number>>();
  const cacheKey = (kind: CoordinatorKind, key: string) => `${kind}:${key}`;

  async function ask(kind: CoordinatorKind, key: string): Promise<number> {
    const answer = await lane.send('any', findCoordinatorRequest(kind, key));
    if (answer.error !== Code.NONE) {
      throw kafkaError(answer.error, `find the coordinator of ${kind} ${key}`, answer.message);
    }
    directory.learn(answer.nodeId, answer.host, answer.port);
    return answer.nodeId;
  }

  /** Callers at the same time share one question; a failed one is not kept. */
  function find(kind: CoordinatorKind, key: string): Promise<number> {
    const at = cacheKey(kind, key);
    const known = cache.get(at);
    if (known !== undefined) return known;
    const asked = ask(kind, key);
    cache.set(at, asked);
    asked.catch(() => cache.get(at) === asked && cache.delete(at));
    return asked;
  }

  const invalidate = (kind: CoordinatorKind, key: string) => void cache.delete(cacheKey(kind, key));

  return {
    find,
    invalidate,
    retrying: (kind, key, attempt, options = {}) =>
      retrying(async () => attempt(await find(kind, key)), {
        ...options,
        onRetry(error) {
          if (mayHaveMoved(error)) invalidate(kind, key);
          options.onRetry?.(error);
        },
      }),
  };
}

/** Whether an error may mean that the coordinator is another broker by now. */
export function mayHaveMoved(error: unknown): boolean {
  const code = kafkaCodeOf(error);
  if (code === undefined) return isRetriable(error);
  return code === Code.NOT_COORDINATOR || code === Code.COORDINATOR_NOT_AVAILABLE;
}
