/** Jobs as people see them. Who keeps them is behind this face: a queue that workers share. */
import type { DeadLetterFilter } from './dead-letter';

export const JOB_KINDS = ['restart', 'load', 'redrive', 'backfill'] as const;
export type JobKind = (typeof JOB_KINDS)[number];

/** `scheduled` is due later, `waiting` is due; `outdated`: what it was about changed or went before it was done. */
export const JOB_STATES = [
  'scheduled',
  'waiting',
  'active',
  'paused',
  'done',
  'failed',
  'cancelled',
  'outdated',
] as const;
export type JobState = (typeof JOB_STATES)[number];

export interface JobInfo {
  readonly id: string;
  readonly kind: JobKind;
  readonly connector: string;
  readonly state: JobState;
  /** What was asked for. */
  readonly request: unknown;
  /** How far it is; null before it has begun. */
  readonly progress: unknown;
  /** Why it failed, or what became of it. */
  readonly message: string | null;
  readonly createdAt: Date;
  /** Null for a job that is due at once. */
  readonly dueAt: Date | null;
  readonly startedAt: Date | null;
  readonly endedAt: Date | null;
  /** Worker that took it up last; null before one did. */
  readonly workerId: string | null;
  /** How often a worker took it up: more than once when one has died over it. */
  readonly starts: number;
}

/** Which dead letters; those that were redriven before are left out unless `again`. */
export interface RedriveSelection {
  /** Null: all that fit the filter. */
  readonly ids: readonly string[] | null;
  readonly filter: DeadLetterFilter;
  readonly again: boolean;
}

export interface RedriveRequest extends RedriveSelection {
  /** Their original topics, or only the connector that could not take them. */
  readonly to: 'topic' | 'connector';
}

/** An offset, or a wall time. */
export type Point = { readonly offset: number } | { readonly timestamp: number };

export interface BackfillRequest {
  /** Null: all of the connector's. */
  readonly topics: readonly string[] | null;
  /** Null: of every partition. */
  readonly partition: number | null;
  readonly from: Point;
  /** Not read any more. Null: what is there now is the end. */
  readonly to: Point | null;
  /** Null: as fast as it goes. */
  readonly ratePerSecond: number | null;
}

export interface JobFilter {
  readonly kind: JobKind | null;
  readonly connector: string | null;
  readonly state: JobState | null;
}

/** Every call throws REDIS_UNREACHABLE, with what is off, while there is no queue. */
export interface JobBook {
  /** Newest first. */
  list(filter: JobFilter): Promise<readonly JobInfo[]>;
  /** NOT_FOUND. */
  get(id: string): Promise<JobInfo>;
  /** NOT_FOUND. One that has ended is forgotten. */
  cancel(id: string): Promise<JobInfo>;
  /** NOT_FOUND; CONFLICT for a kind that cannot pause. */
  pause(id: string, paused: boolean): Promise<JobInfo>;
  redrive(connector: string, request: RedriveRequest): Promise<JobInfo>;
  backfill(connector: string, request: BackfillRequest): Promise<JobInfo>;
  /** When dead letters were redriven, by id, as far as is known. */
  redriven(topic: string, ids: readonly string[]): Promise<ReadonlyMap<string, Date>>;
  /** Next firings of schedules, by connector. */
  firings(): Promise<ReadonlyMap<string, Date>>;
}
