/** What the group must know of the log of configurations; its store implements it. */
import { isRetriable } from '../../kernel';
import type { Work } from './work';

export interface ConfigSnapshot {
  /** Where the log was read to: offset after the last record applied; -1 before any. */
  readonly offset: number;
  readonly connectors: readonly string[];
  tasks(connector: string): readonly number[];
}

export interface ConfigView {
  snapshot(): ConfigSnapshot;
  /** Reads on to the offset. False when that did not succeed in its time (`worker.sync.timeout.ms`). */
  catchUp(offset: number): Promise<boolean>;
}

export const workOf = (snapshot: ConfigSnapshot): Work => ({
  connectors: snapshot.connectors,
  tasks: snapshot.connectors.flatMap((connector) =>
    snapshot.tasks(connector).map((task) => ({ connector, task })),
  ),
});

/** Whether the log is read to the offset, if need be after reading on. */
export async function isReadTo(offset: number, config: ConfigView): Promise<boolean> {
  if (config.snapshot().offset >= offset) return true;
  try {
    return (await config.catchUp(offset)) && config.snapshot().offset >= offset;
  } catch (error) {
    if (!isRetriable(error)) throw error;
    return false;
  }
}
