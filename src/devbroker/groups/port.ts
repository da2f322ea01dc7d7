/** Classic consumer groups and their offsets, as the rest of the broker sees them. */

export interface OffsetEntry {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly leaderEpoch: number;
  readonly metadata: string | null;
}

export interface Groups {
  /** Offsets of a transaction: kept apart until it ends. @throws Refusal, as OffsetCommit with generation -1 would */
  stage(groupId: string, producerId: number, epoch: number, offsets: readonly OffsetEntry[]): void;
  /** The transaction of the producer has ended: its offsets count, or are forgotten. Harmless when repeated. */
  complete(groupId: string, producerId: number, commit: boolean): void;
  /** A topic is gone: its offsets are too. */
  forgetTopic(topic: string): void;
  /** Ends timers and answers whoever waits. */
  close(): void;
}
