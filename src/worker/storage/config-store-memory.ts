/** Configurations of a worker that stands alone: gone when it ends. */
import { SILENT } from '../../kernel';
import { type ConfigLog, createConfigStore } from './config-store';
import type { ConfigStore } from './types';

/** The records are those of the topic, so that both modes follow the same rules. */
export const createMemoryConfigStore = (): ConfigStore => createConfigStore(memoryLog(), SILENT);

function memoryLog(): ConfigLog {
  let apply: Parameters<ConfigLog['start']>[0] | null = null;
  let next = 0;
  return {
    start: async (given) => {
      apply = given;
    },
    readToEnd: async () => {},
    async write({ records }) {
      if (apply === null) throw new RangeError('The store has not been started.');
      for (const { key, value } of records) apply(next++, key, value);
    },
    takeOver: async () => {},
    stop: async () => {},
  };
}
