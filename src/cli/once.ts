/** Waits for the end of a run that has one. */
import { MillraceError } from '../kernel';
import type { StandaloneWorker } from '../worker';

const CHECK_MS = 250;

/**
 * Resolves when all is through, rejects with the first failure. A service that is away for longer than `patienceMs`
 * while nothing moves ends it with KAFKA_UNREACHABLE or TIMEOUT, naming what was waited for.
 */
export async function untilEnded(
  worker: StandaloneWorker,
  patienceMs: number,
  interrupted: AbortSignal,
): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const gaveUp = new Promise<never>((_resolve, reject) => {
    let since = Date.now();
    let moved = -1;
    timer = setInterval(() => {
      const problems = worker.problems();
      const records = worker.connectors().reduce((sum, name) => sum + worker.progress(name).records, 0);
      if (problems.length === 0 || records !== moved) since = Date.now();
      moved = records;
      if (Date.now() - since > patienceMs) reject(outOfPatience(problems, patienceMs));
    }, CHECK_MS);
  });
  const aborted = new Promise<void>((resolve) =>
    interrupted.addEventListener('abort', () => resolve(), { once: true }),
  );
  try {
    await Promise.race([worker.ended(), gaveUp, aborted]);
  } finally {
    clearInterval(timer);
  }
}

const outOfPatience = (problems: readonly string[], patienceMs: number): MillraceError =>
  new MillraceError('TIMEOUT', `waited ${Math.round(patienceMs / 1000)} s in vain: ${problems.join('; ')}`, {
    hint: 'Start the service, or give it more time with --wait.',
  });
