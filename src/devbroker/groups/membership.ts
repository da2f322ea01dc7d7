/** Joining, syncing, staying and leaving: checks what members ask for and turns it into events of `lifecycle.ts`. */
import { randomUUID } from 'node:crypto';
import type { Clock } from '../clock';
import { attempt, Code, Refusal } from '../refusal';
import type { GroupConfigs } from './configs';
import {
  type Client,
  type Group,
  type JoinAnswer,
  type Joining,
  Member,
  NOTHING,
  refusedJoin,
  refusedSync,
  type SyncAnswer,
} from './group';
import { Rebalance } from './rebalance';

/** A member that nobody knew and whose join waits so long is given up: its client may be gone, or else asks again. */
const NEW_MEMBER_TIMEOUT_MS = 5 * 60_000;

export interface JoinRequest extends Joining {
  readonly groupId: string;
  /** Empty at first. */
  readonly memberId: string;
  readonly instanceId: string | null;
  /** Whether a new member must come back with the id it is given (JoinGroup v4 on). */
  readonly mustKnowId: boolean;
}

/** Who a request claims to be. */
export interface Claim {
  readonly memberId: string;
  readonly instanceId: string | null;
  readonly generation: number;
}

type AnswerJoin = (answer: JoinAnswer) => void;

export class Membership {
  readonly #clock: Clock;
  readonly #configs: GroupConfigs;
  readonly #rebalance: Rebalance;

  constructor(clock: Clock, configs: GroupConfigs, persist: (group: Group) => void) {
    this.#clock = clock;
    this.#configs = configs;
    this.#rebalance = new Rebalance(clock, configs.initialRebalanceDelayMs, persist);
  }

  join(group: Group, request: JoinRequest, client: Client, answer: AnswerJoin): void {
    const { memberId, instanceId } = request;
    const code = this.#refuseJoin(group, request);
    // Who does not fit in any more is not told its id again.
    if (code !== Code.NONE) answer(refusedJoin(code, code === Code.GROUP_MAX_SIZE_REACHED ? '' : memberId));
    else if (group.candidates.has(memberId)) this.#add(group, memberId, request, client, answer);
    else if (memberId !== '') this.#rejoin(group, request, answer);
    else if (instanceId !== null) this.#joinAsInstance(group, instanceId, request, client, answer);
    else if (request.mustKnowId) answer(this.#handOut(group, client, request));
    else this.#add(group, newMemberId(client), request, client, answer);
  }

  sync(
    group: Group,
    claim: Claim,
    assignments: ReadonlyMap<string, Buffer>,
    answer: (answer: SyncAnswer) => void,
  ): void {
    const code = attempt(() => {
      const member = this.#claimed(group, claim);
      this.#request(group, 'sync', { member, sync: answer });
      group.unsynced.delete(member.id);
      if (group.state === 'CompletingRebalance' && group.leader === member.id)
        this.#assign(group, assignments);
    });
    if (code !== Code.NONE) answer(refusedSync(code));
  }

  /** Answers an error code. */
  heartbeat(group: Group, claim: Claim): number {
    return attempt(() => this.#request(group, 'heartbeat', { member: this.#claimed(group, claim) }));
  }

  /** Removes a member and answers its error code; what the group does then is up to `left`, after all of them. */
  remove(group: Group, memberId: string, instanceId: string | null): number {
    if (group.dropCandidate(memberId)) return Code.NONE;
    return attempt(() => {
      // An administrator names the instance alone.
      const id = memberId === '' && instanceId !== null ? group.memberIdOf(instanceId) : memberId;
      const member = group.member(id ?? '', instanceId);
      group.answerJoin(member, refusedJoin(Code.UNKNOWN_MEMBER_ID, ''));
      group.answerSync(member, refusedSync(Code.UNKNOWN_MEMBER_ID));
      group.remove(member);
    });
  }

  left(group: Group): void {
    this.#rebalance.apply(group, 'memberLeft');
  }

  /**
   * Whether offsets may be committed. Outsiders may while there are no members.
   * @throws Refusal UNKNOWN_MEMBER_ID, FENCED_INSTANCE_ID, ILLEGAL_GENERATION, REBALANCE_IN_PROGRESS
   */
  admitCommit(group: Group, claim: Claim): void {
    if (claim.generation < 0 && group.state === 'Empty') return;
    this.#request(group, 'commit', { member: this.#claimed(group, claim) });
  }

  /** After the group was read from the journal: its members have a whole session to come back. */
  resume(group: Group): void {
    for (const member of group.members.values()) this.#rebalance.renewSession(group, member);
  }

  /** Nobody is served here any more. */
  unload(group: Group): void {
    group.stopTimers();
    this.#rebalance.apply(group, 'unloaded');
  }

  #refuseJoin(group: Group, request: JoinRequest): number {
    if (this.#hasRoom(group, request.memberId))
      return group.suits(request) ? Code.NONE : Code.INCONSISTENT_GROUP_PROTOCOL;
    group.dropCandidate(request.memberId);
    const member = group.members.get(request.memberId);
    if (member !== undefined) group.remove(member);
    return Code.GROUP_MAX_SIZE_REACHED;
  }

  /** While members join, those that have are counted: who comes last is left out, be it an old member. */
  #hasRoom(group: Group, memberId: string): boolean {
    const { maxSize } = this.#configs;
    const member = group.members.get(memberId);
    if (group.state === 'Empty') return true;
    if (group.state !== 'PreparingRebalance') return member !== undefined || group.members.size < maxSize;
    return (member !== undefined && member.join !== null) || group.joining < maxSize;
  }

  #rejoin(group: Group, request: JoinRequest, answer: AnswerJoin): void {
    const { memberId, instanceId, protocols } = request;
    const code = attempt(() => {
      const member = group.member(memberId, instanceId);
      const again = group.leader === memberId ? 'leaderRejoined' : 'memberRejoined';
      const event = member.has(protocols) ? again : 'memberChanged';
      this.#rebalance.apply(group, event, { member, join: { says: request, answer } });
    });
    if (code !== Code.NONE) answer(refusedJoin(code, memberId));
  }

  #joinAsInstance(
    group: Group,
    instanceId: string,
    request: JoinRequest,
    client: Client,
    answer: AnswerJoin,
  ): void {
    const memberId = `${instanceId}-${randomUUID()}`;
    const current = group.memberIdOf(instanceId);
    if (current === undefined) {
      this.#add(group, memberId, request, client, answer);
      return;
    }
    const leader = group.leader ?? '';
    const member = group.replace(group.members.get(current)!, memberId);
    this.#rebalance.renewSession(group, member);
    group.update(member, request, answer);
    const event = group.choose() === group.protocol ? 'instanceReplaced' : 'instanceChanged';
    this.#rebalance.apply(group, event, { member, leader });
  }

  /** Members that never come back with their id would be left in the group by a client that tries again and again. */
  #handOut(group: Group, client: Client, { sessionTimeoutMs }: Joining): JoinAnswer {
    const memberId = newMemberId(client);
    const timer = this.#clock.after(sessionTimeoutMs, () => {
      if (group.dropCandidate(memberId)) this.#rebalance.apply(group, 'candidateExpired');
    });
    group.candidates.set(memberId, timer);
    return refusedJoin(Code.MEMBER_ID_REQUIRED, memberId);
  }

  #add(group: Group, memberId: string, request: JoinRequest, client: Client, answer: AnswerJoin): void {
    const member = new Member(memberId, request.instanceId, client, request);
    member.join = answer;
    if (group.state === 'PreparingRebalance' && group.previousState === 'Empty') group.isGrowing = true;
    group.add(member, request.protocolType);
    this.#rebalance.renewSession(group, member, NEW_MEMBER_TIMEOUT_MS);
    this.#rebalance.apply(group, 'memberAdded');
  }

  #assign(group: Group, assignments: ReadonlyMap<string, Buffer>): void {
    for (const member of group.members.values()) member.assignment = assignments.get(member.id) ?? NOTHING;
    this.#rebalance.apply(group, 'assigned');
  }

  /** @throws Refusal UNKNOWN_MEMBER_ID, FENCED_INSTANCE_ID, ILLEGAL_GENERATION */
  #claimed(group: Group, { memberId, instanceId, generation }: Claim): Member {
    const member = group.member(memberId, instanceId);
    if (generation !== group.generation) throw new Refusal(Code.ILLEGAL_GENERATION);
    return member;
  }

  #request(...event: Parameters<Rebalance['apply']>): void {
    const code = this.#rebalance.apply(...event);
    if (code !== Code.NONE) throw new Refusal(code);
  }
}

const newMemberId = ({ id }: Client): string => `${id}-${randomUUID()}`;
