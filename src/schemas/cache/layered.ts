/** Memory over Redis: what one process learnt from a registry, the others need not ask. */
import { LRUCache } from 'lru-cache';
import type { Counter, Metrics } from '../../kernel';
import type { RedisCache } from './redis';

export interface LayeredCacheOptions {
  readonly metrics: Metrics;
  readonly redis: RedisCache | null;
  /** Entries kept in memory. */
  readonly memoryEntries: number;
  /** Characters of values kept in memory: schemas may be large. */
  readonly memorySize: number;
}

/** How one kind of entry is kept. `parse` answers null for a text that is not such an entry. */
export interface EntryKind<T> {
  readonly parse: (text: string) => T | null;
  readonly ttlSeconds: number;
}

interface LayerCounters {
  readonly hits: Counter;
  readonly misses: Counter;
}

export class LayeredCache {
  readonly #memory: LRUCache<string, { readonly value: object }>;
  readonly #redis: RedisCache | null;
  readonly #memoryCounters: LayerCounters;
  readonly #redisCounters: LayerCounters;

  constructor(options: LayeredCacheOptions) {
    this.#memory = new LRUCache({ max: options.memoryEntries, maxSize: options.memorySize });
    this.#redis = options.redis;
    this.#memoryCounters = counters(options.metrics, 'memory');
    this.#redisCounters = counters(options.metrics, 'redis');
  }

  /** Null when neither layer has it. What Redis holds is checked: anybody may have written it. */
  async get<T extends object>(key: string, namespace: string | null, kind: EntryKind<T>): Promise<T | null> {
    const known = this.peek<T>(key);
    count(this.#memoryCounters, known !== null);
    if (known !== null || this.#redis === null || namespace === null) return known;
    const name = `${namespace}:${key}`;
    const text = await this.#redis.get(name);
    const value = text === null ? null : kind.parse(text);
    count(this.#redisCounters, value !== null);
    if (value !== null) this.#remember(key, value, text!.length);
    else if (text !== null) await this.#redis.delete(name);
    return value;
  }

  /** What memory has, without counting. */
  peek<T extends object>(key: string): T | null {
    return (this.#memory.get(key)?.value as T | undefined) ?? null;
  }

  /** Writes both layers. */
  async set<T extends object>(
    key: string,
    namespace: string | null,
    kind: EntryKind<T>,
    value: T,
  ): Promise<void> {
    const text = JSON.stringify(value);
    this.#remember(key, value, text.length);
    if (this.#redis !== null && namespace !== null) {
      await this.#redis.set(`${namespace}:${key}`, text, kind.ttlSeconds);
    }
  }

  #remember(key: string, value: object, size: number): void {
    this.#memory.set(key, { value }, { size: key.length + size + 1 });
  }
}

function counters(metrics: Metrics, layer: string): LayerCounters {
  return {
    hits: metrics.counter('schema_cache_hits_total', 'Schemas and schema ids found in the cache', { layer }),
    misses: metrics.counter('schema_cache_misses_total', 'Schemas and schema ids not found in the cache', {
      layer,
    }),
  };
}

const count = ({ hits, misses }: LayerCounters, found: boolean): void => (found ? hits : misses).add(1);
