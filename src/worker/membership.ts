/** Who runs what. A worker alone runs everything; in a group the leader's assignment says. */
import type { TaskId } from './worker-view';

/** What this worker is to run. Asked anew whenever configurations change. */
export interface Assignment {
  hasConnector(name: string): boolean;
  hasTask(id: TaskId): boolean;
}

export interface MembershipEvents {
  /** Resolves when nothing runs here any more that is not in the assignment. */
  assigned(assignment: Assignment): Promise<void>;
  /** Out of the group: what ran here may run elsewhere. Resolves when nothing runs any more. */
  lost(): Promise<void>;
}

export interface Membership {
  start(events: MembershipEvents): Promise<void>;
  readonly isLeader: boolean;
  /** Advertised URL; null when nobody is known to lead. */
  readonly leaderUrl: string | null;
  /** Of the group; 0 for a worker alone. */
  readonly generation: number;
  /** Whether what was assigned is sure to be this worker's still. */
  readonly isCurrent: boolean;
  /** Known to the leader: who runs a connector (task -1) or task; null when nobody does. */
  ownerUrl(connector: string, task: number): string | null;
  /** Known to the leader: URLs of all workers, this one included; null on others. A worker alone has none. */
  workers(): readonly string[] | null;
  /** The set of connectors or tasks changed. */
  requestRejoin(): void;
  /** What is wrong, one sentence each. */
  problems(): readonly string[];
  stop(): Promise<void>;
}

const EVERYTHING: Assignment = { hasConnector: () => true, hasTask: () => true };

/** The group of one. */
export function aloneMembership(): Membership {
  return {
    start: (events) => events.assigned(EVERYTHING),
    isLeader: true,
    leaderUrl: null,
    generation: 0,
    isCurrent: true,
    ownerUrl: () => null,
    workers: () => [],
    requestRejoin: () => {},
    problems: () => [],
    stop: async () => {},
  };
}
