/** What files say, read again when they change: certificates, users, permissions, keys. */
import { stat } from 'node:fs/promises';
import { causeChain, type Logger } from '../kernel';

export interface Watched<T> {
  readonly current: T;
  /** Goes up with each change; what was derived from an older generation is void. */
  readonly generation: number;
  /** Looks for a change at once. */
  refresh(): Promise<void>;
  close(): void;
}

export interface WatchOptions<T> {
  readonly paths: readonly string[];
  /** Throws when the files cannot be used. */
  readonly load: () => T | Promise<T>;
  /** In log lines: `The users file`. */
  readonly what: string;
  readonly logger: Logger;
  /** How often the files are looked at, ms. */
  readonly intervalMs?: number;
  readonly onChange?: (value: T) => void;
}

const INTERVAL_MS = 1000;

/**
 * Looks at the files by name once a second, since mounted secrets change by symbolic links, which no file watcher sees.
 * A file that became unusable is told once and tried again; until it is mended the old content stays. Rejects as `load` does
 * when the files cannot be used to begin with.
 */
export async function watchFiles<T>(options: WatchOptions<T>): Promise<Watched<T>> {
  const { paths, load, what, logger, onChange } = options;
  let seen = await fingerprint(paths);
  let current = await load();
  let generation = 1;
  let complaint: string | null = null;

  async function refresh(): Promise<void> {
    // Taken before the content is read, so that a change meanwhile is seen the next time.
    const now = await fingerprint(paths);
    if (now === seen) return;
    try {
      current = await load();
    } catch (error) {
      const text = causeChain(error).join(': ');
      if (text !== complaint)
        logger.error(
          { err: error, files: paths },
          `${what} changed and cannot be used; the old content stays`,
        );
      complaint = text;
      return;
    }
    seen = now;
    complaint = null;
    generation++;
    logger.info({ files: paths }, `${what} changed and was read again`);
    onChange?.(current);
  }
  let running: Promise<void> | null = null;
  const once = (): Promise<void> => (running ??= refresh().finally(() => (running = null)));
  const timer = setInterval(() => void once(), options.intervalMs ?? INTERVAL_MS).unref();
  return {
    get current() {
      return current;
    },
    get generation() {
      return generation;
    },
    refresh: once,
    close: () => clearInterval(timer),
  };
}

async function fingerprint(paths: readonly string[]): Promise<string> {
  const parts = paths.map(async (path) => {
    try {
      const { ino, size, mtimeNs, ctimeNs } = await stat(path, { bigint: true });
      return `${ino} ${size} ${mtimeNs} ${ctimeNs}`;
    } catch (error) {
      return (error as NodeJS.ErrnoException).code ?? 'unreadable';
    }
  });
  return (await Promise.all(parts)).join('|');
}

/** A value that no file can change. */
export const fixed = <T>(current: T): Watched<T> => ({
  current,
  generation: 1,
  refresh: async () => {},
  close: () => {},
});
