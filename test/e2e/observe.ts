/** What operators see of a worker: its log, its readiness, its metrics. */
import { sendRequest } from '../support/http';
import type { RunningProcess } from '../support/process';

export interface LogLine {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly msg: string;
  readonly [field: string]: unknown;
}

/** Lines of a process that logs JSON. */
export const logOf = (process: RunningProcess): LogLine[] =>
  process
    .stderr()
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as LogLine);

/** Messages of a level or worse that match. */
export const told = (process: RunningProcess, level: 'info' | 'warn' | 'error', pattern: RegExp): string[] =>
  logOf(process)
    .filter((line) => line.level === level && pattern.test(line.msg))
    .map(({ msg }) => msg);

/** A frame of a stack trace, in a line of its own or inside a JSON string. */
export const STACK_FRAME = /(^|\n|\\n)\s+at .+[:(]/;

export interface Readiness {
  readonly status: number;
  /** Empty when ready. */
  readonly reasons: readonly string[];
}

export async function readiness(url: string): Promise<Readiness> {
  const reply = await sendRequest(`${url}/ready`);
  const { reasons = [] } = reply.json<{ reasons?: string[] }>();
  return { status: reply.status, reasons };
}

/** Value of a metric without labels; NaN when it is not told. */
export async function metric(url: string, name: string): Promise<number> {
  const { text } = await sendRequest(`${url}/metrics`);
  return Number(new RegExp(`^${name} (.+)$`, 'm').exec(text)?.[1]);
}
