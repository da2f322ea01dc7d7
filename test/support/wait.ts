export interface WaitOptions {
  /** Default 10 s; be generous, machines that run tests are busy. */
  timeoutMs?: number;
  intervalMs?: number;
  /** What is waited for, for the message of the failure. */
  what?: string;
}

/**
 * Polls until `condition` answers something truthy, and answers that. An error that the condition throws counts as "not yet";
 * when the time is over, the last one is the cause of the failure.
 */
export async function waitFor<T>(
  condition: () => T | Promise<T>,
  { timeoutMs = 10_000, intervalMs = 20, what = 'the condition' }: WaitOptions = {},
): Promise<NonNullable<T>> {
  const deadline = Date.now() + timeoutMs;
  let cause: unknown;
  for (;;) {
    try {
      const answer = await condition();
      if (answer) return answer;
      cause = undefined;
    } catch (error) {
      cause = error;
    }
    if (Date.now() >= deadline) {
      const reason = cause instanceof Error ? `: ${cause.message}` : '';
      throw new Error(`Waited ${timeoutMs} ms in vain for ${what}${reason}`, { cause });
    }
    await new Promise((resolve) => setTimeout(resolve, intervalMs));
  }
}
