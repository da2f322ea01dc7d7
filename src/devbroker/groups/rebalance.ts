/** Carries out what the table of `lifecycle.ts` says: answers to those who wait, and all time-outs, on the broker's clock. */
import type { Clock } from '../clock';
import { Code } from '../refusal';
import {
  type Group,
  type JoinAnswer,
  type Joining,
  type Member,
  NOTHING,
  refusedJoin,
  refusedSync,
  type SyncAnswer,
} from './group';
import { type Effect, type GroupEvent, nextStep } from './lifecycle';

/** Whom an event is about, and how its request is answered. */
export interface Subject {
  readonly member: Member;
  readonly join?: { readonly says: Joining; answer(answer: JoinAnswer): void };
  readonly sync?: (answer: SyncAnswer) => void;
  /** Leader before a static member was replaced. */
  readonly leader?: string;
}

type Act = (group: Group, subject: Subject) => void;

export class Rebalance {
  readonly #clock: Clock;
  readonly #delayMs: number;
  readonly #acts: Readonly<Record<Effect, Act>>;

  /** @param delayMs how long an empty group waits for more members */
  constructor(clock: Clock, delayMs: number, persist: (group: Group) => void) {
    this.#clock = clock;
    this.#delayMs = delayMs;
    this.#acts = {
      parkJoin: (group, { member, join }) => group.update(member, join!.says, join!.answer),
      answerJoin: (group, { member, join }) => join!.answer(joined(group, member)),
      answerReplaced,
      awaitFirstJoins: (group) => this.#awaitFirstJoins(group),
      awaitJoins: (group) => this.#awaitJoins(group),
      endJoins: (group) => this.#endJoinsWhenDue(group),
      endRejoins: (group) => {
        if (group.previousState !== 'Empty') this.#endJoinsWhenDue(group);
      },
      answerJoins: (group) => this.#answerJoins(group),
      awaitSyncs: (group) => this.#awaitSyncs(group),
      parkSync: (_group, { member, sync }) => {
        member.sync = sync!;
      },
      answerSync: (_group, { member, sync }) => sync!({ error: Code.NONE, assignment: member.assignment }),
      answerSyncs: (group) => this.#answerSyncs(group),
      refuseSyncs: (group) => this.#refuseSyncs(group),
      dropUnsynced,
      stopSyncTimer,
      dismiss,
      renewSession: (group, { member }) => this.renewSession(group, member),
      persist,
    };
  }

  /**
   * Answers the code that refuses what the event stands for, 0 when nothing does.
   * @param subject for events that are about a request or a member that still belongs to the group
   */
  apply(group: Group, event: GroupEvent, subject?: Subject): number {
    const { state, effects, code } = nextStep(group.state, event);
    if (state !== group.state) group.enter(state, this.#clock.now());
    for (const effect of effects) this.#acts[effect](group, subject!);
    return code;
  }

  renewSession(group: Group, member: Member, timeoutMs = member.sessionTimeoutMs): void {
    member.session?.cancel();
    member.session = this.#clock.after(timeoutMs, () => this.#expire(group, member));
  }

  #expire(group: Group, member: Member): void {
    if (member.isExcused || group.members.get(member.id) !== member) return;
    group.answerJoin(member, refusedJoin(Code.UNKNOWN_MEMBER_ID, ''));
    group.remove(member);
    this.apply(group, 'memberExpired');
  }

  /** Every newcomer prolongs the wait, up to the rebalance time-out. */
  #awaitFirstJoins(group: Group): void {
    this.#awaitMore(group, this.#delayMs, Math.max(group.rebalanceTimeoutMs - this.#delayMs, 0));
  }

  #awaitMore(group: Group, delayMs: number, remainingMs: number): void {
    this.#endJoinsAfter(group, delayMs, () => {
      if (!group.isGrowing || remainingMs === 0) return this.#endJoins(group);
      group.isGrowing = false;
      this.#awaitMore(group, Math.min(this.#delayMs, remainingMs), Math.max(remainingMs - delayMs, 0));
    });
  }

  #awaitJoins(group: Group): void {
    if (group.haveAllJoined) this.#endJoins(group);
    else this.#endJoinsAfter(group, group.rebalanceTimeoutMs, () => this.#endJoins(group));
  }

  #endJoinsAfter(group: Group, ms: number, end: () => void): void {
    group.joinTimer?.cancel();
    group.joinTimer = this.#clock.after(ms, end);
  }

  #endJoinsWhenDue(group: Group): void {
    if (group.haveAllJoined) this.#endJoins(group);
  }

  /** Who has not joined is out, but for static members: these keep their place as long as their session lasts. */
  #endJoins(group: Group): void {
    group.joinTimer?.cancel();
    for (const member of [...group.members.values()])
      if (member.join === null && member.instanceId === null) group.remove(member);
    if (!group.electLeader() && group.members.size > 0) {
      this.#endJoinsAfter(group, group.rebalanceTimeoutMs, () => this.#endJoins(group));
      return;
    }
    group.beginGeneration();
    this.apply(group, group.members.size > 0 ? 'joinsCompleted' : 'nobodyJoined');
  }

  #answerJoins(group: Group): void {
    for (const member of group.members.values()) {
      group.answerJoin(member, joined(group, member));
      this.renewSession(group, member);
      member.isNew = false;
      group.unsynced.add(member.id);
    }
  }

  #awaitSyncs(group: Group): void {
    group.syncTimer = this.#clock.after(group.rebalanceTimeoutMs, () => {
      if (group.unsynced.size > 0) this.apply(group, 'syncExpired');
    });
  }

  #answerSyncs(group: Group): void {
    for (const member of group.members.values()) {
      const waited = group.answerSync(member, { error: Code.NONE, assignment: member.assignment });
      if (waited) this.renewSession(group, member);
    }
  }

  #refuseSyncs(group: Group): void {
    for (const member of group.members.values()) {
      member.assignment = NOTHING;
      const waited = group.answerSync(member, refusedSync(Code.REBALANCE_IN_PROGRESS));
      if (waited) this.renewSession(group, member);
    }
  }
}

/** The leader alone is told of the others. */
function joined(group: Group, member: Member): JoinAnswer {
  return {
    error: Code.NONE,
    generation: group.generation,
    protocol: group.protocol ?? '',
    leader: group.leader ?? '',
    memberId: member.id,
    members: group.leader === member.id ? group.peers() : [],
  };
}

/**
 * Before JoinGroup v9 nobody can be told to lead without assigning anew: a leader that comes back is told the id it had,
 * so that it does not take itself for the leader.
 */
function answerReplaced(group: Group, { member, leader }: Subject): void {
  group.answerJoin(member, { ...joined(group, member), leader: leader ?? '', members: [] });
}

function dropUnsynced(group: Group): void {
  for (const memberId of [...group.unsynced]) group.remove(group.members.get(memberId)!);
}

function stopSyncTimer(group: Group): void {
  group.unsynced.clear();
  group.syncTimer?.cancel();
}

/** The node that takes the group over may not know of those who wait: they ask again, there. */
function dismiss(group: Group): void {
  for (const member of group.members.values()) {
    group.answerJoin(member, refusedJoin(Code.NOT_COORDINATOR, member.id));
    group.answerSync(member, refusedSync(Code.NOT_COORDINATOR));
  }
}
