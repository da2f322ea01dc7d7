/** Which segments are due: for retention, for compaction. As Kafka's `UnifiedLog` and `LogCleanerManager` decide it. */
import type { LogConfig } from './port';
import type { Segment } from './segment';

/** How many of the first segments hold nothing but records that are too old. */
export function expiredSegments(segments: readonly Segment[], now: number, retentionMs: number): number {
  if (retentionMs < 0) return 0;
  let count = 0;
  for (const { isEmpty, maxTimestamp } of segments) {
    if (isEmpty || now - maxTimestamp <= retentionMs) break;
    count++;
  }
  return count;
}

/** How many of the first segments can go without falling below the bytes to be kept. */
export function excessSegments(segments: readonly Segment[], retentionBytes: number): number {
  if (retentionBytes < 0) return 0;
  let excess = -retentionBytes;
  for (const { sizeBytes } of segments) excess += sizeBytes;
  let count = 0;
  for (const { isEmpty, sizeBytes } of segments) {
    excess -= sizeBytes;
    if (isEmpty || excess < 0) break;
    count++;
  }
  return count;
}

export interface CompactionPlan {
  readonly segments: readonly Segment[];
  readonly dirtyFrom: number;
  readonly end: number;
}

/** Null while there is not enough to gain. */
export function planCompaction(
  all: readonly Segment[],
  cleanedTo: number,
  lastStableOffset: number,
  config: LogConfig,
  now: number,
): CompactionPlan | null {
  const count = cleanableCount(all, cleanedTo, lastStableOffset, now - config.minCompactionLagMs, config);
  const segments = all.slice(0, count);
  const dirty = segments.filter(({ baseOffset }) => baseOffset >= cleanedTo);
  const dirtyBytes = sizeOf(dirty);
  if (dirtyBytes === 0) return null;
  const isLate = dirty.find(({ isEmpty }) => !isEmpty)!.firstTimestamp < now - config.maxCompactionLagMs;
  if (!isLate && dirtyBytes / sizeOf(segments) <= config.minCleanableDirtyRatio) return null;
  return { segments, dirtyFrom: cleanedTo, end: all[count]!.baseOffset };
}

/** Never the active segment, nor what transactions are still open in, nor what is younger than the lag. */
function cleanableCount(
  all: readonly Segment[],
  cleanedTo: number,
  lastStableOffset: number,
  youngestMs: number,
  config: LogConfig,
): number {
  let count = 0;
  while (count + 1 < all.length && all[count + 1]!.baseOffset <= lastStableOffset) {
    const { baseOffset, maxTimestamp } = all[count]!;
    if (config.minCompactionLagMs > 0 && baseOffset >= cleanedTo && maxTimestamp > youngestMs) break;
    count++;
  }
  return count;
}

const sizeOf = (segments: readonly Segment[]): number =>
  segments.reduce((size, { sizeBytes }) => size + sizeBytes, 0);
