/**
 * Who leads which partition: own Metadata requests, errors per topic, a cache that callers invalidate.
 * One deleted topic never spoils the answer for the others.
 */
import { Code, isRetriableCode, kafkaError, missingTopic, UNKNOWN_GRACE_MS } from './errors';
import type { BrokerDirectory, Lane } from './lane';
import type { TopicView } from './port';
import { newBackoff, sleep } from './retry';
import { type MetadataAnswer, metadataRequest, type TopicMetadata } from './wire/metadata';

export interface Metadata {
  /**
   * Node id of the leader. Rejects with KAFKA_REFUSED (kafkaCode 3) when the topic or partition does not exist, with
   * KAFKA_TRANSIENT when it has had no leader for 30 s, with KAFKA_UNREACHABLE when no broker answers.
   */
  leader(topic: string, partition: number): Promise<number>;
  /** Forgets a topic: the next question asks a broker. Call it after NOT_LEADER and connection trouble. */
  invalidate(topic: string): void;
  /** Number of partitions; rejects with KAFKA_REFUSED (kafkaCode 3) when the topic does not exist. */
  partitions(topic: string): Promise<number>;
  /** Fresh views, one per topic, error code instead of a throw. */
  view(topics: readonly string[], options?: { readonly allowAutoCreate?: boolean }): Promise<TopicView[]>;
  /** Every topic of the cluster, internal ones of Kafka itself included. */
  all(): Promise<readonly TopicMetadata[]>;
  clusterId(): Promise<string>;
}

const LEADERLESS_MS = 30_000;
/** As `metadata.max.age.ms`: topics grow. */
const MAX_AGE_MS = 300_000;

export function createMetadata(lane: Lane, directory: BrokerDirectory): Metadata {
  return new CachedMetadata(lane, directory);
}

/** Topics asked for together in one request. */
interface Round {
  readonly topics: Set<string>;
  readonly answer: Promise<Map<string, TopicMetadata>>;
}

class CachedMetadata implements Metadata {
  readonly #lane: Lane;
  readonly #directory: BrokerDirectory;
  readonly #cache = new Map<string, { readonly view: TopicMetadata; readonly freshUntil: number }>();
  /** Per request under way: topics invalidated since it was sent, whose answer is of the past. */
  readonly #forgotten = new Set<Set<string>>();
  #clusterId: string | null = null;
  /** The round that has not been sent yet: whoever asks now joins it, so an answer is never older than its question. */
  #next: Round | null = null;
  #running: Promise<unknown> = Promise.resolve();

  constructor(lane: Lane, directory: BrokerDirectory) {
    this.#lane = lane;
    this.#directory = directory;
  }

  async leader(topic: string, partition: number): Promise<number> {
    const found = await this.#settled(topic, (view) => {
      const { error, leader } = partitionOf(view, partition);
      return error === Code.NONE && leader < 0 ? Code.LEADER_NOT_AVAILABLE : error;
    });
    return partitionOf(found, partition).leader;
  }

  async partitions(topic: string): Promise<number> {
    return (await this.#settled(topic, () => Code.NONE)).partitions.length;
  }

  invalidate(topic: string): void {
    this.#cache.delete(topic);
    for (const forgotten of this.#forgotten) forgotten.add(topic);
  }

  async view(topics: readonly string[], options: { allowAutoCreate?: boolean } = {}): Promise<TopicView[]> {
    if (topics.length === 0) return [];
    const found = options.allowAutoCreate ? await this.#ask(topics, true) : await this.#join(topics);
    return topics.map(
      (topic) => found.get(topic) ?? { topic, error: Code.UNKNOWN_TOPIC_OR_PARTITION, partitions: [] },
    );
  }

  async all(): Promise<readonly TopicMetadata[]> {
    return (await this.#send(null, false)).topics;
  }

  async clusterId(): Promise<string> {
    if (this.#clusterId === null) await this.#send([], false);
    return this.#clusterId ?? '';
  }

  /** The topic once it has no passing error and `errorOf` finds none in it. */
  async #settled(topic: string, errorOf: (view: TopicMetadata) => number): Promise<TopicMetadata> {
    const backoff = newBackoff();
    const start = Date.now();
    let view = this.#cached(topic);
    for (;;) {
      view ??= (await this.#join([topic])).get(topic);
      const error = view === undefined ? Code.UNKNOWN_TOPIC_OR_PARTITION : view.error || errorOf(view);
      if (error === Code.NONE) return view!;
      const wait = backoff.next();
      if (Date.now() + wait - start > patienceMs(error)) throw lookupError(error, topic);
      this.#cache.delete(topic);
      view = undefined;
      await sleep(wait);
    }
  }

  #cached(topic: string): TopicMetadata | undefined {
    const entry = this.#cache.get(topic);
    return entry === undefined || Date.now() > entry.freshUntil ? undefined : entry.view;
  }

  #join(topics: readonly string[]): Promise<Map<string, TopicMetadata>> {
    const round = (this.#next ??= this.#openRound());
    for (const topic of topics) round.topics.add(topic);
    return round.answer;
  }

  #openRound(): Round {
    const topics = new Set<string>();
    const answer = this.#running.then(() => {
      this.#next = null;
      return this.#ask([...topics], false);
    });
    this.#running = answer.catch(() => undefined);
    return { topics, answer };
  }

  async #ask(topics: readonly string[], allowAutoCreate: boolean): Promise<Map<string, TopicMetadata>> {
    const forgotten = new Set<string>();
    this.#forgotten.add(forgotten);
    const answer = await this.#send(topics, allowAutoCreate).finally(() => this.#forgotten.delete(forgotten));
    const found = new Map(answer.topics.map((view) => [view.topic, view]));
    for (const topic of topics) {
      const view = found.get(topic);
      if (view?.error !== Code.NONE) this.#cache.delete(topic);
      else if (!forgotten.has(topic)) this.#cache.set(topic, { view, freshUntil: Date.now() + MAX_AGE_MS });
    }
    return found;
  }

  async #send(topics: readonly string[] | null, allowAutoCreate: boolean): Promise<MetadataAnswer> {
    const answer = await this.#lane.send('any', metadataRequest(topics, allowAutoCreate));
    for (const { nodeId, host, port } of answer.brokers) this.#directory.learn(nodeId, host, port);
    this.#clusterId = answer.clusterId;
    return answer;
  }
}

/** Partitions are kept sorted, and Kafka numbers them without gaps. */
const partitionOf = (view: TopicMetadata, partition: number) =>
  view.partitions[partition] ?? { error: Code.UNKNOWN_TOPIC_OR_PARTITION, leader: -1 };

function patienceMs(error: number): number {
  if (error === Code.UNKNOWN_TOPIC_OR_PARTITION) return UNKNOWN_GRACE_MS;
  return isRetriableCode(error) ? LEADERLESS_MS : 0;
}

const lookupError = (error: number, topic: string): Error =>
  error === Code.UNKNOWN_TOPIC_OR_PARTITION
    ? missingTopic(topic)
    : kafkaError(error, `look up topic ${topic}`);
