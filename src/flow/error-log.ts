import type { Logger } from '../kernel';

const QUIET_MS = 30_000;
const MAX_KINDS = 200;

interface Kind {
  count: number;
  quietUntil: number;
}

/** Logs the same error once, then only how often it came again: one line per kind and half minute. */
export class ErrorLog {
  readonly #kinds = new Map<string, Kind>();

  constructor(
    readonly logger: Logger,
    readonly now: () => number = Date.now,
  ) {}

  /** `kind` groups what is the same error; `level` is that of the log line. Answers whether there was one. */
  report(level: 'warn' | 'error', kind: string, fields: object, message: string): boolean {
    const now = this.now();
    const known = this.#kinds.get(kind);
    if (known !== undefined && now < known.quietUntil) {
      known.count++;
      return false;
    }
    const repeated = known?.count ?? 0;
    if (this.#kinds.size >= MAX_KINDS) this.#kinds.clear();
    this.#kinds.set(kind, { count: 0, quietUntil: now + QUIET_MS });
    const suffix = repeated > 0 ? ` (${repeated} more like this since the last line)` : '';
    this.logger[level](repeated > 0 ? { ...fields, repeated } : fields, message + suffix);
    return true;
  }

  /** What was held back of a kind has been told another way. */
  settle(kind: string): void {
    const known = this.#kinds.get(kind);
    if (known !== undefined) known.count = 0;
  }

  /** Says what was held back; call at the end of a task. */
  flush(): void {
    for (const [kind, { count }] of this.#kinds) {
      if (count > 0) this.logger.warn({ repeated: count }, `${count} more like this: ${kind}`);
    }
    this.#kinds.clear();
  }
}

/** Errors that differ only in numbers and quoted text are one kind. */
export const kindOf = (stage: string, error: Error): string =>
  `${stage}: ${error.message
    .split('\n', 1)[0]!
    .replace(/"[^"]*"|'[^']*'/g, '"…"')
    .replace(/\d+/g, '#')}`;
