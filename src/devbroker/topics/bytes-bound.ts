/** The bound on all logs together: beyond it the oldest segments go, those of the largest logs first. */
import type { Logger } from '../../kernel';
import type { Clock } from '../clock';
import type { PartitionLog } from '../log/port';
import type { Topics } from './port';

const MIB = 1024 * 1024;
/** Only whole segments can go, and never the one that is written to: they must stay small beside the bound. */
const LARGEST_SEGMENT = 16 * MIB;
const SMALLEST_SEGMENT = 64 * 1024;
/** A topic that has lost nothing for so long has recovered: the next loss is worth a warning again. */
const RECOVERED_AFTER_MS = 60_000;

/** Bytes that a segment may have so that no partition holds much that cannot be dropped; steps by powers of two. */
export function segmentLimit(maxBytes: number, partitions: number): number {
  if (maxBytes === Number.POSITIVE_INFINITY) return maxBytes;
  const share = maxBytes / (4 * Math.max(1, partitions));
  const step = 2 ** Math.floor(Math.log2(Math.max(1, share)));
  return Math.min(LARGEST_SEGMENT, Math.max(SMALLEST_SEGMENT, step));
}

/** Answers what is to be called from time to time. */
export function createBytesBound(topics: Topics, maxBytes: number, clock: Clock, logger: Logger): () => void {
  const lastLoss = new Map<string, number>();

  function tell(topic: string, droppedBytes: number): void {
    const now = clock.now();
    const before = lastLoss.get(topic) ?? Number.NEGATIVE_INFINITY;
    lastLoss.set(topic, now);
    if (now - before < RECOVERED_AFTER_MS) return;
    logger.warn(
      { topic, droppedBytes, maxBytes },
      'Dropped the oldest records of a topic: the logs of the dev broker were larger than maxBytes. Raise it, or lower retention.bytes of the topic',
    );
  }

  return () => {
    let excess = sizeOf(topics) - maxBytes;
    if (excess <= 0) return;
    for (const log of sheddable(topics)) {
      if (excess <= 0) break;
      const freed = log.shed(excess);
      excess -= freed;
      if (freed > 0) tell(log.topic, freed);
    }
    for (const topic of lastLoss.keys()) if (topics.get(topic) === undefined) lastLoss.delete(topic);
  };
}

/** The largest first. Compacted topics are tables, and the broker's own its memory: without their oldest records they are wrong. */
function sheddable(topics: Topics): PartitionLog[] {
  return topics
    .list()
    .filter((topic) => !topic.isInternal && !topics.configOf(topic).cleanup.compact)
    .flatMap(({ partitions }) => partitions.map(({ log }) => log))
    .sort((a, b) => b.sizeBytes - a.sizeBytes);
}

const sizeOf = (topics: Topics): number =>
  topics.list().reduce((sum, { partitions }) => partitions.reduce((s, { log }) => s + log.sizeBytes, sum), 0);
