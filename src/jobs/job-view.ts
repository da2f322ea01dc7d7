/** A job of a queue as people see it. */
import type { Job } from 'bullmq';
import type { JobInfo, JobKind, JobState } from '../worker';
import { dueOf, type LoadResult } from './loads';
import type { WorkData, WorkResult } from './work';

/** Ids of loads have colons in the queue, and a place in time. */
export const publicId = (id: string): string => id.replace(/^repeat:(.*):(\d+)$/, '$1@$2');
export const queueId = (id: string): string => id.replace(/^(load-.*)@(\d+)$/, 'repeat:$1:$2');

const STATES: Readonly<Record<string, JobState>> = {
  waiting: 'waiting',
  prioritized: 'waiting',
  'waiting-children': 'waiting',
  delayed: 'scheduled',
  active: 'active',
  completed: 'done',
  failed: 'failed',
};

export interface SeenJob {
  readonly job: Job;
  /** BullMQ's. */
  readonly state: string;
  readonly wish: string | null;
}

export function viewOf({ job, state, wish }: SeenJob): JobInfo {
  const kind = job.name as JobKind;
  const data = job.data as WorkData<unknown>;
  const result = (job.returnvalue ?? null) as WorkResult | LoadResult | null;
  const isOver = state === 'completed' || state === 'failed';
  const due =
    kind === 'load'
      ? dueOf(job.id!)
      : job.delay > 0 && job.attemptsMade === 0
        ? job.timestamp + job.delay
        : null;
  return {
    id: publicId(job.id!),
    kind,
    connector: data.connector,
    state: stateOf(state, wish, result, job.attemptsStarted),
    request: kind === 'restart' ? job.data : kind === 'load' ? null : data.request,
    progress: progressOf(job, result),
    message: state === 'failed' ? job.failedReason : (result?.message ?? null),
    createdAt: new Date(job.timestamp),
    dueAt: due === null ? null : new Date(due),
    startedAt: job.processedOn === undefined ? null : new Date(job.processedOn),
    endedAt: isOver && job.finishedOn !== undefined ? new Date(job.finishedOn) : null,
    workerId: job.processedBy ?? null,
    starts: job.attemptsStarted + job.stalledCounter,
  };
}

/** BullMQ says 0 of what has not begun. */
function progressOf({ progress }: Job, result: WorkResult | LoadResult | null): unknown {
  if (progress !== 0) return progress;
  return result !== null && 'firing' in result ? result.firing : null;
}

function stateOf(
  state: string,
  wish: string | null,
  result: WorkResult | LoadResult | null,
  starts: number,
): JobState {
  if (state === 'completed') return result?.state ?? 'done';
  if (state !== 'failed' && wish === 'cancel') return 'cancelled';
  if (state !== 'failed' && wish === 'pause') return 'paused';
  // One that was interrupted waits a little before somebody goes on.
  if (state === 'delayed' && starts > 0) return 'waiting';
  return STATES[state] ?? 'waiting';
}
