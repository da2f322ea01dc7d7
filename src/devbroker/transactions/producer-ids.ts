/** Producer ids: taken in blocks, so that none comes twice however the broker ends. */
import type { Journal } from '../log/port';

const KEY = 'producer ids';
const BLOCK = 1000;

export function createProducerIds(journal: Journal, stored: ReadonlyMap<string, unknown>): () => number {
  let next = (stored.get(KEY) as number | undefined) ?? 0;
  let end = next;
  return () => {
    if (next === end) {
      end += BLOCK;
      journal.put(KEY, end);
    }
    return next++;
  };
}
