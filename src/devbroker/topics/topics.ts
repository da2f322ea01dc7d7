/** The cluster's topics: made, changed, deleted, found again after a restart. */
import type { Broker } from '../broker';
import type { Nodes } from '../nodes';
import { Code, Refusal } from '../refusal';
import { brokerConfig, checkBrokerConfigs } from './broker-configs';
import { logConfig, normalizeOverrides } from './config';
import { startHousekeeping } from './housekeeping';
import { checkTopicName, collisionKey, type InternalTopicName, isInternalName } from './names';
import { checkPlacement, type Placement, place } from './placement';
import type { NewTopic, Partition, Topic, Topics } from './port';
import { openStore, type StoredTopic, type TopicStore } from './store';

export interface OpenTopics extends Topics {
  readonly clusterId: string;
  close(): void;
}

/** Kafka's bound on what one request may ask for. */
const MAX_PARTITIONS = 10_000;

const INTERNAL_CONFIGS = { 'cleanup.policy': 'compact', 'compression.type': 'producer' };

interface OpenPartition extends Partition {
  replicas: readonly number[];
}

interface OpenTopic extends Topic {
  readonly partitions: OpenPartition[];
  overrides: ReadonlyMap<string, string>;
}

/** @throws MillraceError when the data folder cannot be used */
export function openTopics(broker: Broker): OpenTopics {
  const brokerConfigs = checkBrokerConfigs(broker.settings.configs);
  const store = openStore(broker.settings, broker.clock, (overrides) => logConfig(overrides, brokerConfigs));
  const topics = new ClusterTopics(broker.nodes, brokerConfigs, store);
  const housekeeping = startHousekeeping(topics, broker.settings, broker.clock);
  topics.onClose(() => housekeeping.close());
  return topics;
}

class ClusterTopics implements OpenTopics {
  readonly clusterId: string;
  readonly #nodes: Nodes;
  readonly #store: TopicStore;
  readonly #topics = new Map<string, OpenTopic>();
  readonly #collisions = new Map<string, string>();
  readonly #onDeleted: ((topic: string) => void)[] = [];
  readonly #onLeaderChange = new Set<() => void>();
  readonly #onClose: (() => void)[] = [];

  constructor(
    nodes: Nodes,
    readonly brokerConfigs: ReadonlyMap<string, string>,
    store: TopicStore,
  ) {
    this.#nodes = nodes;
    this.#store = store;
    this.clusterId = store.clusterId;
    for (const stored of store.load()) this.#restore(stored);
    this.#save();
  }

  get(name: string): Topic | undefined {
    return this.#topics.get(name);
  }

  partition(name: string, index: number): Partition | undefined {
    return this.#topics.get(name)?.partitions[index];
  }

  list(): Topic[] {
    return [...this.#topics.values()];
  }

  internal(name: InternalTopicName): Topic {
    return this.#topics.get(name) ?? this.create({ name, partitions: 1, configs: INTERNAL_CONFIGS });
  }

  create(wanted: NewTopic, validateOnly: true): void;
  create(wanted: NewTopic, validateOnly?: false): Topic;
  create(wanted: NewTopic, validateOnly = false): Topic | undefined {
    this.#checkName(wanted.name);
    const overrides = normalizeOverrides(Object.entries(wanted.configs ?? {}));
    const placement = this.#place(wanted);
    if (validateOnly) return undefined;
    const topic = this.#add(wanted.name, wanted.isInternal ?? isInternalName(wanted.name), overrides);
    this.#extend(topic, placement);
    this.#save();
    return topic;
  }

  delete(name: string): void {
    const topic = this.#require(name);
    this.#topics.delete(name);
    this.#collisions.delete(collisionKey(name));
    // Nobody may find it again after a crash that comes while its files go.
    this.#save();
    this.#store.remove(
      name,
      topic.partitions.map(({ log }) => log),
    );
    for (const listener of this.#onDeleted) listener(name);
  }

  grow(name: string, partitions: number, placement: Placement | null = null, validateOnly = false): void {
    const topic = this.#require(name);
    const existing = topic.partitions.length;
    const additional = partitions - existing;
    checkGrowth(name, existing, partitions);
    const factor = topic.partitions[0]!.replicas.length;
    if (placement !== null && placement.length !== additional) {
      throw new Refusal(
        Code.INVALID_REPLICA_ASSIGNMENT,
        `Attempted to add ${additional} additional partition(s), but only ${placement.length} assignment(s) were specified.`,
      );
    }
    if (placement !== null) checkPlacement(this.#nodes, placement, factor);
    const added = placement ?? place(this.#nodes, existing, additional, factor);
    if (validateOnly) return;
    this.#extend(topic, added);
    this.#save();
  }

  configure(name: string, overrides: ReadonlyMap<string, string>, validateOnly = false): void {
    const topic = this.#require(name);
    const normalized = normalizeOverrides(overrides);
    if (validateOnly) return;
    topic.overrides = normalized;
    const config = logConfig(normalized, this.brokerConfigs);
    for (const { log } of topic.partitions) log.configure(config);
    this.#save();
  }

  onDeleted(listener: (topic: string) => void): void {
    this.#onDeleted.push(listener);
  }

  onLeaderChange(listener: () => void): () => void {
    this.#onLeaderChange.add(listener);
    return () => void this.#onLeaderChange.delete(listener);
  }

  moveLeader(name: string, index: number, nodeId: number): void {
    const partition = this.#require(name).partitions[index];
    if (partition === undefined) throw new Refusal(Code.UNKNOWN_TOPIC_OR_PARTITION);
    if (nodeId !== -1) this.#nodes.get(nodeId);
    lead(partition, nodeId);
    this.#leadersChanged();
  }

  electLeaders(): void {
    // Nodes come up one after the other: the first one must not take everything.
    if (this.#nodes.all.some(({ port }) => port === 0)) return;
    let turn = 0;
    for (const { partitions } of this.#topics.values()) {
      for (const partition of partitions) {
        if (this.#isUp(partition.leader)) continue;
        const leader = partition.replicas.find((id) => this.#isUp(id)) ?? this.#nodes.live[0]?.id ?? -1;
        const other = this.#nodes.live.length > 0 ? this.#nodes.spread(turn++).id : -1;
        lead(partition, partition.replicas.includes(leader) ? leader : other);
      }
    }
    this.#leadersChanged();
  }

  #leadersChanged(): void {
    this.#save();
    for (const listener of this.#onLeaderChange) listener();
  }

  onClose(listener: () => void): void {
    this.#onClose.push(listener);
  }

  close(): void {
    for (const listener of this.#onClose) listener();
    for (const { partitions } of this.#topics.values()) for (const { log } of partitions) log.close();
    this.#store.close();
  }

  #isUp(nodeId: number): boolean {
    return this.#nodes.all.some(({ id, up }) => up && id === nodeId);
  }

  #require(name: string): OpenTopic {
    const topic = this.#topics.get(name);
    if (topic === undefined)
      throw new Refusal(Code.UNKNOWN_TOPIC_OR_PARTITION, 'This server does not host this topic-partition.');
    return topic;
  }

  #checkName(name: string): void {
    checkTopicName(name);
    if (this.#topics.has(name))
      throw new Refusal(Code.TOPIC_ALREADY_EXISTS, `Topic '${name}' already exists.`);
    const colliding = this.#collisions.get(collisionKey(name));
    if (colliding !== undefined) {
      throw new Refusal(
        Code.INVALID_TOPIC_EXCEPTION,
        `Topic '${name}' collides with existing topic: ${colliding}`,
      );
    }
  }

  #place({ partitions, replicationFactor, placement }: NewTopic): Placement {
    if (placement !== undefined) {
      checkPlacement(this.#nodes, placement);
      return placement;
    }
    const count = partitions ?? this.#number('num.partitions');
    const factor = replicationFactor ?? this.#number('default.replication.factor');
    checkNumbers(count, factor);
    return place(this.#nodes, 0, count, factor);
  }

  #number(name: string): number {
    return Number(brokerConfig(this.brokerConfigs, name));
  }

  #add(name: string, isInternal: boolean, overrides: ReadonlyMap<string, string>): OpenTopic {
    const topic: OpenTopic = { name, isInternal, partitions: [], overrides };
    this.#topics.set(name, topic);
    this.#collisions.set(collisionKey(name), name);
    return topic;
  }

  #extend(topic: OpenTopic, placement: Placement): void {
    for (const replicas of placement) {
      const index = topic.partitions.length;
      const log = this.#store.openLog(topic.name, index, topic.overrides);
      topic.partitions.push({ index, log, replicas, leader: replicas[0]!, leaderEpoch: 0 });
    }
  }

  #restore(stored: StoredTopic): void {
    const topic = this.#add(stored.name, stored.isInternal, new Map(Object.entries(stored.configs)));
    const known = (id: number) => this.#nodes.all.some((node) => node.id === id);
    stored.partitions.forEach(({ replicas, leaderEpoch }, index) => {
      const left = replicas.filter(known);
      // The cluster may be started with fewer nodes than before.
      const placed = left.length > 0 ? left : place(this.#nodes, index, 1, 1)[0]!;
      const log = this.#store.openLog(stored.name, index, topic.overrides);
      topic.partitions.push({
        index,
        log,
        replicas: placed,
        leader: placed[0]!,
        leaderEpoch: leaderEpoch + 1,
      });
    });
  }

  #save(): void {
    this.#store.save(
      [...this.#topics.values()].map(({ name, isInternal, overrides, partitions }) => ({
        name,
        isInternal,
        configs: Object.fromEntries(overrides),
        partitions: partitions.map(({ replicas, leaderEpoch }) => ({ replicas, leaderEpoch })),
      })),
    );
  }
}

function lead(partition: OpenPartition, nodeId: number): void {
  if (partition.leader === nodeId) return;
  partition.leader = nodeId;
  partition.leaderEpoch++;
}

function checkNumbers(partitions: number, factor: number): void {
  if (factor < 1) {
    throw new Refusal(
      Code.INVALID_REPLICATION_FACTOR,
      'Replication factor must be larger than 0, or -1 to use the default value.',
    );
  }
  if (partitions < 1) {
    throw new Refusal(
      Code.INVALID_PARTITIONS,
      'Number of partitions was set to an invalid non-positive value.',
    );
  }
  checkExcess(partitions);
}

function checkGrowth(name: string, existing: number, wanted: number): void {
  if (wanted === existing)
    throw new Refusal(Code.INVALID_PARTITIONS, `Topic already has ${existing} partition(s).`);
  if (wanted < existing) {
    throw new Refusal(
      Code.INVALID_PARTITIONS,
      `The topic ${name} currently has ${existing} partition(s); ${wanted} would not be an increase.`,
    );
  }
  checkExcess(wanted - existing);
}

function checkExcess(partitions: number): void {
  if (partitions > MAX_PARTITIONS)
    throw new Refusal(Code.POLICY_VIOLATION, 'Excessively large number of partitions per request.');
}
