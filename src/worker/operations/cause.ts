/** The cause of a failure in one sentence, from the trace that a status row has: ours, or one of a JVM worker. */

export interface Cause {
  readonly message: string;
  /** Where the record stood; null where the trace does not say. */
  readonly stage: string | null;
  readonly topic: string | null;
  readonly partition: number | null;
  readonly offset: number | null;
}

const MOST_CHARACTERS = 600;
const CLASS_NAME = /^(?:Caused by: )?(?:[\w.$]*(?:Exception|Error)): /;

/** Messages of the exception and its causes, without their classes and the stack. */
export function messageOf(trace: string): string {
  const lines = trace.split('\n');
  const told = [lines[0]!, ...lines.slice(1).filter((line) => line.startsWith('Caused by: '))]
    .map((line) =>
      line
        .replace(CLASS_NAME, '')
        .replace(/^Caused by: /, '')
        .trim(),
    )
    .filter((line) => line !== '');
  const distinct = told.filter((line, i) => !told.slice(0, i).some((earlier) => earlier.includes(line)));
  return cut(distinct.join(': '));
}

export const cut = (text: string): string =>
  text.length <= MOST_CHARACTERS ? text : `${text.slice(0, MOST_CHARACTERS)}…`;

export function causeOf(trace: string): Cause {
  const stage = /stage '?([A-Z_]+)'?/.exec(trace)?.[1] ?? null;
  const place = /topic='([^']*)', partition=(\d+), offset=(\d+)/.exec(trace);
  const topic = place?.[1] ?? /\{topic='([^']*)'/.exec(trace)?.[1] ?? null;
  return {
    message: messageOf(trace),
    stage,
    topic,
    partition: place === null ? null : Number(place[2]),
    offset: place === null ? null : Number(place[3]),
  };
}
