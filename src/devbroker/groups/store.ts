/** Groups and offsets in the journal: how their entries look, and how all is found again. */
import type { Journal } from '../log/port';
import { Group, Member } from './group';
import type { Committed, OffsetLog, OffsetStore } from './offsets';

/** A group as it was when its members last agreed, or when the last one left. */
interface SavedGroup {
  readonly generation: number;
  readonly protocolType: string | null;
  readonly protocol: string | null;
  readonly leader: string | null;
  readonly since: number;
  readonly members: readonly SavedMember[];
}

interface SavedMember {
  readonly id: string;
  readonly instanceId: string | null;
  readonly clientId: string;
  readonly clientHost: string;
  readonly sessionTimeoutMs: number;
  readonly rebalanceTimeoutMs: number;
  /** Base64. Of the protocol that was chosen. */
  readonly metadata: string;
  /** Base64. */
  readonly assignment: string;
}

/** JSON, for group ids may hold any character. */
type Key =
  | ['group', group: string]
  | ['offset', group: string, topic: string, partition: number]
  | ['staged', producerId: number, group: string, topic: string, partition: number];

const keyOf = (...key: Key): string => JSON.stringify(key);

export class GroupStore implements OffsetLog {
  readonly #journal: Journal;
  /** As the journal has them. */
  readonly #groups = new Map<string, SavedGroup>();

  constructor(journal: Journal) {
    this.#journal = journal;
  }

  save(group: Group): void {
    const saved = savedGroup(group);
    this.#groups.set(group.id, saved);
    this.#journal.put(keyOf('group', group.id), saved);
  }

  /** The group as it was saved last. */
  reload(groupId: string): Group {
    return loadedGroup(groupId, this.#groups.get(groupId)!);
  }

  remove(groupId: string): void {
    this.#groups.delete(groupId);
    this.#journal.put(keyOf('group', groupId), null);
  }

  committed(group: string, topic: string, partition: number, value: Committed | null): void {
    this.#journal.put(keyOf('offset', group, topic, partition), value);
  }

  staged(producerId: number, group: string, topic: string, partition: number, value: Committed | null): void {
    this.#journal.put(keyOf('staged', producerId, group, topic, partition), value);
  }

  /** All groups that were saved; their offsets go to the other store. */
  load(offsets: OffsetStore): Group[] {
    for (const [text, value] of this.#journal.load()) {
      const key = JSON.parse(text) as Key;
      if (key[0] === 'group') this.#groups.set(key[1], value as SavedGroup);
      else if (key[0] === 'offset') offsets.restore(key[1], key[2], key[3], value as Committed);
      else offsets.restoreStaged(key[1], key[2], key[3], key[4], value as Committed);
    }
    return [...this.#groups].map(([id, saved]) => loadedGroup(id, saved));
  }
}

function savedGroup(group: Group): SavedGroup {
  const { generation, protocolType, protocol, leader, since } = group;
  const members = [...group.members.values()].map((member) => savedMember(member, protocol));
  return { generation, protocolType, protocol, leader, since, members };
}

const savedMember = (member: Member, protocol: string | null): SavedMember => ({
  id: member.id,
  instanceId: member.instanceId,
  clientId: member.client.id,
  clientHost: member.client.host,
  sessionTimeoutMs: member.sessionTimeoutMs,
  rebalanceTimeoutMs: member.rebalanceTimeoutMs,
  metadata: member.metadata(protocol).toString('base64'),
  assignment: member.assignment.toString('base64'),
});

function loadedGroup(id: string, saved: SavedGroup): Group {
  const group = new Group(id, saved.since);
  group.generation = saved.generation;
  group.protocol = saved.protocol;
  group.protocolType = saved.protocolType;
  for (const each of saved.members) group.add(loadedMember(each, saved), saved.protocolType ?? '');
  group.leader = saved.leader;
  if (saved.members.length > 0) group.enter('Stable', saved.since);
  group.tellTopics();
  return group;
}

function loadedMember(saved: SavedMember, { protocol }: SavedGroup): Member {
  const client = { id: saved.clientId, host: saved.clientHost };
  const metadata = Buffer.from(saved.metadata, 'base64');
  const protocols = [{ name: protocol ?? '', metadata }];
  const member = new Member(saved.id, saved.instanceId, client, { ...saved, protocols });
  member.assignment = Buffer.from(saved.assignment, 'base64');
  member.isNew = false;
  return member;
}
