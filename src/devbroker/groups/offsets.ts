/** Committed offsets, and those of transactions that have not ended. */

export interface Committed {
  readonly offset: number;
  readonly leaderEpoch: number;
  readonly metadata: string;
  /** When it was committed, ms. */
  readonly at: number;
  /** When it expires, ms; null: as the broker's configs say. Clients before OffsetCommit v5 could choose. */
  readonly expiresAt: number | null;
  /** Later commits have higher ones: what a transaction brings must not undo what came after it. */
  readonly order: number;
}

/** By topic and partition. */
export type Offsets = Map<string, Map<number, Committed>>;

/** By group. */
type ByGroup = Map<string, Offsets>;

export interface OffsetLog {
  committed(group: string, topic: string, partition: number, value: Committed | null): void;
  staged(producerId: number, group: string, topic: string, partition: number, value: Committed | null): void;
}

export class OffsetStore {
  readonly #committed: ByGroup = new Map();
  readonly #staged = new Map<number, ByGroup>();
  readonly #log: OffsetLog;
  #order = 0;

  constructor(log: OffsetLog) {
    this.#log = log;
  }

  /** What was in the log. */
  restore(group: string, topic: string, partition: number, value: Committed): void {
    set(this.#committed, group, topic, partition, value);
    this.#order = Math.max(this.#order, value.order);
  }

  restoreStaged(producerId: number, group: string, topic: string, partition: number, value: Committed): void {
    set(this.#stagedBy(producerId), group, topic, partition, value);
    this.#order = Math.max(this.#order, value.order);
  }

  commit(group: string, topic: string, partition: number, value: Omit<Committed, 'order'>): void {
    this.#put(group, topic, partition, { ...value, order: ++this.#order });
  }

  stage(
    producerId: number,
    group: string,
    topic: string,
    partition: number,
    value: Omit<Committed, 'order'>,
  ): void {
    const staged = { ...value, order: ++this.#order };
    set(this.#stagedBy(producerId), group, topic, partition, staged);
    this.#log.staged(producerId, group, topic, partition, staged);
  }

  complete(producerId: number, group: string, commit: boolean): void {
    for (const [topic, partition, value] of entries(this.#staged.get(producerId)?.get(group))) {
      const current = this.get(group, topic, partition);
      if (commit && (current === undefined || current.order < value.order))
        this.#put(group, topic, partition, value);
      this.#log.staged(producerId, group, topic, partition, null);
    }
    const groups = this.#staged.get(producerId);
    groups?.delete(group);
    if (groups?.size === 0) this.#staged.delete(producerId);
  }

  get(group: string, topic: string, partition: number): Committed | undefined {
    return this.#committed.get(group)?.get(topic)?.get(partition);
  }

  of(group: string): Offsets | undefined {
    return this.#committed.get(group);
  }

  isStaged(group: string, topic: string, partition: number): boolean {
    for (const groups of this.#staged.values())
      if (groups.get(group)?.get(topic)?.has(partition)) return true;
    return false;
  }

  hasStaged(group: string): boolean {
    return [...this.#staged.values()].some((groups) => groups.has(group));
  }

  /** Forgets one, the staged too. */
  delete(group: string, topic: string, partition: number): void {
    if (drop(this.#committed, group, topic, partition)) this.#log.committed(group, topic, partition, null);
    for (const [producerId, groups] of this.#staged)
      if (drop(groups, group, topic, partition)) this.#log.staged(producerId, group, topic, partition, null);
  }

  deleteGroup(group: string): void {
    for (const groups of [this.#committed, ...this.#staged.values()])
      for (const [topic, partition] of entries(groups.get(group))) this.delete(group, topic, partition);
  }

  deleteTopic(topic: string): void {
    for (const groups of [this.#committed, ...this.#staged.values()])
      for (const [group, topics] of [...groups])
        for (const partition of [...(topics.get(topic)?.keys() ?? [])]) this.delete(group, topic, partition);
  }

  #put(group: string, topic: string, partition: number, value: Committed): void {
    set(this.#committed, group, topic, partition, value);
    this.#log.committed(group, topic, partition, value);
  }

  #stagedBy(producerId: number): ByGroup {
    let groups = this.#staged.get(producerId);
    if (groups === undefined) this.#staged.set(producerId, (groups = new Map()));
    return groups;
  }
}

/** A copy: what it lists may be deleted meanwhile. */
export const entries = (offsets: Offsets | undefined): [string, number, Committed][] =>
  [...(offsets ?? [])].flatMap(([topic, partitions]) =>
    [...partitions].map(([partition, value]): [string, number, Committed] => [topic, partition, value]),
  );

function set(groups: ByGroup, group: string, topic: string, partition: number, value: Committed): void {
  let topics = groups.get(group);
  if (topics === undefined) groups.set(group, (topics = new Map()));
  let partitions = topics.get(topic);
  if (partitions === undefined) topics.set(topic, (partitions = new Map()));
  partitions.set(partition, value);
}

function drop(groups: ByGroup, group: string, topic: string, partition: number): boolean {
  const topics = groups.get(group);
  const partitions = topics?.get(topic);
  if (topics === undefined || partitions === undefined || !partitions.delete(partition)) return false;
  if (partitions.size === 0) topics.delete(topic);
  if (topics.size === 0) groups.delete(group);
  return true;
}
