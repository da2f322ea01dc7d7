/** One classic group: its members and what they agree on. What happens when is `lifecycle.ts` and `membership.ts`. */
import type { Timer } from '../clock';
import { Code, Refusal } from '../refusal';
import { subscribedTopics } from './consumer-protocol';
import type { GroupState } from './lifecycle';

export interface Protocol {
  readonly name: string;
  readonly metadata: Buffer;
}

/** A member as the leader is told of it. */
export interface Peer {
  readonly memberId: string;
  readonly instanceId: string | null;
  readonly metadata: Buffer;
}

export interface JoinAnswer {
  readonly error: number;
  readonly generation: number;
  readonly protocol: string;
  /** Member id. */
  readonly leader: string;
  readonly memberId: string;
  /** Empty unless it goes to the leader. */
  readonly members: readonly Peer[];
}

export interface SyncAnswer {
  readonly error: number;
  readonly assignment: Buffer;
}

/** What a join says of its member. */
export interface Joining {
  readonly sessionTimeoutMs: number;
  readonly rebalanceTimeoutMs: number;
  readonly protocolType: string;
  readonly protocols: readonly Protocol[];
}

export interface Client {
  readonly id: string;
  /** `/127.0.0.1` */
  readonly host: string;
}

export const NOTHING = Buffer.alloc(0);

export class Member {
  sessionTimeoutMs: number;
  rebalanceTimeoutMs: number;
  protocols: readonly Protocol[];
  assignment: Buffer = NOTHING;
  /** Has not been in a generation yet. */
  isNew = true;
  session: Timer | null = null;
  /** Answers the join that waits. */
  join: ((answer: JoinAnswer) => void) | null = null;
  /** Answers the sync that waits. */
  sync: ((answer: SyncAnswer) => void) | null = null;

  constructor(
    readonly id: string,
    readonly instanceId: string | null,
    readonly client: Client,
    joining: Omit<Joining, 'protocolType'>,
  ) {
    this.sessionTimeoutMs = joining.sessionTimeoutMs;
    this.rebalanceTimeoutMs = joining.rebalanceTimeoutMs;
    this.protocols = joining.protocols;
  }

  /** Who waits for an answer cannot send heartbeats; but one that nobody knew may be gone for long. */
  get isExcused(): boolean {
    return !this.isNew && (this.join !== null || this.sync !== null);
  }

  has(protocols: readonly Protocol[]): boolean {
    return (
      this.protocols.length === protocols.length &&
      this.protocols.every(
        ({ name, metadata }, i) => name === protocols[i]!.name && metadata.equals(protocols[i]!.metadata),
      )
    );
  }

  metadata(protocol: string | null): Buffer {
    return this.protocols.find(({ name }) => name === protocol)?.metadata ?? NOTHING;
  }
}

export class Group {
  state: GroupState = 'Empty';
  previousState: GroupState = 'Dead';
  /** When the state was entered, ms. */
  since: number;
  generation = 0;
  protocolType: string | null = null;
  protocol: string | null = null;
  leader: string | null = null;
  /** Topics of a group of consumers; null when they cannot be told. */
  subscribed: ReadonlySet<string> | null = null;
  readonly members = new Map<string, Member>();
  /** Member ids that were handed out and have not joined. */
  readonly candidates = new Map<string, Timer>();
  /** Member ids that have not asked for their assignment. */
  readonly unsynced = new Set<string>();
  /** Ends the joining. */
  joinTimer: Timer | null = null;
  syncTimer: Timer | null = null;
  /** Id of the node that coordinates it; null before the first request. */
  node: number | null = null;
  /** Somebody joined while the first members are waited for. */
  isGrowing = false;
  /** Member ids of static members. */
  readonly #instances = new Map<string, string>();
  /** How many members speak a protocol. */
  readonly #speakers = new Map<string, number>();
  #joining = 0;

  constructor(
    readonly id: string,
    now: number,
  ) {
    this.since = now;
  }

  get isConsumerGroup(): boolean {
    return this.protocolType === 'consumer';
  }

  /** Members whose joins wait. */
  get joining(): number {
    return this.#joining;
  }

  get haveAllJoined(): boolean {
    return this.#joining === this.members.size && this.candidates.size === 0;
  }

  get rebalanceTimeoutMs(): number {
    let longest = 0;
    for (const { rebalanceTimeoutMs } of this.members.values())
      longest = Math.max(longest, rebalanceTimeoutMs);
    return longest;
  }

  enter(state: GroupState, now: number): void {
    this.previousState = this.state;
    this.state = state;
    this.since = now;
  }

  memberIdOf(instanceId: string): string | undefined {
    return this.#instances.get(instanceId);
  }

  /** @throws Refusal UNKNOWN_MEMBER_ID, FENCED_INSTANCE_ID */
  member(memberId: string, instanceId: string | null): Member {
    if (instanceId !== null) {
      const current = this.#instances.get(instanceId);
      if (current === undefined) throw new Refusal(Code.UNKNOWN_MEMBER_ID);
      if (current !== memberId) throw new Refusal(Code.FENCED_INSTANCE_ID);
    }
    const member = this.members.get(memberId);
    if (member === undefined) throw new Refusal(Code.UNKNOWN_MEMBER_ID);
    return member;
  }

  /** Whether somebody with these protocols can be a member beside the others. */
  suits({ protocolType, protocols }: Joining): boolean {
    if (this.state === 'Empty') return protocolType !== '' && protocols.length > 0;
    return (
      protocolType === this.protocolType &&
      protocols.some(({ name }) => (this.#speakers.get(name) ?? 0) === this.members.size)
    );
  }

  add(member: Member, protocolType: string): void {
    if (this.members.size === 0) this.protocolType = protocolType;
    this.leader ??= member.id;
    if (member.instanceId !== null) this.#instances.set(member.instanceId, member.id);
    this.members.set(member.id, member);
    this.#count(member.protocols, 1);
    if (member.join !== null) this.#joining++;
    this.dropCandidate(member.id);
  }

  /** The next in line leads when the leader goes. */
  remove(member: Member): void {
    if (!this.members.delete(member.id)) return;
    member.session?.cancel();
    this.#count(member.protocols, -1);
    if (member.join !== null) this.#joining--;
    if (member.instanceId !== null) this.#instances.delete(member.instanceId);
    if (this.leader === member.id) this.leader = this.members.keys().next().value ?? null;
    this.unsynced.delete(member.id);
  }

  dropCandidate(memberId: string): boolean {
    this.candidates.get(memberId)?.cancel();
    return this.candidates.delete(memberId);
  }

  /** A new process in the place of a static member: new member id, the old one's assignment and lead. */
  replace(old: Member, memberId: string): Member {
    this.answerJoin(old, refusedJoin(Code.FENCED_INSTANCE_ID, old.id));
    this.answerSync(old, refusedSync(Code.FENCED_INSTANCE_ID));
    old.session?.cancel();
    const member = new Member(memberId, old.instanceId, old.client, old);
    member.assignment = old.assignment;
    member.isNew = false;
    this.members.delete(old.id);
    this.members.set(memberId, member);
    this.#instances.set(old.instanceId!, memberId);
    if (this.leader === old.id) this.leader = memberId;
    return member;
  }

  /** Takes what the member says of itself now, and keeps its join until it is answered. */
  update(member: Member, joining: Joining, answer: (answer: JoinAnswer) => void): void {
    this.#count(member.protocols, -1);
    member.protocols = joining.protocols;
    this.#count(member.protocols, 1);
    member.rebalanceTimeoutMs = joining.rebalanceTimeoutMs;
    member.sessionTimeoutMs = joining.sessionTimeoutMs;
    if (member.join === null) this.#joining++;
    member.join = answer;
  }

  answerJoin(member: Member, answer: JoinAnswer): void {
    const { join } = member;
    if (join === null) return;
    member.join = null;
    this.#joining--;
    join(answer);
  }

  /** Whether somebody waited for it. */
  answerSync(member: Member, answer: SyncAnswer): boolean {
    const { sync } = member;
    member.sync = null;
    sync?.(answer);
    return sync !== null;
  }

  /** A leader that has not joined gives way to one that has; false when nobody has. */
  electLeader(): boolean {
    if (this.leader === null) return false;
    if (this.members.get(this.leader)!.join !== null) return true;
    for (const { id, join } of this.members.values()) {
      if (join === null) continue;
      this.leader = id;
      return true;
    }
    return false;
  }

  beginGeneration(): void {
    this.generation++;
    this.protocol = this.members.size === 0 ? null : this.choose();
    this.unsynced.clear();
    this.tellTopics();
  }

  /** The protocol that all members speak and most of them like best. */
  choose(): string | null {
    const votes = new Map<string, number>();
    for (const { protocols } of this.members.values()) {
      const best = protocols.find(({ name }) => this.#speakers.get(name) === this.members.size);
      if (best !== undefined) votes.set(best.name, (votes.get(best.name) ?? 0) + 1);
    }
    let chosen: string | null = null;
    for (const [name, count] of votes) if (chosen === null || count > votes.get(chosen)!) chosen = name;
    return chosen;
  }

  peers(): Peer[] {
    return [...this.members.values()].map((member) => ({
      memberId: member.id,
      instanceId: member.instanceId,
      metadata: member.metadata(this.protocol),
    }));
  }

  /** Finds out what the members of a consumer group read. */
  tellTopics(): void {
    this.subscribed = this.isConsumerGroup
      ? subscribedTopics([...this.members.values()].map((member) => member.metadata(this.protocol)))
      : null;
  }

  isSubscribedTo(topic: string): boolean {
    return this.subscribed?.has(topic) ?? this.isConsumerGroup;
  }

  stopTimers(): void {
    this.joinTimer?.cancel();
    this.syncTimer?.cancel();
    for (const { session } of this.members.values()) session?.cancel();
    for (const timer of this.candidates.values()) timer.cancel();
  }

  #count(protocols: readonly Protocol[], by: 1 | -1): void {
    for (const { name } of protocols) this.#speakers.set(name, (this.#speakers.get(name) ?? 0) + by);
  }
}

export const refusedJoin = (error: number, memberId: string): JoinAnswer => ({
  error,
  generation: -1,
  protocol: '',
  leader: '',
  memberId,
  members: [],
});

export const refusedSync = (error: number): SyncAnswer => ({ error, assignment: NOTHING });
