/** What the plug-ins of cluster tests wrote down: which task ran when, and in which process. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

interface Entry {
  /** `hang`: from now on it does nothing. */
  readonly event: 'start' | 'beat' | 'stop' | 'hang';
  readonly kind: 'source' | 'sink';
  /** `connector-3`. */
  readonly task: string;
  /** One instance of the task. */
  readonly run: string;
  readonly pid: number;
  readonly at: number;
}

export interface Journal {
  readonly entries: readonly Entry[];
}

/** A process that gives no sign for so long is not running: it sleeps, or was killed. */
const SILENCE_MS = 1500;

export function readJournal(dir: string): Journal {
  const files = readdirSync(dir).filter((name) => name.endsWith('.journal'));
  const entries = files.flatMap((name) => {
    const text = readFileSync(path.join(dir, name), 'utf8');
    // The last line of a process that was killed may be torn.
    return text
      .slice(0, text.lastIndexOf('\n') + 1)
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Entry);
  });
  return { entries: entries.sort((a, b) => a.at - b.at) };
}

interface Span {
  readonly run: string;
  readonly pid: number;
  readonly from: number;
  to: number;
  /** Ended by itself, not with its process. */
  isStopped: boolean;
}

/** Times in which each instance of a task was at work. */
function spansOf(entries: readonly Entry[]): Map<string, Span[]> {
  const byTask = new Map<string, Span[]>();
  const open = new Map<string, Span>();
  for (const { task, run, pid, at, event } of entries) {
    let span = open.get(run);
    if (span === undefined || at - span.to > SILENCE_MS) {
      span = { run, pid, from: at, to: at, isStopped: false };
      open.set(run, span);
      byTask.set(task, [...(byTask.get(task) ?? []), span]);
    }
    span.to = at;
    if (event === 'stop') span.isStopped = true;
  }
  return byTask;
}

export interface Overlap {
  readonly task: string;
  readonly ms: number;
  readonly at: string;
  readonly pids: readonly number[];
}

/** Times in which two instances of one task were at work, longest first. */
export function overlapsOf({ entries }: Journal): Overlap[] {
  const overlaps: Overlap[] = [];
  for (const [task, spans] of spansOf(entries)) {
    for (const [i, a] of spans.entries()) {
      for (const b of spans.slice(i + 1)) {
        const from = Math.max(a.from, b.from);
        const ms = Math.min(a.to, b.to) - from;
        if (a.run !== b.run && ms > 0)
          overlaps.push({ task, ms, at: new Date(from).toISOString(), pids: [a.pid, b.pid] });
      }
    }
  }
  return overlaps.sort((a, b) => b.ms - a.ms);
}

/** Tasks at work at a time. */
export function atWork({ entries }: Journal, at: number): Set<string> {
  const running = [...spansOf(entries)].filter(([, spans]) =>
    spans.some(({ from, to }) => from <= at && at <= to + SILENCE_MS),
  );
  return new Set(running.map(([task]) => task));
}

/** For each task that was at work in the process when it went: ms until it was at work again elsewhere, sorted. */
export function gapsAfter({ entries }: Journal, pid: number, wentAt: number): number[] {
  const gaps: number[] = [];
  for (const spans of spansOf(entries).values()) {
    const last = spans.findLast((span) => span.pid === pid && span.from <= wentAt);
    if (last === undefined || last.isStopped || last.to < wentAt - SILENCE_MS) continue;
    const next = spans.find((span) => span.run !== last.run && span.from >= last.to);
    gaps.push(next === undefined ? Number.POSITIVE_INFINITY : next.from - wentAt);
  }
  return gaps.sort((a, b) => a - b);
}

/** What the sinks of a connector wrote down. */
export const valuesIn = (dir: string, connector: string): string[] =>
  readFileSync(path.join(dir, `${connector}.values`), 'utf8')
    .split('\n')
    .filter((line) => line !== '');
