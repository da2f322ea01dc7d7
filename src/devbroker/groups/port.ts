/** Classic consumer groups and their offsets, as the rest of the broker sees them. */

export interface OffsetEntry {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly leaderEpoch: number;
  readonly metadata: string | null;
}

export interface Groups {
  /**
   * Offsets of a transaction: kept apart until it ends. Answers a code per entry, in order: 0,
   * UNKNOWN_TOPIC_OR_PARTITION or OFFSET_METADATA_TOO_LARGE; the others are staged all the same. Whether the producer may
   * do this, and whether this node is the coordinator, is for the caller to ask. Members of the group are no obstacle:
   * Kafka lets transactions commit for a group that they do not belong to.
   * @throws Refusal INVALID_GROUP_ID
   */
  stage(
    groupId: string,
    producerId: number,
    epoch: number,
    offsets: readonly OffsetEntry[],
  ): readonly number[];
  /** The transaction of the producer has ended: its offsets count, or are forgotten. Harmless when repeated. */
  complete(groupId: string, producerId: number, commit: boolean): void;
  /** A topic is gone: its offsets are too. */
  forgetTopic(topic: string): void;
  /** Ends timers and answers whoever waits. */
  close(): void;
}
