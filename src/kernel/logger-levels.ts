/** Levels of loggers by name, as Kafka Connect's `/admin/loggers` shows and sets them while the process runs. Pure. */

import { ConfigError } from './errors';

/** log4j's names, from most to least. */
export const LOGGER_LEVELS = ['ALL', 'TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL', 'OFF'] as const;
export type LoggerLevelName = (typeof LOGGER_LEVELS)[number];

export interface LoggerLevel {
  readonly level: LoggerLevelName;
  /** ms since the epoch; null: never. */
  readonly last_modified: number | null;
}

const ROOT = 'root';
const isRoot = (name: string): boolean => name.toLowerCase() === ROOT;

/** Null for what is no level. In any case of letters. */
export const parseLoggerLevel = (name: string): LoggerLevelName | null => {
  const upper = name.toUpperCase();
  return LOGGER_LEVELS.find((level) => level === upper) ?? null;
};

export class LoggerLevels {
  /** Levels that were set. */
  readonly #set = new Map<string, LoggerLevel>();
  readonly #names = new Set<string>();
  #root: LoggerLevel;
  /** Goes up with each change, so that loggers may keep what they found. */
  version = 0;

  constructor(
    root: LoggerLevelName,
    readonly now: () => number = Date.now,
  ) {
    this.#root = { level: root, last_modified: null };
  }

  get root(): LoggerLevelName {
    return this.#root.level;
  }

  /** Makes the logger known. */
  declare(name: string): void {
    this.#names.add(name);
  }

  /** Of the logger, of the nearest one above it that has a level, or of the root. */
  effective(name: string): LoggerLevelName {
    for (let at = name; at !== ''; at = at.slice(0, Math.max(0, at.lastIndexOf('.')))) {
      const own = this.#set.get(at);
      if (own !== undefined) return own.level;
    }
    return this.#root.level;
  }

  /** Null for a logger nobody knows. */
  level(name: string): LoggerLevel | null {
    if (isRoot(name)) return this.#root;
    return this.#names.has(name) ? this.#levelOf(name) : null;
  }

  /** All known ones, sorted by name. */
  levels(): Readonly<Record<string, LoggerLevel>> {
    const entries = [...this.#names].map((name) => [name, this.#levelOf(name)] as const);
    const all = [...entries, [ROOT, this.#root] as const];
    return Object.fromEntries(all.sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  #levelOf(name: string): LoggerLevel {
    return this.#set.get(name) ?? { level: this.effective(name), last_modified: null };
  }

  /**
   * Sets the level of all loggers whose names begin so, and makes the one of this name known; for `root` that of all. Answers
   * the names of those whose level became another one, sorted. Throws ConfigError for what is no level.
   */
  set(namespace: string, wanted: string): readonly string[] {
    const level = parseLoggerLevel(wanted);
    if (level === null)
      throw new ConfigError(`${wanted} is no level of a logger.`, {
        hint: `One of ${LOGGER_LEVELS.join(', ')} is.`,
      });
    if (isRoot(namespace)) return this.#setAll(level);
    this.#names.add(namespace);
    return this.#change(
      [...this.#names].filter((name) => name.startsWith(namespace)),
      level,
    );
  }

  #setAll(level: LoggerLevelName): readonly string[] {
    // Before the root: those that had its level until now must be told.
    const changed = [...this.#change([...this.#names], level)];
    if (this.#root.level === level) return changed;
    this.#root = { level, last_modified: this.now() };
    this.version++;
    return [...changed, ROOT].sort();
  }

  #change(names: readonly string[], level: LoggerLevelName): readonly string[] {
    const changed = names.filter((name) => this.effective(name) !== level).sort();
    for (const name of changed) this.#set.set(name, { level, last_modified: this.now() });
    if (changed.length > 0) this.version++;
    return changed;
  }
}
