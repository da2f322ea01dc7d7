/** The log of one partition, as the rest of the broker sees it. One replica: what is appended is committed. */

export type Isolation = 'read_uncommitted' | 'read_committed';

/** Topic configs as the log needs them; names and meaning are Kafka's. */
export interface LogConfig {
  readonly cleanup: { readonly delete: boolean; readonly compact: boolean };
  /** -1: for ever. */
  readonly retentionMs: number;
  /** -1: no limit. */
  readonly retentionBytes: number;
  readonly segmentBytes: number;
  readonly segmentMs: number;
  readonly maxMessageBytes: number;
  readonly timestampType: 'create' | 'append';
  readonly timestampBeforeMaxMs: number;
  readonly timestampAfterMaxMs: number;
  /** `producer`: as it came. */
  readonly compression: 'producer' | 'none' | 'gzip' | 'snappy' | 'lz4' | 'zstd';
  readonly deleteRetentionMs: number;
  readonly minCleanableDirtyRatio: number;
  readonly minCompactionLagMs: number;
  readonly maxCompactionLagMs: number;
}

export interface Appended {
  readonly baseOffset: number;
  /** Broker time in ms under `timestampType` append, else -1; of a duplicate the largest time of its records, as Kafka does it. */
  readonly appendTime: number;
  readonly startOffset: number;
}

/** Stretch of an aborted transaction that overlaps what was read. */
export interface AbortedTransaction {
  readonly producerId: number;
  readonly firstOffset: number;
}

export interface Read {
  /** Whole record batches in order, to be written one after the other. Stable until the log is closed. */
  readonly chunks: readonly Buffer[];
  readonly sizeBytes: number;
  /** Empty under read_uncommitted. In the order of their ends, as Kafka gives them. */
  readonly aborted: readonly AbortedTransaction[];
}

export interface FoundOffset {
  /** Of the record, ms. */
  readonly timestamp: number;
  readonly offset: number;
}

/** What a producer id last did in this partition. */
export interface ProducerEntry {
  readonly producerId: number;
  readonly epoch: number;
  readonly lastSequence: number;
  /** First offset of its open transaction, null without one. */
  readonly openSince: number | null;
}

export interface PartitionLog {
  readonly topic: string;
  readonly partition: number;
  /** First offset that can be read. */
  readonly startOffset: number;
  /** Offset that comes next; the high watermark too. */
  readonly endOffset: number;
  /** End for readers under read_committed: the first offset of the oldest open transaction, else `endOffset`. */
  readonly lastStableOffset: number;
  readonly sizeBytes: number;

  /**
   * Checks and appends what a producer sent for this partition: one record batch v2, as Produce v3+ allows. Stamps offsets, leader epoch and append time; knows duplicates of the last 5 batches of a producer (answers their
   * offset). The bytes are copied.
   * @throws Refusal: CORRUPT_MESSAGE (framing, checksum), UNSUPPORTED_FOR_MESSAGE_FORMAT or INVALID_RECORD, MESSAGE_TOO_LARGE,
   *   INVALID_TIMESTAMP, INVALID_RECORD (no key in a compacted topic), OUT_OF_ORDER_SEQUENCE_NUMBER, INVALID_PRODUCER_EPOCH,
   *   INVALID_TXN_STATE, … exactly as Kafka 4.1 answers
   */
  append(batches: Buffer, leaderEpoch: number): Appended;

  /** Like `append` for what the broker itself writes (internal topics): no checks but framing and checksum. */
  appendOwn(batch: Buffer, leaderEpoch: number): Appended;

  /** Ends the open transaction of a producer with a control batch; the epoch becomes the least that is taken from it. */
  appendMarker(marker: { producerId: number; epoch: number; commit: boolean }, leaderEpoch: number): Appended;

  /**
   * From the batch that holds `offset` on, at most `maxBytes`, but at least one whole batch when `atLeastOne`. Ends at
   * `lastStableOffset` under read_committed. Empty at the end.
   * @throws Refusal OFFSET_OUT_OF_RANGE
   */
  read(offset: number, maxBytes: number, isolation: Isolation, atLeastOne: boolean): Read;

  /**
   * How many bytes `read` without a limit would have, up to `limit`: for min.bytes of a long poll. `limit` for an offset that
   * is out of range: the poll is over.
   */
  available(offset: number, isolation: Isolation, limit: number): number;

  /** First record with at least this timestamp. Null when there is none. */
  findTimestamp(timestamp: number, isolation: Isolation): FoundOffset | null;

  /**
   * Raises the start (DeleteRecords); -1: to the end. Answers the new start.
   * @throws Refusal OFFSET_OUT_OF_RANGE, POLICY_VIOLATION (compacted, not deleted)
   */
  deleteBefore(offset: number): number;

  /** State of producers that are remembered. */
  producer(producerId: number): ProducerEntry | undefined;

  /**
   * Whether the coordinator is to be asked before this transactional batch is appended: not when its producer has written in
   * this transaction already. Until it was appended no batch with a higher sequence is. @throws Refusal INVALID_PRODUCER_EPOCH
   */
  mustVerify(batch: Buffer): boolean;

  /** Called after every change of the end, the last stable offset or the start. Answers the way out. */
  onChange(listener: () => void): () => void;

  configure(config: LogConfig): void;

  /**
   * Retention, compaction, forgetting old producers: whatever is due. Called from time to time, and by tests. Compaction goes
   * on by itself, in steps of some 10 ms, until it has been through the log.
   */
  maintain(): void;

  /** Drops the oldest segments that nobody may still write to, until so many bytes are free; answers how many became free. */
  shed(bytes: number): number;

  /** Makes what was appended survive a failing machine (fsync); nothing to do in memory. */
  flush(): void;

  /** Flushes and lets go of files; later calls throw. Listeners are called once more. */
  close(): void;

  /** Closes and deletes all there is. */
  remove(): void;
}

/**
 * A small table kept in an internal, compacted topic: what groups and transactions must find again after a restart.
 * Keys and values are JSON.
 */
export interface Journal {
  /** What the log holds, by key, in the order of the last writes. Read once, at start. */
  load(): Map<string, unknown>;
  /** Writes before it returns; null deletes. */
  put(key: string, value: unknown): void;
}
