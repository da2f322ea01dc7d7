/**
 * A member of a consumer group: topics in, partitions out. What sink tasks join with.
 *
 * Each assignment carries the partition counts it was made from. A member that sees others (a topic was created, has
 * grown, or its own configuration changed while a static membership kept the old assignment) asks for a rebalance.
 */
import { ConfigError, type Logger, MillraceError, SILENT, type TopicPartition } from '../kernel';
import { ASSIGNORS, type AssignorName, type Consumer } from './assignors';
import {
  decodeAssignment,
  decodeStickyData,
  decodeSubscription,
  encodeAssignment,
  encodeStickyData,
  encodeSubscription,
  type PartitionCounts,
} from './consumer-protocol';
import { Code } from './errors';
import type { GroupIdentity, GroupMember, GroupPeer, KafkaPort, TopicView } from './port';
import { retrying, sleep } from './retry';

export interface ConsumerGroupOptions {
  readonly groupId: string;
  /** Topics by name, or all whose name matches as a whole; Kafka's internal topics never do. */
  readonly topics: readonly string[] | RegExp;
  /** Offered best first; all members must share one. `range`, as Kafka Connect, unless given. */
  readonly assignors?: readonly AssignorName[];
  /** Static membership: the process that restarts with the same id takes its partitions over at once. */
  readonly instanceId?: string;
  readonly sessionTimeoutMs?: number;
  readonly rebalanceTimeoutMs?: number;
  readonly heartbeatMs?: number;
  /** How often topics and partition counts are looked up again, ms; 30 s unless given. */
  readonly refreshMs?: number;
  onAssigned(partitions: TopicPartition[], identity: GroupIdentity): Promise<void> | void;
  /** See GroupOptions: everything is to be given up; awaited before the next join. */
  onRevoked(reason: 'rebalance' | 'lost' | 'leave'): Promise<void> | void;
  onFatal(error: Error): void;
}

const REFRESH_MS = 30_000;
/** While a topic is missing it is expected at any moment; after a minute not so soon. */
const MISSING_REFRESH_MS = 1000;
const LATE_REFRESH_MS = 5000;
const LATE_MS = 60_000;
const REJOIN_PAUSE_MS = 1000;

export interface ConsumerGroup extends GroupMember {
  /** Looks topics up now. True when the assignment was made for all of them; else a rebalance is on its way. */
  isComplete(): Promise<boolean>;
}

/** The member is not started yet. Do not await its `stop` in a handler: it waits for handlers. */
export function createConsumerGroup(
  kafka: KafkaPort,
  options: ConsumerGroupOptions,
  logger: Logger = SILENT,
): ConsumerGroup {
  const names = options.assignors ?? ['range'];
  const subscription = new SubscriptionState(kafka, options.topics);
  const member = kafka.group({
    ...options,
    protocolType: 'consumer',
    protocols: () => names.map((name) => ({ name, metadata: subscription.encode(name) })),
    assign: (protocol, members) => assign(kafka, protocol, members),
    async onAssigned(bytes, identity) {
      const { partitions, basis } = decodeAssignment(bytes);
      subscription.assigned(partitions, basis, identity.generation);
      await options.onAssigned(subscription.wantedOf(partitions), identity);
      if (subscription.isStale()) watch.lookSoon();
    },
  });
  const watch = createWatch(subscription, member, options, logger);
  return {
    get identity() {
      return member.identity;
    },
    get sessionLeftMs() {
      return member.sessionLeftMs;
    },
    start: () => watch.start(),
    rejoin: () => member.rejoin(),
    async isComplete() {
      await subscription.refresh();
      if (!subscription.isStale()) return true;
      watch.lookSoon();
      return false;
    },
    stop: async (stopOptions) => {
      watch.stop();
      await member.stop(stopOptions);
    },
  };
}

/** What this member subscribes to, what it was given, and whether that still fits. */
class SubscriptionState {
  readonly #kafka: KafkaPort;
  readonly #wanted: readonly string[] | RegExp;
  #counts: PartitionCounts = new Map();
  #basis: PartitionCounts | null = null;
  #owned: readonly TopicPartition[] = [];
  #generation = -1;

  constructor(kafka: KafkaPort, wanted: readonly string[] | RegExp) {
    this.#kafka = kafka;
    this.#wanted = wanted instanceof RegExp ? wholeName(wanted) : wanted;
  }

  get topics(): readonly string[] {
    return [...this.#counts.keys()];
  }

  /** Nothing to read yet, or not all of it. */
  get isIncomplete(): boolean {
    return this.#counts.size === 0 || [...this.#counts.values()].includes(0);
  }

  assigned(partitions: readonly TopicPartition[], basis: PartitionCounts | null, generation: number): void {
    this.#owned = partitions;
    this.#generation = generation;
    this.#basis = basis ?? this.#counts;
  }

  /** A static member that comes back with other topics is first given what it had: of those topics nothing may be read. */
  wantedOf(partitions: readonly TopicPartition[]): TopicPartition[] {
    const wanted = this.#wanted;
    return partitions.filter(({ topic }) =>
      wanted instanceof RegExp ? wanted.test(topic) : wanted.includes(topic),
    );
  }

  /** True when the assignment was made from other topics or partition counts than there are. */
  isStale(): boolean {
    const basis = this.#basis;
    if (basis === null) return false;
    if (this.#owned.some(({ topic }) => !this.#counts.has(topic))) return true;
    return [...this.#counts].some(([topic, count]) => count !== (basis.get(topic) ?? 0));
  }

  /**
   * The generation makes the bytes of each join differ from those of the last. The coordinator begins a rebalance
   * when a member's bytes change, but not when a static follower joins again with the same.
   */
  encode(assignor: AssignorName): Buffer {
    const [owned, generation] = [this.#owned, this.#generation];
    const userData = assignor === 'sticky' && generation >= 0 ? encodeStickyData(owned, generation) : null;
    return encodeSubscription({ topics: this.topics, userData, owned: [], generation, rack: null });
  }

  async refresh(): Promise<void> {
    const wanted = this.#wanted;
    const names =
      wanted instanceof RegExp
        ? (await this.#kafka.admin.listTopics()).filter((topic) => wanted.test(topic))
        : wanted;
    const views = await this.#kafka.metadata(names);
    this.#counts = new Map(views.map((view) => [view.topic, this.#countOf(view)]));
  }

  /** A topic whose brokers are in trouble has not lost its partitions. */
  #countOf({ topic, error, partitions }: TopicView): number {
    const passing = error !== Code.NONE && error !== Code.UNKNOWN_TOPIC_OR_PARTITION;
    return passing ? (this.#counts.get(topic) ?? 0) : partitions.length;
  }
}

/** Without flags that make `test` remember, and for the whole name, as Java matches. */
const wholeName = (pattern: RegExp): RegExp =>
  new RegExp(`^(?:${pattern.source})$`, pattern.flags.replace(/[gy]/g, ''));

/** Starts the member after the first look; then looks again and again, and asks for a rebalance when one is due. */
function createWatch(
  subscription: SubscriptionState,
  member: GroupMember,
  { refreshMs = REFRESH_MS, onFatal }: ConsumerGroupOptions,
  logger: Logger,
) {
  const started = Date.now();
  const stopping = new AbortController();
  let wake = new AbortController();
  let lastRejoin = 0;

  async function run(): Promise<void> {
    await retrying(() => subscription.refresh(), { signal: stopping.signal });
    member.start();
    while (!stopping.signal.aborted) {
      await sleep(pauseMs(), wake.signal);
      if (stopping.signal.aborted) return;
      // Before the look, so that a wish for another one while it lasts is not lost.
      wake = new AbortController();
      await look();
    }
  }

  function pauseMs(): number {
    if (!subscription.isIncomplete) return refreshMs;
    return Math.min(refreshMs, Date.now() - started < LATE_MS ? MISSING_REFRESH_MS : LATE_REFRESH_MS);
  }

  async function look(): Promise<void> {
    try {
      await subscription.refresh();
      if (!subscription.isStale()) return;
      // The leader's broker may know of a change a little later than ours: no storm of rebalances until it does.
      await sleep(lastRejoin + REJOIN_PAUSE_MS - Date.now(), stopping.signal);
      lastRejoin = Date.now();
      member.rejoin();
    } catch (error) {
      if (!(error instanceof MillraceError)) throw error;
      logger.debug({ reason: error.message }, 'Could not look up the topics of the group; the next look may');
    }
  }

  return {
    start: () =>
      void run().catch((error) => {
        if (!stopping.signal.aborted) onFatal(error);
      }),
    lookSoon: () => wake.abort(),
    stop() {
      stopping.abort();
      wake.abort();
    },
  };
}

async function assign(
  kafka: KafkaPort,
  name: string,
  members: readonly GroupPeer[],
): Promise<ReadonlyMap<string, Buffer>> {
  const assignor = ASSIGNORS[name as AssignorName];
  if (assignor === undefined) throw new ConfigError(`"${name}" is none of range, roundrobin and sticky`);
  const consumers = members.map(toConsumer);
  const topics = [...new Set(consumers.flatMap((consumer) => consumer.topics))];
  const views = await kafka.metadata(topics);
  const counts = new Map(views.map((view) => [view.topic, view.partitions.length]));
  const assignments = assignor(consumers, counts);
  return new Map([...assignments].map(([id, partitions]) => [id, encodeAssignment(partitions, counts)]));
}

function toConsumer({ memberId, instanceId, metadata }: GroupPeer): Consumer {
  const { topics, userData, owned, generation } = decodeSubscription(metadata);
  const had = userData !== null && userData.length > 0 ? decodeStickyData(userData) : { owned, generation };
  return { memberId, instanceId, topics, ...had };
}
