/** What the converters of one process share: a registry client per address and credentials, and the caches. */
import { createHash } from 'node:crypto';
import type { Logger, Metrics } from '../kernel';
import { LayeredCache } from './cache/layered';
import type { CacheState, RedisCache } from './cache/redis';
import { SchemaRegistry } from './registry';
import { RegistryHttp } from './registry-http';
import type { RegistryOptions } from './registry-options';

export interface SchemaServicesOptions {
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** Null: the memory cache serves alone. */
  readonly redisUrl: string | null;
  /** Schemas and ids kept in memory. Default 20,000. */
  readonly memoryEntries?: number;
  /** Characters of schemas and ids kept in memory. Default 32 Mi. */
  readonly memorySize?: number;
}

/** Name under which a converter finds these in its context's services. */
export const SCHEMA_SERVICES = 'schemas';

export class SchemaServices implements AsyncDisposable {
  readonly #cache: LayeredCache;
  readonly #logger: Logger;
  readonly #redis: RedisCache | null;
  readonly #registries = new Map<string, SchemaRegistry>();
  readonly #forgetGauge: () => void;

  constructor(options: SchemaServicesOptions) {
    const { logger, metrics, redisUrl, memoryEntries = 20_000, memorySize = 32 * 1024 * 1024 } = options;
    this.#logger = logger;
    this.#redis = redisUrl === null ? null : openRedis(redisUrl, logger);
    this.#cache = new LayeredCache({ metrics, redis: this.#redis, memoryEntries, memorySize });
    this.#forgetGauge = metrics.observedGauge(
      'schema_cache_redis_up',
      'Whether the schema cache in Redis answers; 0 also when none is configured',
      {},
      () => (this.cacheState() === 'up' ? 1 : 0),
    );
  }

  /** State of the cache in Redis; `off` when none is configured. */
  cacheState(): CacheState {
    return this.#redis?.state() ?? 'off';
  }

  /** The client of a registry; the same one for the same options. */
  registry(options: RegistryOptions): SchemaRegistry {
    const key = identityOf(options);
    let registry = this.#registries.get(key);
    if (registry === undefined) {
      registry = new SchemaRegistry({
        http: new RegistryHttp(options),
        urls: options.urls,
        cache: this.#cache,
        redis: this.#redis,
        logger: this.#logger,
      });
      this.#registries.set(key, registry);
    }
    return registry;
  }

  async close(): Promise<void> {
    this.#forgetGauge();
    await Promise.all([...this.#registries.values()].map((registry) => registry.close()));
    await this.#redis?.[Symbol.asyncDispose]();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/** Options hold secrets: their hash serves as well. */
function identityOf(options: RegistryOptions): string {
  const anyHost = options.tls.checkServerIdentity !== undefined;
  return createHash('sha256')
    .update(JSON.stringify([options, anyHost]))
    .digest('hex');
}

/** Loaded only where there is a Redis: its client takes its time and 15 MB. */
function openRedis(url: string, logger: Logger): RedisCache {
  const { RedisCache } = require('./cache/redis') as typeof import('./cache/redis');
  return new RedisCache({ url, logger });
}
