/** The key set of a token issuer: a file, or a URL that the configuration names. Never one that a token names. */
import { type Backoff, ConfigError, causeChain, createBackoff, type Logger } from '../../kernel';
import { type Watched, watchFiles } from '../watched-files';
import { type PublicKey, parseKeySet } from './jwt';
import { readText } from './users-file';

export interface KeySource {
  /** Null before the first set has arrived. */
  readonly keys: readonly PublicKey[] | null;
  readonly generation: number;
  /** A token named a key that is not there: looks for a newer set, unless that was done just now. */
  renew(): Promise<void>;
  close(): void;
}

/** @throws ConfigError, FILE_UNREADABLE */
export async function watchKeyFile(path: string, key: string, logger: Logger): Promise<KeySource> {
  const watched: Watched<readonly PublicKey[]> = await watchFiles({
    paths: [path],
    load: async () => parse(await readText(path, key), path),
    what: 'The key set',
    logger,
  });
  return {
    get keys() {
      return watched.current;
    },
    get generation() {
      return watched.generation;
    },
    renew: () => watched.refresh(),
    close: () => watched.close(),
  };
}

function parse(text: string, place: string): readonly PublicKey[] {
  try {
    return parseKeySet(text);
  } catch (error) {
    const why = error instanceof SyntaxError ? 'It is no JSON.' : (error as Error).message;
    throw new ConfigError(`${place} is no key set (JWKS): ${why}`);
  }
}

export interface KeyUrlOptions {
  readonly url: URL;
  readonly logger: Logger;
  /** How long a set is used before the next one is fetched, ms. */
  readonly refreshMs: number;
  readonly retryMs: number;
  readonly maxRetryMs: number;
  /** Unknown key ids make at most one request in so long, ms. */
  readonly renewMs?: number;
}

const RENEW_MS = 10_000;
const FETCH_TIMEOUT_MS = 10_000;
const MAX_BYTES = 1024 * 1024;

/** Fetches in the background from now on. Keys that could not be renewed stay in use, since their issuer may be away. */
export const followKeyUrl = (options: KeyUrlOptions): KeySource => new KeyUrl(options);

class KeyUrl implements KeySource {
  keys: readonly PublicKey[] | null = null;
  generation = 0;
  readonly #options: KeyUrlOptions;
  readonly #backoff: Backoff;
  readonly #stopping = new AbortController();
  #text = '';
  #failing = false;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | null = null;
  #fetchedAt = 0;

  constructor(options: KeyUrlOptions) {
    this.#options = options;
    this.#backoff = createBackoff({ initialMs: options.retryMs, maxMs: options.maxRetryMs });
    void this.#fetchOnce();
  }

  async renew(): Promise<void> {
    const { renewMs = RENEW_MS } = this.#options;
    if (this.#running !== null || Date.now() - this.#fetchedAt >= renewMs) await this.#fetchOnce();
  }

  close(): void {
    this.#stopping.abort();
    clearTimeout(this.#timer);
  }

  #fetchOnce(): Promise<void> {
    this.#running ??= this.#fetch().finally(() => (this.#running = null));
    return this.#running;
  }

  async #fetch(): Promise<void> {
    const { url, logger, refreshMs } = this.#options;
    this.#fetchedAt = Date.now();
    try {
      this.#take(await fetchText(url, this.#stopping.signal));
    } catch (error) {
      if (this.#stopping.signal.aborted) return;
      const reason = causeChain(error).join(': ');
      if (!this.#failing) logger.warn({ url: url.href, reason }, 'The key set cannot be had');
      this.#failing = true;
      this.#schedule(this.#backoff.next());
      return;
    }
    if (this.#failing) logger.info({ url: url.href }, 'The key set can be had again');
    this.#failing = false;
    this.#backoff.reset();
    this.#schedule(refreshMs);
  }

  #take(text: string): void {
    if (text === this.#text) return;
    this.keys = parse(text, this.#options.url.href);
    this.#text = text;
    this.generation++;
  }

  #schedule(ms: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#fetchOnce(), ms).unref();
  }
}

async function fetchText(url: URL, signal: AbortSignal): Promise<string> {
  const reply = await fetch(url, {
    headers: { accept: 'application/json' },
    // Another address would be one that nobody configured.
    redirect: 'error',
    signal: AbortSignal.any([signal, AbortSignal.timeout(FETCH_TIMEOUT_MS)]),
  });
  if (!reply.ok) throw new Error(`It answers with status ${reply.status}.`);
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of reply.body ?? []) {
    bytes += chunk.length;
    if (bytes > MAX_BYTES) throw new Error(`It is larger than ${MAX_BYTES} bytes.`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
