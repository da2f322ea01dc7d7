/**
 * Life of a classic group as a table: state × event → next state, what to do, and the code that refuses a request.
 * Pure; `membership.ts` carries the effects out. Rules of Kafka's group coordinator 4.1.
 */
import { Code } from '../refusal';

export type GroupState = 'Empty' | 'PreparingRebalance' | 'CompletingRebalance' | 'Stable' | 'Dead';

export type GroupEvent =
  /** A member that the group did not know has joined; its join waits for an answer. */
  | 'memberAdded'
  /** A member joins again with the protocols it had. */
  | 'memberRejoined'
  | 'leaderRejoined'
  /** A member joins again with other protocols. */
  | 'memberChanged'
  /** A new process has taken the place of a static member and waits; the members' choice of protocol stays what it is. */
  | 'instanceReplaced'
  /** The same, and the choice would be another. */
  | 'instanceChanged'
  /** By LeaveGroup. */
  | 'memberLeft'
  /** Its session has ended. */
  | 'memberExpired'
  /** A member id was handed out, and nobody joined with it in time. */
  | 'candidateExpired'
  /** The joining is over. */
  | 'joinsCompleted'
  /** The joining is over, and nobody is left. */
  | 'nobodyJoined'
  /** The leader has handed in the assignments. */
  | 'assigned'
  /** Members that joined did not ask for their assignment in time. */
  | 'syncExpired'
  | 'heartbeat'
  | 'sync'
  | 'commit'
  /** Another node takes the group over, or the broker ends. */
  | 'unloaded';

export type Effect =
  /** Takes what the join says, and answers it when all have joined. */
  | 'parkJoin'
  /** Answers with the generation as it is. */
  | 'answerJoin'
  /** Answers the one that waits with the generation as it is. */
  | 'answerReplaced'
  /** Gives others time to join a group that was empty. */
  | 'awaitFirstJoins'
  /** Ends the joining when all have joined; else the rebalance time-out does. */
  | 'awaitJoins'
  /** Ends the joining when all have joined. */
  | 'endJoins'
  /** The same, but not while an empty group waits for its first members. */
  | 'endRejoins'
  | 'answerJoins'
  | 'awaitSyncs'
  | 'parkSync'
  | 'answerSync'
  | 'answerSyncs'
  /** Assignments are void, and whoever waits for one must join again. */
  | 'refuseSyncs'
  | 'dropUnsynced'
  | 'stopSyncTimer'
  /** Answers all who wait that this is not the coordinator. */
  | 'dismiss'
  | 'renewSession'
  | 'persist';

export interface Step {
  readonly state: GroupState;
  readonly effects: readonly Effect[];
  /** Error code for the request behind the event; 0: none. */
  readonly code: number;
}

const step = (state: GroupState, ...effects: Effect[]): Step => ({ state, effects, code: Code.NONE });

const refuse = (state: GroupState, code: number, ...effects: Effect[]): Step => ({ state, effects, code });

type Row = Partial<Record<GroupEvent, Step>>;

const INTERRUPT = ['refuseSyncs', 'stopSyncTimer', 'awaitJoins'] as const;
const REBALANCE = ['stopSyncTimer', 'awaitJoins'] as const;

/** Events that are not listed leave the state as it is and do nothing. */
export const GROUP_TABLE: Readonly<Record<GroupState, Row>> = {
  Empty: {
    memberAdded: step('PreparingRebalance', 'awaitFirstJoins'),
    heartbeat: refuse('Empty', Code.UNKNOWN_MEMBER_ID),
    sync: refuse('Empty', Code.UNKNOWN_MEMBER_ID),
    unloaded: step('Dead'),
  },
  PreparingRebalance: {
    memberAdded: step('PreparingRebalance', 'endRejoins'),
    memberRejoined: step('PreparingRebalance', 'parkJoin', 'endRejoins'),
    leaderRejoined: step('PreparingRebalance', 'parkJoin', 'endRejoins'),
    memberChanged: step('PreparingRebalance', 'parkJoin', 'endRejoins'),
    instanceReplaced: step('PreparingRebalance', 'endRejoins'),
    instanceChanged: step('PreparingRebalance', 'endRejoins'),
    memberLeft: step('PreparingRebalance', 'endRejoins'),
    memberExpired: step('PreparingRebalance', 'endJoins'),
    candidateExpired: step('PreparingRebalance', 'endJoins'),
    joinsCompleted: step('CompletingRebalance', 'answerJoins', 'awaitSyncs'),
    nobodyJoined: step('Empty', 'persist'),
    heartbeat: refuse('PreparingRebalance', Code.REBALANCE_IN_PROGRESS, 'renewSession'),
    sync: refuse('PreparingRebalance', Code.REBALANCE_IN_PROGRESS),
    // What a member has done so far may still be committed while it is asked to join again.
    commit: step('PreparingRebalance', 'renewSession'),
    unloaded: step('Dead', 'dismiss'),
  },
  CompletingRebalance: {
    memberAdded: step('PreparingRebalance', ...INTERRUPT),
    // The answer to its join was lost.
    memberRejoined: step('CompletingRebalance', 'answerJoin'),
    leaderRejoined: step('CompletingRebalance', 'answerJoin'),
    memberChanged: step('PreparingRebalance', 'parkJoin', ...INTERRUPT),
    // The leader may be computing an assignment for the old member id.
    instanceReplaced: step('PreparingRebalance', ...INTERRUPT),
    instanceChanged: step('PreparingRebalance', ...INTERRUPT),
    memberLeft: step('PreparingRebalance', ...INTERRUPT),
    memberExpired: step('PreparingRebalance', ...INTERRUPT),
    assigned: step('Stable', 'persist', 'answerSyncs'),
    syncExpired: step('PreparingRebalance', 'dropUnsynced', ...INTERRUPT),
    heartbeat: step('CompletingRebalance', 'renewSession'),
    sync: step('CompletingRebalance', 'parkSync'),
    commit: refuse('CompletingRebalance', Code.REBALANCE_IN_PROGRESS),
    unloaded: step('Dead', 'dismiss'),
  },
  Stable: {
    memberAdded: step('PreparingRebalance', ...REBALANCE),
    memberRejoined: step('Stable', 'answerJoin'),
    // A leader joins again when what it assigns has changed: partitions, say.
    leaderRejoined: step('PreparingRebalance', 'parkJoin', ...REBALANCE),
    memberChanged: step('PreparingRebalance', 'parkJoin', ...REBALANCE),
    instanceReplaced: step('Stable', 'persist', 'answerReplaced'),
    instanceChanged: step('PreparingRebalance', ...REBALANCE),
    memberLeft: step('PreparingRebalance', ...REBALANCE),
    memberExpired: step('PreparingRebalance', ...REBALANCE),
    syncExpired: step('PreparingRebalance', 'dropUnsynced', ...REBALANCE),
    heartbeat: step('Stable', 'renewSession'),
    sync: step('Stable', 'answerSync'),
    commit: step('Stable', 'renewSession'),
    unloaded: step('Dead', 'dismiss'),
  },
  Dead: {
    heartbeat: refuse('Dead', Code.COORDINATOR_NOT_AVAILABLE),
    sync: refuse('Dead', Code.COORDINATOR_NOT_AVAILABLE),
    commit: refuse('Dead', Code.COORDINATOR_NOT_AVAILABLE),
  },
};

export const nextStep = (state: GroupState, event: GroupEvent): Step =>
  GROUP_TABLE[state][event] ?? { state, effects: [], code: Code.NONE };
