/** Where the bytes of a segment are. */
export interface SegmentStore {
  readonly sizeBytes: number;
  /** Adds one batch with these values in its header. Nothing was added when it throws. */
  append(batch: Buffer, baseOffset: number, leaderEpoch: number): void;
  /** The bytes at `position`, in as few pieces as there can be. Stable for ever. */
  read(position: number, size: number): Buffer[];
  /** Makes what was appended survive a failing machine. */
  sync(): void;
  close(): void;
  /** Closes and deletes. */
  remove(): void;
}

/** One buffer of it, copied only when there are several. */
export const joined = (chunks: Buffer[]): Buffer =>
  chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks);
