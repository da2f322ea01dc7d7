/**
 * The Kafka port: what the rest of millrace sees of Kafka. Batches, not records; every purpose has connections of its
 * own, because a broker answers one request at a time per connection. That kafkajs stands behind it is nobody's business.
 *
 * Errors: MillraceError with KAFKA_UNREACHABLE or KAFKA_TRANSIENT (retriable), KAFKA_REFUSED (final) or KAFKA_FENCED.
 * Calls retry retriable answers by themselves with back-off (50 ms → 1 s) until their own time-out or the abort signal.
 */
import type { Position, TopicPartition } from '../kernel';

export type Compression = 'none' | 'gzip' | 'snappy' | 'lz4' | 'zstd';
export type Isolation = 'read_uncommitted' | 'read_committed';

/** How to reach Kafka, from the usual client keys (`bootstrap.servers`, `security.protocol`, `sasl.*`, `ssl.*`). */
export interface KafkaOptions {
  readonly brokers: readonly string[];
  readonly clientId: string;
  readonly requestTimeoutMs?: number;
  readonly ssl?: boolean | import('node:tls').ConnectionOptions;
  readonly sasl?: {
    readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512';
    readonly username: string;
    readonly password: string;
  };
}

export interface KafkaPort {
  readonly admin: KafkaAdmin;
  /** One view per topic, an error code per topic instead of a throw; leaders are cached. */
  metadata(topics: readonly string[], options?: { readonly allowAutoCreate?: boolean }): Promise<TopicView[]>;
  /** Start, end, last stable or first-at-timestamp (ms) offset per partition. */
  offsets(partitions: readonly TopicPartition[], spec: OffsetSpec): Promise<Position[]>;
  producer(options?: ProducerOptions): BatchProducer;
  reader(options?: ReaderOptions): BatchReader;
  group(options: GroupOptions): GroupMember;
  /** Commits for a group. `member` null: as an outsider (generation -1), only when the group is empty. */
  commit(groupId: string, member: GroupIdentity | null, positions: readonly Position[]): Promise<void>;
  /** Committed positions; partitions without one are left out. Null: all that the group has committed. */
  committed(groupId: string, partitions: readonly TopicPartition[] | null): Promise<Position[]>;
  /** Forgets what a group without members has committed for partitions; what is not there is no error. */
  deleteOffsets(groupId: string, partitions: readonly TopicPartition[]): Promise<void>;
  compactedLog(options: CompactedLogOptions): CompactedLog;
  /** Resolves when a broker answers; rejects with KAFKA_UNREACHABLE naming the addresses when the signal aborts. */
  connect(signal?: AbortSignal): Promise<void>;
  /** Id of the cluster as brokers tell it. */
  clusterId(): Promise<string>;
  close(): Promise<void>;
}

export type OffsetSpec =
  | 'earliest'
  | 'latest'
  /** End of what read_committed readers may see. */
  | 'lso'
  | { readonly timestamp: number };

export interface TopicView {
  readonly topic: string;
  /** Kafka's error code; 0 when fine, 3 when the topic does not exist. */
  readonly error: number;
  readonly partitions: readonly {
    readonly partition: number;
    readonly leader: number;
    readonly error: number;
  }[];
}

/** What `RecordBatchBuilder` takes per record. */
export interface RecordInput {
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  /** Milliseconds; the time of the call when absent. */
  readonly timestamp?: number;
  readonly headers?: readonly WireHeader[];
}

export interface WireHeader {
  readonly key: string;
  readonly value: Uint8Array | null;
}

/** Encodes records of one partition into a record batch in one pass. Reusable after `build`. */
export interface RecordBatchBuilder {
  readonly count: number;
  /** Bytes so far, before compression. */
  readonly sizeBytes: number;
  append(
    timestamp: number,
    key: Uint8Array | null,
    value: Uint8Array | null,
    headers: readonly WireHeader[],
  ): void;
  build(compression: Compression): EncodedBatch;
}

/**
 * A finished record batch v2; the producer stamps producer id, epoch, sequence and checksum. Owned by the producer once
 * sent: after the acknowledgement its bytes serve for other batches. A batch that was refused is the caller's again.
 */
export interface EncodedBatch {
  readonly bytes: Buffer;
  readonly count: number;
}

export interface ProducerOptions {
  /** True unless `acks` is 0 or 1. Without it a partition has one batch in flight at a time, so that order is kept. */
  readonly idempotent?: boolean;
  /** Implies `idempotent`; `transaction` is then there. */
  readonly transactionalId?: string;
  /** After which the coordinator aborts; 60 s unless given. */
  readonly transactionTimeoutMs?: number;
  /**
   * One writer at a time without transactions: sequences under the producer id of this transactional id; `fencing` is
   * then there. Nobody else may use the id for transactions.
   */
  readonly fencingId?: string;
  /** -1 (all in-sync replicas) unless given. */
  readonly acks?: -1 | 0 | 1;
  /** Largest produce request, bytes; 2 MB unless given. A batch that is larger goes alone. */
  readonly maxRequestBytes?: number;
  /** Unacknowledged bytes after which `ready` waits; 16 MB unless given. */
  readonly bufferBytes?: number;
  /** Requests per broker; 3 unless given. */
  readonly maxInFlight?: 1 | 2 | 3 | 4 | 5;
  /** How long one batch is retried, ms; Infinity unless given. */
  readonly deliveryTimeoutMs?: number;
}

export interface ProduceResult {
  /** Offset of the first record of the batch; -1 with acks 0 or when the broker had it already and does not say. */
  readonly baseOffset: number;
}

export interface BatchProducer {
  /**
   * Queues a batch; batches of one partition keep their order. Resolves when acknowledged. Ready batches of all
   * partitions led by one broker share a request. Rejects with KAFKA_REFUSED (e.g. too large, unknown topic),
   * KAFKA_FENCED, or KAFKA_UNREACHABLE after the delivery time-out.
   */
  send(topic: string, partition: number, batch: EncodedBatch): Promise<ProduceResult>;
  /** Resolves at once while fewer than `bufferBytes` are unacknowledged, else when there is room: back-pressure. */
  ready(): Promise<void> | null;
  /** Resolves when all that was sent until now is acknowledged or refused. */
  flush(): Promise<void>;
  /** Waits up to 5 s for acknowledgements, then rejects what is left. */
  close(): Promise<void>;
  /** Transactional producers only. */
  readonly transaction: ProducerTransactions | null;
  /** Producers with a `fencingId` only. */
  readonly fencing: ProducerFencing | null;
}

/**
 * Kafka refuses batches of an older epoch to a partition as soon as it has one of a newer epoch: with the first batch
 * after `init` all earlier producers of the same id are fenced from that partition, their batches on the way included.
 */
export interface ProducerFencing {
  /** To be called once, before the first batch. Batches reject with KAFKA_FENCED when a successor has written. */
  init(): Promise<void>;
}

/** Every call may reject with KAFKA_FENCED: a successor took over, this producer is of no more use. */
export interface ProducerTransactions {
  /** Fences older producers of the same id and aborts what they left open. */
  init(): Promise<void>;
  /** Throws RangeError when a transaction is open, or when only `init` helps: before the first, or when sequences were lost. */
  begin(): void;
  /** Adds consumer positions to the transaction. */
  sendOffsets(groupId: string, positions: readonly Position[]): Promise<void>;
  /** Waits for what was sent. Rejects with the error of a batch that was refused: `abort` then. */
  commit(): Promise<void>;
  /** Batches not sent yet are rejected. */
  abort(): Promise<void>;
}

export interface ReaderOptions {
  /** `read_uncommitted` unless given. */
  readonly isolation?: Isolation;
  /** What a broker waits for before it answers; 1 unless given. */
  readonly minBytes?: number;
  /** Per request and broker; 2 MB unless given. A batch that is larger still comes. */
  readonly maxBytes?: number;
  /** Per request and partition, and about what one queues; 1 MB unless given. A batch that is larger still comes. */
  readonly maxPartitionBytes?: number;
  /** How long a broker waits for `minBytes`; 500 ms unless given. Ending does not wait for it. */
  readonly maxWaitMs?: number;
  /** Fetched but unread bytes after which fetching pauses; 8 MB unless given. */
  readonly bufferBytes?: number;
  /** Where to go when the position is not in the log (error 1); `earliest` unless given. `none` makes `next` reject. */
  readonly outOfRange?: 'earliest' | 'latest' | 'none';
}

/** Reads assigned partitions without a group. Unread batches of a partition are dropped when it is sought or unassigned. */
export interface BatchReader {
  assign(positions: readonly Position[]): void;
  unassign(partitions: readonly TopicPartition[]): void;
  seek(position: Position): void;
  pause(partitions: readonly TopicPartition[]): void;
  resume(partitions: readonly TopicPartition[]): void;
  /**
   * Next batches, at least one unless the wait ended, a position moved over none or the end of a partition became known;
   * aborted and control records are already out. About 1 MB per call. Rejects, until it is sought or unassigned, with
   * what ended a partition: KAFKA_REFUSED that names topic, partition and offset.
   */
  next(waitMs: number, signal?: AbortSignal): Promise<RawBatch[]>;
  /** Offset after the last batch handed out, aborted and control records included. */
  position(partition: TopicPartition): number | undefined;
  /** End of the partition as of the last fetch answer (LSO under read_committed); undefined before the first. */
  end(partition: TopicPartition): number | undefined;
  close(): Promise<void>;
}

/** One record batch, bytes as they came (decompressed lazily by `records`). */
export interface RawBatch {
  readonly topic: string;
  readonly partition: number;
  readonly baseOffset: number;
  readonly lastOffset: number;
  /** Records in the batch; some may lie before the position asked for, `firstOffset` says from where to take them. */
  readonly count: number;
  readonly firstOffset: number;
  readonly timestampType: 'create' | 'append';
  readonly sizeBytes: number;
  /** A cursor over the records from `firstOffset` on. Throws DataError when the batch is corrupt. */
  records(): RecordCursor;
}

/**
 * A cursor instead of an object per record: call `next()`, then read the fields. Key and value are views of the batch.
 * `while (cursor.next()) use(cursor.offset, cursor.value)`
 */
export interface RecordCursor {
  next(): boolean;
  readonly offset: number;
  readonly timestamp: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: readonly { readonly key: string; readonly value: Buffer | null }[];
}

export interface GroupIdentity {
  readonly memberId: string;
  readonly generation: number;
  readonly instanceId: string | null;
}

export interface GroupOptions {
  readonly groupId: string;
  /** `consumer`, `connect` or `sr`. */
  readonly protocolType: string;
  readonly sessionTimeoutMs?: number;
  readonly rebalanceTimeoutMs?: number;
  readonly heartbeatMs?: number;
  /**
   * Heartbeats go on from another thread while this one is held up, up to the rebalance timeout. A stopped process stands
   * still all the same. Costs a thread; false unless given.
   */
  readonly standIn?: boolean;
  /** Static membership: the same id takes the place of its predecessor at once. */
  readonly instanceId?: string;
  /**
   * 'lost' also when no heartbeat was answered for a session, by this process's own clock: the coordinator may have
   * given the work to others. Unless given, only the coordinator's word counts.
   */
  readonly lostWhenSilent?: boolean;
  /** Protocols offered at each join, best first. */
  protocols(): readonly { readonly name: string; readonly metadata: Buffer }[];
  /** Called on the leader only, with its own id: assignment bytes per member id. */
  assign(
    protocol: string,
    members: readonly GroupPeer[],
    leaderId: string,
  ): Promise<ReadonlyMap<string, Buffer>>;
  /** A new assignment of this member. */
  onAssigned(assignment: Buffer, identity: GroupIdentity, protocol: string): Promise<void> | void;
  /** A rebalance began or this member must give everything up: called and awaited before it joins again. */
  onRevoked(reason: 'rebalance' | 'lost' | 'leave'): Promise<void> | void;
  /** Fenced or refused for good: the member has stopped. */
  onFatal(error: Error): void;
}

export interface GroupPeer {
  readonly memberId: string;
  readonly instanceId: string | null;
  readonly metadata: Buffer;
}

/** Membership with heartbeats on its own timer, independent of processing. */
export interface GroupMember {
  start(): void;
  /** Asks for a rebalance, e.g. after the wanted topics changed. */
  rejoin(): void;
  readonly identity: GroupIdentity | null;
  /** How long the membership is sure to last without another answer of the coordinator; below 0 it may be over. */
  readonly sessionLeftMs: number;
  /** Static members do not leave unless `leave` is true. */
  stop(options?: { readonly leave?: boolean }): Promise<void>;
}

export interface CompactedLogOptions {
  readonly topic: string;
  /** Of a topic that is to be created. With 1, an existing topic must have one partition, too. */
  readonly partitions: number;
  /** -1: the broker's default. */
  readonly replicationFactor?: number;
  readonly configs?: Readonly<Record<string, string>>;
  readonly isolation?: Isolation;
  /** One writer at a time, by the fence of this transactional id: `takeOver` comes before `write`. */
  readonly writerId?: string;
  /** Applied in log order, once per record, tombstones included (value null). Key and value are copies. */
  apply(record: LogRecord): void;
  /** Called once when `apply` throws or a record is corrupt; the log has stopped. Logged when absent. */
  onFailure?(error: Error): void;
}

export interface LogRecord {
  readonly partition: number;
  readonly offset: number;
  readonly timestamp: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
}

/** A compacted topic kept as state: read to the end, apply, follow, write and wait for one's own record. */
export interface CompactedLog {
  /** Creates the topic when it is missing, refuses one that is not exactly `compact`, replays to the end, then follows. */
  start(signal?: AbortSignal): Promise<void>;
  /** Resolves when all that was in the log at the time of the call is applied. */
  readToEnd(): Promise<void>;
  /**
   * Writes in order and resolves with the last offset once the own reader has applied the records. `unfenced`: with a
   * `writerId`, what any process may write without taking over; not in order with the other writes.
   */
  write(
    records: readonly { readonly key: Buffer; readonly value: Buffer | null; readonly partition?: number }[],
    options?: { readonly unfenced?: boolean },
  ): Promise<number>;
  /**
   * With a `writerId`: what this process writes next fences all writers before it, earlier ones of this process included.
   * `write` before it, and once a successor has written, rejects with KAFKA_FENCED.
   */
  takeOver(): Promise<void>;
  stop(): Promise<void>;
}

export interface TopicSpec {
  readonly topic: string;
  /** -1: broker default. */
  readonly partitions?: number;
  /** -1: broker default. */
  readonly replicationFactor?: number;
  readonly configs?: Readonly<Record<string, string>>;
}

export interface KafkaAdmin {
  /** True when created, false when it was there. */
  createTopic(spec: TopicSpec): Promise<boolean>;
  /** Missing topics are no error. */
  deleteTopics(topics: readonly string[]): Promise<void>;
  listTopics(): Promise<string[]>;
  topicConfigs(topic: string): Promise<ReadonlyMap<string, string>>;
  alterTopicConfigs(topic: string, set: Readonly<Record<string, string | null>>): Promise<void>;
  deleteGroups(groups: readonly string[]): Promise<void>;
}
