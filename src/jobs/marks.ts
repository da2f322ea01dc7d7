/** Which dead letters were redriven. A mark is forgotten a month after the last one of its topic. */
import type { RedriveMarks } from '../worker';
import type { Keys } from './keys';
import type { RedisLink } from './redis-link';

const KEPT_SECONDS = 30 * 86_400;

export interface Marks extends RedriveMarks {
  times(topic: string, ids: readonly string[]): Promise<ReadonlyMap<string, Date>>;
}

export function createMarks(link: RedisLink, keys: Keys): Marks {
  const times: Marks['times'] = async (topic, ids) => {
    if (ids.length === 0) return new Map();
    const scores = await link.passing((redis) => redis.zmscore(keys.redriven(topic), ...ids));
    return new Map(
      ids.flatMap((id, i) => (scores[i] == null ? [] : [[id, new Date(Number(scores[i]))] as const])),
    );
  };
  return {
    times,
    has: async (topic, ids) => new Set((await times(topic, ids)).keys()),
    async add(topic, ids) {
      if (ids.length === 0) return;
      const key = keys.redriven(topic);
      const now = Date.now();
      await link.passing((redis) => redis.zadd(key, ...ids.flatMap((id) => [now, id])));
      await link.passing((redis) => redis.expire(key, KEPT_SECONDS));
    },
  };
}
