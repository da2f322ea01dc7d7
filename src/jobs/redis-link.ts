/** The connection to Redis that everything but the waiting of queue workers goes over, and whether Redis is there. */
import { Redis } from 'ioredis';
import { causeChain, type Logger, MillraceError, RetriableError } from '../kernel';

export interface RedisLinkOptions {
  /** `redis://[user:password@]host:port[/db]`, or `rediss://` for TLS. */
  readonly url: string;
  readonly logger: Logger;
  /** Called each time Redis is there: first, and after it was away. */
  onUp(): void;
}

const COMMAND_MS = 5000;
const CONNECT_MS = 5000;
const PROBE_MS = 1000;
const RECONNECT_MAX_MS = 2000;

/** What does not work without Redis. */
export const OFF = 'Scheduled loads, redrives of dead letters and backfills';

export class RedisLink implements AsyncDisposable {
  readonly redis: Redis;
  readonly where: string;
  readonly #options: RedisLinkOptions;
  readonly #probe: NodeJS.Timeout;
  #isUp = false;
  #told = false;
  #closed = false;
  #reason = 'no answer yet';

  constructor(options: RedisLinkOptions) {
    this.#options = options;
    this.where = new URL(options.url).host;
    this.redis = new Redis(options.url, {
      commandTimeout: COMMAND_MS,
      connectTimeout: CONNECT_MS,
      enableOfflineQueue: false,
      maxRetriesPerRequest: 0,
      retryStrategy: (attempt) => Math.min(100 * attempt, RECONNECT_MAX_MS),
    });
    this.redis.on('error', (error: Error) => this.#down(error));
    this.redis.on('close', () => this.#down(new Error('the connection was closed')));
    this.redis.on('ready', () => this.#up());
    this.#probe = setInterval(() => void this.#ping(), PROBE_MS).unref();
  }

  get isUp(): boolean {
    return this.#isUp;
  }

  /** Throws REDIS_UNREACHABLE while it is away, with what is off. */
  requireUp(): void {
    if (this.#isUp) return;
    throw new MillraceError(
      'REDIS_UNREACHABLE',
      `${OFF} are off: Redis at ${this.where} does not answer (${this.#reason})`,
      { hint: 'They go on when Redis is back; pipelines go on without it.' },
    );
  }

  /** What a command fails with while Redis is away, in words. */
  async ask<T>(command: () => Promise<T>): Promise<T> {
    this.requireUp();
    try {
      return await command();
    } catch (error) {
      if (error instanceof MillraceError || !this.#isOutage(error)) throw error;
      this.#down(error);
      this.requireUp();
      throw error;
    }
  }

  /** For plain commands within a run: whatever Redis fails with, it passes, and the run is to be gone on with later. */
  async passing<T>(command: (redis: Redis) => Promise<T>): Promise<T> {
    try {
      return await command(this.redis);
    } catch (cause) {
      throw new RetriableError(`Redis at ${this.where} failed`, { code: 'REDIS_UNREACHABLE', cause });
    }
  }

  #isOutage(error: unknown): boolean {
    return this.redis.status !== 'ready' || /timed out|is closed|writeable|ECONN/i.test(String(error));
  }

  #up(): void {
    if (this.#closed || this.#isUp) return;
    this.#isUp = true;
    if (this.#told) this.#options.logger.info({ redis: this.where }, 'Redis is back: background jobs go on');
    this.#told = false;
    this.#options.onUp();
  }

  #down(error: unknown): void {
    if (this.#closed) return;
    this.#isUp = false;
    this.#reason = causeChain(error).find((message) => message !== '') ?? 'no connection';
    if (this.#told) return;
    this.#told = true;
    const { logger } = this.#options;
    logger.warn(
      { redis: this.where },
      `Redis at ${this.where} does not answer (${this.#reason}): ${OFF.toLowerCase()} wait until it is back, pipelines go on`,
    );
  }

  /** One that hangs keeps its connection: only an answer says that it is well. */
  async #ping(): Promise<void> {
    if (this.redis.status !== 'ready') return;
    try {
      await this.redis.ping();
      this.#up();
    } catch (error) {
      this.#down(error);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    this.#isUp = false;
    clearInterval(this.#probe);
    this.redis.disconnect();
  }
}
