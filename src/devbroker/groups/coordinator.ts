/** The group coordinator: finds the group that a request is about; members, offsets and the journal behind it. */
import type { Broker } from '../broker';
import type { Journal } from '../log/port';
import { attempt, Code, Refusal } from '../refusal';
import { createJournal } from '../topics/journal';
import { type GroupConfigs, groupConfigs } from './configs';
import { type Client, Group, type JoinAnswer, refusedJoin, refusedSync, type SyncAnswer } from './group';
import { type Claim, type JoinRequest, Membership } from './membership';
import { type Committed, entries, OffsetStore } from './offsets';
import type { Groups, OffsetEntry } from './port';
import { GroupStore } from './store';

const OFFSETS_TOPIC = '__consumer_offsets';

export interface CommitRequest {
  readonly groupId: string;
  readonly claim: Claim;
  /** Ms; null: as the broker's configs say. */
  readonly retentionMs: number | null;
  readonly offsets: readonly OffsetEntry[];
}

export interface LeavingMember {
  readonly memberId: string;
  readonly instanceId: string | null;
}

export interface GroupCoordinator extends Groups {
  join(request: JoinRequest, client: Client): Promise<JoinAnswer>;
  sync(groupId: string, claim: Claim, assignments: ReadonlyMap<string, Buffer>): Promise<SyncAnswer>;
  /** Answers an error code. */
  heartbeat(groupId: string, claim: Claim): number;
  /** Answers an error code per member, in order. @throws Refusal INVALID_GROUP_ID */
  leave(groupId: string, members: readonly LeavingMember[]): readonly number[];
  /** Answers an error code per offset, in order. */
  commit(request: CommitRequest): readonly number[];
  committed(groupId: string, topic: string, partition: number): Committed | undefined;
  /** All that the group has committed. */
  allCommitted(groupId: string): readonly [topic: string, partition: number, Committed][];
  /** Answers an error code per partition, in order. @throws Refusal INVALID_GROUP_ID, GROUP_ID_NOT_FOUND, NON_EMPTY_GROUP */
  deleteOffsets(
    groupId: string,
    partitions: readonly { readonly topic: string; readonly partition: number }[],
  ): readonly number[];
  /** Answers an error code. */
  delete(groupId: string): number;
  list(): Iterable<Group>;
  /** Undefined: there is no such group, or no longer. */
  get(groupId: string): Group | undefined;
}

export function createGroups(broker: Broker): GroupCoordinator {
  const log = () => broker.topics.internal(OFFSETS_TOPIC).partitions[0]!.log;
  return new Coordinator(broker, createJournal(log, broker.clock));
}

class Coordinator implements GroupCoordinator {
  readonly #broker: Broker;
  readonly #configs: GroupConfigs;
  readonly #groups = new Map<string, Group>();
  readonly #store: GroupStore;
  readonly #offsets: OffsetStore;
  readonly #membership: Membership;

  constructor(broker: Broker, journal: Journal) {
    this.#broker = broker;
    this.#configs = groupConfigs(broker.topics.brokerConfigs);
    this.#store = new GroupStore(journal);
    this.#offsets = new OffsetStore(this.#store);
    this.#membership = new Membership(broker.clock, this.#configs, (group) => this.#store.save(group));
    this.#load();
    this.#expireLater();
    broker.nodes.onCoordinatorMoved((kind, key) => {
      if (kind === 'group') this.get(key);
    });
  }

  join(request: JoinRequest, client: Client): Promise<JoinAnswer> {
    const { groupId, memberId } = request;
    const code = this.#refuseJoin(request);
    if (code !== Code.NONE) return Promise.resolve(refusedJoin(code, memberId));
    const group = this.get(groupId) ?? this.#create(groupId);
    return new Promise((answer) => this.#membership.join(group, request, client, answer));
  }

  sync(groupId: string, claim: Claim, assignments: ReadonlyMap<string, Buffer>): Promise<SyncAnswer> {
    const group = this.get(groupId);
    if (groupId === '') return Promise.resolve(refusedSync(Code.INVALID_GROUP_ID));
    if (group === undefined) return Promise.resolve(refusedSync(Code.UNKNOWN_MEMBER_ID));
    return new Promise((answer) => this.#membership.sync(group, claim, assignments, answer));
  }

  heartbeat(groupId: string, claim: Claim): number {
    const group = this.get(groupId);
    if (groupId === '') return Code.INVALID_GROUP_ID;
    return group === undefined ? Code.UNKNOWN_MEMBER_ID : this.#membership.heartbeat(group, claim);
  }

  leave(groupId: string, members: readonly LeavingMember[]): readonly number[] {
    if (groupId === '') throw new Refusal(Code.INVALID_GROUP_ID);
    const group = this.get(groupId);
    if (group === undefined) return members.map(() => Code.UNKNOWN_MEMBER_ID);
    const codes = members.map(({ memberId, instanceId }) =>
      this.#membership.remove(group, memberId, instanceId),
    );
    if (codes.includes(Code.NONE)) this.#membership.left(group);
    return codes;
  }

  commit({ groupId, claim, retentionMs, offsets }: CommitRequest): readonly number[] {
    const codes = offsets.map((entry) => this.#refuseTopic(entry));
    // What names no partition that exists does not even come to the coordinator.
    if (codes.every((code) => code !== Code.NONE)) return codes;
    const refusal = attempt(() => this.#membership.admitCommit(this.#committing(groupId, claim), claim));
    if (refusal !== Code.NONE) return codes.map((code) => code || refusal);
    const at = this.#broker.clock.now();
    const expiresAt = retentionMs === null ? null : at + retentionMs;
    return offsets.map((entry, i) => {
      const code = codes[i]! || this.#refuseMetadata(entry);
      if (code === Code.NONE)
        this.#offsets.commit(groupId, entry.topic, entry.partition, { ...storedOf(entry), at, expiresAt });
      return code;
    });
  }

  committed(groupId: string, topic: string, partition: number): Committed | undefined {
    return this.#offsets.get(groupId, topic, partition);
  }

  allCommitted(groupId: string): readonly [topic: string, partition: number, Committed][] {
    return entries(this.#offsets.of(groupId));
  }

  deleteOffsets(
    groupId: string,
    partitions: readonly { readonly topic: string; readonly partition: number }[],
  ): readonly number[] {
    if (groupId === '') throw new Refusal(Code.INVALID_GROUP_ID);
    const group = this.get(groupId);
    if (group === undefined) throw new Refusal(Code.GROUP_ID_NOT_FOUND);
    // Of consumers it is known which topics they read; of others it is not.
    if (group.state !== 'Empty' && !group.isConsumerGroup) throw new Refusal(Code.NON_EMPTY_GROUP);
    return partitions.map((each) => {
      const code = this.#refuseTopic(each);
      if (code !== Code.NONE) return code;
      if (group.isSubscribedTo(each.topic)) return Code.GROUP_SUBSCRIBED_TO_TOPIC;
      this.#offsets.delete(groupId, each.topic, each.partition);
      return Code.NONE;
    });
  }

  delete(groupId: string): number {
    const group = this.get(groupId);
    if (group === undefined) return Code.GROUP_ID_NOT_FOUND;
    if (group.state !== 'Empty') return Code.NON_EMPTY_GROUP;
    this.#offsets.deleteGroup(groupId);
    this.#forget(group);
    return Code.NONE;
  }

  list(): Iterable<Group> {
    return this.#groups.values();
  }

  /** A node that takes the group over knows what was saved of it, and nothing of who was joining. */
  get(groupId: string): Group | undefined {
    const group = this.#groups.get(groupId);
    if (group === undefined) return undefined;
    const { id } = this.#broker.nodes.coordinator('group', groupId);
    const current = group.node === null || group.node === id ? group : this.#reload(group);
    current.node = id;
    return current;
  }

  stage(
    groupId: string,
    producerId: number,
    _epoch: number,
    offsets: readonly OffsetEntry[],
  ): readonly number[] {
    if (groupId === '') throw new Refusal(Code.INVALID_GROUP_ID);
    if (this.get(groupId) === undefined) this.#create(groupId);
    const at = this.#broker.clock.now();
    return offsets.map((entry) => {
      const { topic, partition } = entry;
      const code = this.#refuseTopic(entry) || this.#refuseMetadata(entry);
      if (code === Code.NONE)
        this.#offsets.stage(producerId, groupId, topic, partition, {
          ...storedOf(entry),
          at,
          expiresAt: null,
        });
      return code;
    });
  }

  complete(groupId: string, producerId: number, commit: boolean): void {
    this.#offsets.complete(producerId, groupId, commit);
  }

  forgetTopic(topic: string): void {
    this.#offsets.deleteTopic(topic);
  }

  close(): void {
    for (const group of this.#groups.values()) this.#membership.unload(group);
  }

  #load(): void {
    // As in Kafka the topic comes to be with the first group.
    if (this.#broker.topics.get(OFFSETS_TOPIC) === undefined) return;
    for (const group of this.#store.load(this.#offsets)) {
      this.#groups.set(group.id, group);
      this.#membership.resume(group);
    }
  }

  #refuseJoin({ groupId, memberId, sessionTimeoutMs }: JoinRequest): number {
    const { minSessionTimeoutMs, maxSessionTimeoutMs } = this.#configs;
    if (groupId === '') return Code.INVALID_GROUP_ID;
    if (sessionTimeoutMs < minSessionTimeoutMs || sessionTimeoutMs > maxSessionTimeoutMs)
      return Code.INVALID_SESSION_TIMEOUT;
    return memberId !== '' && !this.#groups.has(groupId) ? Code.UNKNOWN_MEMBER_ID : Code.NONE;
  }

  /** Outsiders need no group: one without members comes to be for their offsets. @throws Refusal ILLEGAL_GENERATION */
  #committing(groupId: string, { generation }: Claim): Group {
    const group = this.get(groupId);
    if (group !== undefined) return group;
    if (generation >= 0) throw new Refusal(Code.ILLEGAL_GENERATION);
    return this.#create(groupId);
  }

  #create(groupId: string): Group {
    const group = new Group(groupId, this.#broker.clock.now());
    this.#groups.set(groupId, group);
    this.#store.save(group);
    return group;
  }

  #reload(group: Group): Group {
    this.#membership.unload(group);
    const reloaded = this.#store.reload(group.id);
    this.#groups.set(group.id, reloaded);
    this.#membership.resume(reloaded);
    return reloaded;
  }

  #forget(group: Group): void {
    group.stopTimers();
    this.#groups.delete(group.id);
    this.#store.remove(group.id);
  }

  #refuseTopic({ topic, partition }: { readonly topic: string; readonly partition: number }): number {
    const exists = this.#broker.topics.partition(topic, partition) !== undefined;
    return exists ? Code.NONE : Code.UNKNOWN_TOPIC_OR_PARTITION;
  }

  #refuseMetadata({ metadata }: OffsetEntry): number {
    const isTooLarge = metadata !== null && metadata.length > this.#configs.maxOffsetMetadata;
    return isTooLarge ? Code.OFFSET_METADATA_TOO_LARGE : Code.NONE;
  }

  #expireLater(): void {
    this.#broker.clock.after(this.#configs.offsetsRetentionCheckMs, () => {
      for (const group of [...this.#groups.values()]) this.#expire(group);
      this.#expireLater();
    });
  }

  /** A group that is empty in every sense goes, too. */
  #expire(group: Group): void {
    const now = this.#broker.clock.now();
    for (const [topic, partition, value] of entries(this.#offsets.of(group.id))) {
      if (group.isSubscribedTo(topic) || this.#offsets.isStaged(group.id, topic, partition)) continue;
      if (this.#hasExpired(group, value, now)) this.#offsets.delete(group.id, topic, partition);
    }
    const isLeft = this.#offsets.of(group.id) !== undefined || this.#offsets.hasStaged(group.id);
    if (!isLeft && group.state === 'Empty') this.#forget(group);
  }

  /** The time counts from the commit; for members that have gone, from when the last one went. */
  #hasExpired(group: Group, { at, expiresAt }: Committed, now: number): boolean {
    const isOutsiders = group.protocolType === null;
    const isReading = group.isConsumerGroup && group.subscribed !== null && group.state === 'Stable';
    if (!isOutsiders && !isReading && group.state !== 'Empty') return false;
    if (expiresAt !== null) return now >= expiresAt;
    const from = isOutsiders || isReading ? at : group.since;
    return now - from >= this.#configs.offsetsRetentionMs;
  }
}

const storedOf = ({ offset, leaderEpoch, metadata }: OffsetEntry) => ({
  offset,
  leaderEpoch,
  metadata: metadata ?? '',
});
