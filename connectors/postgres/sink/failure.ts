/** What a failed transaction says about its rows. */
import { classify, type DatabaseError } from '../sqlstate';
import { StepError } from './pipeline';
import type { Plan } from './write';

/** Rows are at fault. */
export interface Failure {
  readonly error: DatabaseError;
  /** Position among the rows of the transaction of the one that the database named, when it did. */
  readonly index: number | null;
}

export const causeOf = (error: unknown): Error =>
  error instanceof StepError ? error.cause : (error as Error);

/** Null when rows are not at fault. */
export function failureOf(error: Error, plan: Plan): Failure | null {
  const cause = causeOf(error) as DatabaseError;
  if (classify(cause) !== 'data') return null;
  return { error: cause, index: error instanceof StepError ? namedRow(error, plan) : null };
}

/** `COPY t, line 12`: which row of the whole transaction that is. */
function namedRow({ step, cause }: StepError, plan: Plan): number | null {
  const line = /^COPY .*, line (\d+)/m.exec((cause as DatabaseError).where ?? '')?.[1];
  const copy = plan.copies[step];
  if (line === undefined || copy === undefined) return null;
  let index = Number(line) - 1;
  for (const skipped of copy.rows.skipped) if (skipped <= index) index++;
  return copy.first + index;
}
