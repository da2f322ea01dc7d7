/** The cluster's topics: made, changed, deleted, found again after a restart. */
import type { Broker } from '../broker';
import type { LogConfig } from '../log/port';
import type { Nodes } from '../nodes';
import { Code, Refusal } from '../refusal';
import { brokerConfig, checkBrokerConfigs } from './broker-configs';
import { segmentLimit } from './bytes-bound';
import type { StoredTopic } from './cluster-file';
import { logConfig, normalizeOverrides } from './config';
import { type Housekeeping, startHousekeeping } from './housekeeping';
import { checkTopicName, collisionKey, type InternalTopicName, isInternalName } from './names';
import { checkGrowth, checkNumbers, checkPlacement, type Placement, place } from './placement';
import type { NewTopic, Partition, Topic, Topics } from './port';
import { openStore, type TopicStore } from './store';

export interface OpenTopics extends Topics {
  readonly clusterId: string;
  close(): void;
}

/** As Kafka makes them. */
const INTERNAL_CONFIGS = {
  'cleanup.policy': 'compact',
  'compression.type': 'producer',
  'segment.bytes': '104857600',
};

interface OpenTopic extends Topic {
  readonly partitions: Partition[];
  overrides: ReadonlyMap<string, string>;
}

/** @throws MillraceError when a config is wrong, or the data folder cannot be used */
export function openTopics(broker: Broker): OpenTopics {
  const { settings, nodes, clock } = broker;
  const brokerConfigs = checkBrokerConfigs(settings.configs);
  const store = openStore(settings, clock);
  try {
    const topics = new ClusterTopics(nodes, brokerConfigs, store, settings.maxBytes);
    topics.housekeeping = startHousekeeping(topics, settings, clock);
    return topics;
  } catch (error) {
    store.close();
    throw error;
  }
}

class ClusterTopics implements OpenTopics {
  housekeeping: Housekeeping | null = null;
  readonly #nodes: Nodes;
  readonly #store: TopicStore;
  readonly #maxBytes: number;
  readonly #topics = new Map<string, OpenTopic>();
  /** Names by what their metrics would be called. */
  readonly #collisions = new Map<string, string>();
  readonly #onDeleted: ((topic: string) => void)[] = [];
  readonly #onLeaderChange = new Set<() => void>();
  #segmentLimit: number;

  constructor(
    nodes: Nodes,
    readonly brokerConfigs: ReadonlyMap<string, string>,
    store: TopicStore,
    maxBytes: number,
  ) {
    this.#nodes = nodes;
    this.#store = store;
    this.#maxBytes = maxBytes;
    this.#segmentLimit = segmentLimit(maxBytes, 1);
    for (const stored of store.topics) this.#restore(stored);
    this.#save();
  }

  get clusterId(): string {
    return this.#store.clusterId;
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

  configOf(topic: Topic): LogConfig {
    const config = logConfig(topic.overrides, this.brokerConfigs);
    return config.segmentBytes <= this.#segmentLimit
      ? config
      : { ...config, segmentBytes: this.#segmentLimit };
  }

  create(wanted: NewTopic, validateOnly: true): void;
  create(wanted: NewTopic, validateOnly?: false): Topic;
  create(wanted: NewTopic, validateOnly = false): Topic | undefined {
    this.#checkName(wanted.name);
    const overrides = normalizeOverrides(Object.entries(wanted.configs ?? {}), this.brokerConfigs);
    const placement = this.#place(wanted);
    if (validateOnly) return undefined;
    const topic = this.#add(wanted.name, isInternalName(wanted.name), overrides);
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
    this.#store.remove(topic.partitions.map(({ log }) => log));
    for (const listener of this.#onDeleted) listener(name);
    this.#limitSegments();
  }

  grow(name: string, partitions: number, placement: Placement | null = null, validateOnly = false): void {
    const topic = this.#require(name);
    const existing = topic.partitions.length;
    const factor = topic.partitions[0]!.replicas.length;
    checkGrowth(name, existing, partitions, placement);
    if (placement !== null) checkPlacement(this.#nodes, placement, factor);
    const added = placement ?? place(this.#nodes, existing, partitions - existing, factor);
    if (validateOnly) return;
    this.#extend(topic, added);
    this.#save();
  }

  configure(name: string, overrides: ReadonlyMap<string, string>, validateOnly = false): void {
    const topic = this.#require(name);
    const normalized = normalizeOverrides(overrides, this.brokerConfigs);
    if (validateOnly) return;
    topic.overrides = normalized;
    this.#configureLogs(topic);
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
    if (lead(partition, nodeId)) this.#leadersChanged();
  }

  electLeaders(): void {
    // Nodes come up one after the other: the first one must not take everything.
    if (this.#nodes.all.some(({ port }) => port === 0)) return;
    const isUp = (nodeId: number) => this.#nodes.live.some(({ id }) => id === nodeId);
    let turn = 0;
    let hasChanged = false;
    for (const { partitions } of this.#topics.values()) {
      for (const partition of partitions) {
        if (isUp(partition.leader)) continue;
        const leader = partition.replicas.find(isUp) ?? this.#anyLiveNode(turn++);
        hasChanged = lead(partition, leader) || hasChanged;
      }
    }
    if (hasChanged) this.#leadersChanged();
  }

  /** Turn by turn: it is one log in truth, so whoever is there can lead. */
  #anyLiveNode(turn: number): number {
    return this.#nodes.live.length > 0 ? this.#nodes.spread(turn).id : -1;
  }

  #leadersChanged(): void {
    this.#save();
    for (const listener of this.#onLeaderChange) listener();
  }

  close(): void {
    this.housekeeping?.close();
    for (const { partitions } of this.#topics.values()) for (const { log } of partitions) log.close();
    this.#store.close();
  }

  #require(name: string): OpenTopic {
    const topic = this.#topics.get(name);
    if (topic === undefined) throw new Refusal(Code.UNKNOWN_TOPIC_OR_PARTITION);
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
    const number = (name: string) => Number(brokerConfig(this.brokerConfigs, name));
    const count = partitions ?? number('num.partitions');
    const factor = replicationFactor ?? number('default.replication.factor');
    checkNumbers(count, factor);
    return place(this.#nodes, 0, count, factor);
  }

  #add(name: string, isInternal: boolean, overrides: ReadonlyMap<string, string>): OpenTopic {
    const topic: OpenTopic = { name, isInternal, partitions: [], overrides };
    this.#topics.set(name, topic);
    this.#collisions.set(collisionKey(name), name);
    return topic;
  }

  #extend(topic: OpenTopic, placement: Placement): void {
    for (const replicas of placement) this.#addPartition(topic, replicas, 0);
    this.#limitSegments();
  }

  #restore({ name, isInternal, configs, partitions }: StoredTopic): void {
    const topic = this.#add(name, isInternal, new Map(Object.entries(configs)));
    const isKnown = (id: number) => this.#nodes.all.some((node) => node.id === id);
    partitions.forEach(({ replicas, leaderEpoch }, index) => {
      // The cluster may have fewer nodes than before.
      const left = replicas.filter(isKnown);
      const placed = left.length > 0 ? left : place(this.#nodes, index, 1, 1)[0]!;
      this.#addPartition(topic, placed, leaderEpoch + 1);
    });
    this.#limitSegments();
  }

  #addPartition(topic: OpenTopic, replicas: readonly number[], leaderEpoch: number): void {
    const index = topic.partitions.length;
    const log = this.#store.openLog(topic.name, index, this.configOf(topic));
    topic.partitions.push({ index, log, replicas, leader: replicas[0]!, leaderEpoch });
  }

  #configureLogs(topic: OpenTopic): void {
    const config = this.configOf(topic);
    for (const { log } of topic.partitions) log.configure(config);
  }

  /** The more partitions there are, the smaller their segments must be for the bound on all bytes. */
  #limitSegments(): void {
    const partitions = this.list().reduce((sum, topic) => sum + topic.partitions.length, 0);
    const limit = segmentLimit(this.#maxBytes, partitions);
    if (limit === this.#segmentLimit) return;
    this.#segmentLimit = limit;
    for (const topic of this.#topics.values()) this.#configureLogs(topic);
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

/** Whether that changes anything. */
function lead(partition: Partition, nodeId: number): boolean {
  if (partition.leader === nodeId) return false;
  partition.leader = nodeId;
  partition.leaderEpoch++;
  return true;
}
