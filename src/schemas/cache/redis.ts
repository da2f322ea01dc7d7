/**
 * The cache that processes share. It is never waited for longer than a command may take: one that fails or hangs puts
 * the cache aside until a probe succeeds, with one warning at the start and one line at the end.
 */
import { Redis } from 'ioredis';
import { causeChain, type Logger } from '../../kernel';

export type CacheState = 'up' | 'down' | 'off';

export interface RedisCacheOptions {
  /** `redis://[user:password@]host:port[/db]`, or `rediss://` for TLS. */
  readonly url: string;
  readonly logger: Logger;
  /** Longest wait for one command. Default 250. */
  readonly commandTimeoutMs?: number;
  /** Between two probes of a cache that is down. Default 1000. */
  readonly probeIntervalMs?: number;
}

const CONNECT_TIMEOUT_MS = 5000;
const RECONNECT_MAX_MS = 2000;

export class RedisCache implements AsyncDisposable {
  readonly #redis: Redis;
  readonly #logger: Logger;
  readonly #where: string;
  readonly #probeIntervalMs: number;
  readonly #started: Promise<void>;
  #state: CacheState = 'down';
  #warned = false;
  #closed = false;
  #probe: NodeJS.Timeout | null = null;

  constructor(options: RedisCacheOptions) {
    const { commandTimeoutMs = 250, probeIntervalMs = 1000 } = options;
    this.#logger = options.logger;
    this.#where = new URL(options.url).host;
    this.#probeIntervalMs = probeIntervalMs;
    this.#redis = new Redis(options.url, {
      commandTimeout: commandTimeoutMs,
      connectTimeout: CONNECT_TIMEOUT_MS,
      // Also waited for when the connection is gone already.
      disconnectTimeout: commandTimeoutMs,
      enableOfflineQueue: false,
      maxRetriesPerRequest: 0,
      retryStrategy: (attempt) => Math.min(100 * attempt, RECONNECT_MAX_MS),
    });
    this.#redis.on('error', (error: Error) => this.#down(error));
    this.#redis.on('ready', () => this.#up());
    this.#redis.on('close', () => this.#down(new Error('the connection was closed')));
    // The first look-ups of a process should find what others stored: they wait for the connection, but not for long.
    this.#started = new Promise((resolve) => {
      const timer = setTimeout(resolve, commandTimeoutMs);
      this.#redis.once('ready', resolve).once('error', resolve);
      timer.unref();
    });
  }

  state(): CacheState {
    return this.#state;
  }

  /** Null when there is none, or when the cache is down. */
  async get(key: string): Promise<string | null> {
    return (await this.#attempt(() => this.#redis.get(key))) ?? null;
  }

  /** Does nothing when the cache is down. */
  async set(key: string, value: string, ttlSeconds: number): Promise<void> {
    await this.#attempt(() => this.#redis.set(key, value, 'EX', ttlSeconds));
  }

  async delete(key: string): Promise<void> {
    await this.#attempt(() => this.#redis.del(key));
  }

  async #attempt<T>(command: () => Promise<T>): Promise<T | null> {
    await this.#started;
    if (this.#state !== 'up') return null;
    try {
      return await command();
    } catch (error) {
      this.#down(error);
      return null;
    }
  }

  #up(): void {
    if (this.#closed || this.#state === 'up') return;
    this.#state = 'up';
    this.#stopProbe();
    if (this.#warned) this.#logger.info({ redis: this.#where }, 'The schema cache in Redis is back');
    this.#warned = false;
  }

  #down(error: unknown): void {
    if (this.#closed) return;
    this.#state = 'down';
    this.#probe ??= setInterval(() => void this.#ping(), this.#probeIntervalMs).unref();
    if (this.#warned) return;
    this.#warned = true;
    const reason = causeChain(error).find((message) => message !== '') ?? 'no connection';
    this.#logger.warn(
      { redis: this.#where },
      `Redis at ${this.#where} does not answer (${reason}): schemas are cached in memory alone until it is back`,
    );
  }

  /** A hanging Redis keeps its connection: only an answer says that it is well. */
  async #ping(): Promise<void> {
    if (this.#redis.status !== 'ready') return;
    try {
      await this.#redis.ping();
      this.#up();
    } catch {
      // Still down, and said so.
    }
  }

  #stopProbe(): void {
    if (this.#probe !== null) clearInterval(this.#probe);
    this.#probe = null;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    this.#state = 'off';
    this.#stopProbe();
    this.#redis.disconnect();
  }
}
