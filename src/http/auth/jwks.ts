/** The key set of a token issuer: a file, or a URL that the configuration names. Never one that a token names. */
import { ConfigError, causeChain, createBackoff, type Logger } from '../../kernel';
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
export function followKeyUrl(options: KeyUrlOptions): KeySource {
  const { url, logger, refreshMs, retryMs, maxRetryMs, renewMs = RENEW_MS } = options;
  const backoff = createBackoff({ initialMs: retryMs, maxMs: maxRetryMs });
  const stopping = new AbortController();
  let keys: readonly PublicKey[] | null = null;
  let text = '';
  let generation = 0;
  let failing = false;
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> | null = null;
  let fetchedAt = 0;

  async function fetchKeys(): Promise<void> {
    fetchedAt = Date.now();
    try {
      const next = await fetchText(url, stopping.signal);
      if (next !== text) {
        keys = parse(next, url.href);
        text = next;
        generation++;
      }
      if (failing) logger.info({ url: url.href }, 'The key set can be had again');
      failing = false;
      backoff.reset();
      schedule(refreshMs);
    } catch (error) {
      if (stopping.signal.aborted) return;
      if (!failing)
        logger.warn({ url: url.href, reason: causeChain(error).join(': ') }, 'The key set cannot be had');
      failing = true;
      schedule(backoff.next());
    }
  }
  const fetchOnce = (): Promise<void> => (running ??= fetchKeys().finally(() => (running = null)));
  function schedule(ms: number): void {
    clearTimeout(timer);
    timer = setTimeout(() => void fetchOnce(), ms).unref();
  }

  void fetchOnce();
  return {
    get keys() {
      return keys;
    },
    get generation() {
      return generation;
    },
    async renew() {
      if (running !== null || Date.now() - fetchedAt >= renewMs) await fetchOnce();
    },
    close() {
      stopping.abort();
      clearTimeout(timer);
    },
  };
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
