/** How a connector and its tasks look from outside (connect.md §1.3). */
import { causeChain, hintsOf, MillraceError } from '../kernel';
import type { TaskConfig } from '../plugin';
import { classNameOf } from './catalog';
import type { Connector } from './connector-config';
import type { RunningTask } from './task-runner';
import type { Progress, TaskStateInfo } from './worker-view';

export const NO_PROGRESS: Progress = { records: 0, skipped: 0, firstRecordAt: null, lastRecordAt: null };

export const addProgress = (a: Progress, b: Progress): Progress => ({
  records: a.records + b.records,
  skipped: a.skipped + b.skipped,
  firstRecordAt: earliest(a.firstRecordAt, b.firstRecordAt),
  lastRecordAt:
    a.lastRecordAt === null || (b.lastRecordAt ?? 0) > a.lastRecordAt ? b.lastRecordAt : a.lastRecordAt,
});

const earliest = (a: number | null, b: number | null): number | null =>
  a === null || b === null ? (a ?? b) : Math.min(a, b);

export const taskClass = (plugin: Connector): string => classNameOf(plugin).replace(/Connector$/, 'Task');

export function taskStatus(task: RunningTask, worker_id: string, version: string): TaskStateInfo {
  const { state, error, spec } = task;
  const trace = state === 'FAILED' && error !== null ? { trace: traceOf(error) } : {};
  return { id: spec.task, state, worker_id, version: state === 'FAILED' ? null : version, ...trace };
}

/** Cause chain in the form of a Java trace; a defect of millrace shows its own stack. */
export function traceOf(error: Error): string {
  const lines = causeChain(error).map((message, i) =>
    i === 0 ? `${error.name}: ${message}` : `Caused by: ${message}`,
  );
  lines.push(...hintsOf(error));
  if (!(error instanceof MillraceError) && error.stack)
    lines.push(error.stack.split('\n').slice(1).join('\n'));
  return lines.join('\n');
}

/** For log lines. */
export function hintField(error: unknown): { hint?: string } {
  const hints = hintsOf(error);
  return hints.length === 0 ? {} : { hint: hints.join(' ') };
}

/** A value that is what a reference resolved to is shown as the reference. */
export function hideSecrets(
  task: TaskConfig,
  written: Readonly<Record<string, string>>,
  resolved: Readonly<Record<string, string>>,
): Record<string, string> {
  const references = new Map<string, string>();
  for (const [key, value] of Object.entries(resolved)) {
    if (written[key] !== undefined && written[key] !== value) references.set(value, written[key]);
  }
  return Object.fromEntries(
    Object.entries(task).map(([key, value]) => [key, references.get(value) ?? value]),
  );
}
