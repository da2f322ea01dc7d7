/**
 * What the records of the config topic make, applied one after the other (connect.md §2.1). Pure: a worker that reads the
 * topic anew, compacted or not, comes to the same connectors, targets and tasks as one that has followed it, except that
 * compaction may cost task configurations, which `isInconsistent` tells.
 */
import type { TargetState } from '../lifecycle';
import type { ConfigEvent, ConfigState, RawConfig, SessionKey } from './types';

/** A record that says nothing: `why` is for the log. */
export interface IgnoredRecord {
  readonly offset: number;
  readonly key: string;
  readonly why: string;
}

export interface ConfigTable extends ConfigState {
  /** What changed. `value` is JSON text, null a tombstone. */
  apply(offset: number, key: string, value: string | null): ConfigEvent[];
}

export const createConfigTable = (onIgnored: (record: IgnoredRecord) => void): ConfigTable =>
  new Table(onIgnored);

class Entry {
  /** Null: does not exist, whatever else has been read about it. */
  config: RawConfig | null = null;
  target: TargetState | null = null;
  /** Read since the last commit, by task id. */
  deferred = new Map<number, RawConfig>();
  tasks: readonly RawConfig[] = [];
  appliedConfig: RawConfig | null = null;
  inconsistent = false;
  /** Tasks were committed while the connector did not exist: compaction has moved its record behind them. */
  orphaned = false;
  /** Commits of complete sets. */
  generation: number | null = null;
  fencedTasks: number | null = null;
  fencingDue = false;
}

const NO_TASKS: readonly RawConfig[] = [];
const NO_EVENTS: ConfigEvent[] = [];

type Members = Readonly<Record<string, unknown>>;
/** `name` is what follows the prefix of the key; throws `Unusable`. */
type Handler = (table: Table, name: string, value: Members | null) => ConfigEvent[];

class Unusable extends Error {}

class Table implements ConfigTable {
  readonly entries = new Map<string, Entry>();
  offset = -1;
  sessionKey: SessionKey | null = null;
  readonly #onIgnored: (record: IgnoredRecord) => void;
  #sorted: readonly string[] | null = null;

  constructor(onIgnored: (record: IgnoredRecord) => void) {
    this.#onIgnored = onIgnored;
  }

  apply(offset: number, key: string, value: string | null): ConfigEvent[] {
    this.offset = offset + 1;
    try {
      const found = HANDLERS.find(([prefix]) => key.startsWith(prefix));
      if (found === undefined) throw new Unusable('no such key is known');
      const [prefix, handler] = found;
      return handler(this, key.slice(prefix.length), value === null ? null : parseObject(value));
    } catch (error) {
      if (!(error instanceof Unusable)) throw error;
      this.#onIgnored({ offset, key, why: error.message });
      return NO_EVENTS;
    }
  }

  entry(connector: string): Entry {
    let entry = this.entries.get(connector);
    if (entry === undefined) this.entries.set(connector, (entry = new Entry()));
    return entry;
  }

  setConfig(entry: Entry, config: RawConfig | null): void {
    if ((entry.config === null) !== (config === null)) this.#sorted = null;
    entry.config = config;
  }

  #existing(connector: string): Entry | null {
    const entry = this.entries.get(connector);
    return entry === undefined || entry.config === null ? null : entry;
  }

  connectors(): readonly string[] {
    this.#sorted ??= [...this.entries]
      .filter(([, { config }]) => config !== null)
      .map(([name]) => name)
      .sort();
    return this.#sorted;
  }

  config(connector: string): RawConfig | null {
    return this.entries.get(connector)?.config ?? null;
  }

  target(connector: string): TargetState | null {
    const entry = this.#existing(connector);
    return entry === null ? null : (entry.target ?? 'STARTED');
  }

  tasks(connector: string): readonly RawConfig[] {
    const entry = this.#existing(connector);
    return entry === null || entry.inconsistent ? NO_TASKS : entry.tasks;
  }

  appliedConfig(connector: string): RawConfig | null {
    return this.#existing(connector)?.appliedConfig ?? null;
  }

  isInconsistent(connector: string): boolean {
    return this.#existing(connector)?.inconsistent ?? false;
  }

  taskGeneration(connector: string): number | null {
    return this.entries.get(connector)?.generation ?? null;
  }

  fencedTasks(connector: string): number | null {
    return this.entries.get(connector)?.fencedTasks ?? null;
  }

  fencingDue(connector: string): boolean {
    return this.entries.get(connector)?.fencingDue ?? false;
  }
}

/** By prefix of the key: the first that fits. */
const HANDLERS: readonly (readonly [string, Handler])[] = [
  ['target-state-', applyTarget],
  ['connector-', applyConnector],
  ['task-', applyTask],
  ['commit-', applyCommit],
  ['restart-connector-', applyRestart],
  ['tasks-fencing-', applyFencing],
  ['session-key', applySessionKey],
  ['logger-cluster-', applyLogger],
];

function applyTarget(table: Table, connector: string, value: Members | null): ConfigEvent[] {
  const entry = table.entry(connector);
  if (value === null) {
    // The end of the connector is told by its own record.
    entry.target = null;
    return NO_EVENTS;
  }
  // Records of workers before 3.5 have no `state.v2`.
  const text = typeof value['state.v2'] === 'string' ? value['state.v2'] : value.state;
  const target = TARGETS.find((known) => known === text);
  if (target === undefined) throw new Unusable(`${quoted(text)} is no target state`);
  const before = entry.target ?? (entry.config === null ? null : 'STARTED');
  entry.target = target;
  return entry.config !== null && before !== target ? [{ kind: 'target', connector }] : NO_EVENTS;
}

const TARGETS: readonly TargetState[] = ['STARTED', 'PAUSED', 'STOPPED'];

function applyConnector(table: Table, connector: string, value: Members | null): ConfigEvent[] {
  const entry = table.entry(connector);
  if (value === null) return removeConnector(table, connector, entry);
  const config = propertiesOf(value);
  // Whose tasks those were cannot be told: of this connector before an update of its configuration, or of a deleted one
  // of the same name. Running the latter would be wrong (KAFKA-16838), losing the former unnoticed, too (KAFKA-17719).
  if (entry.config === null && entry.orphaned) entry.inconsistent = true;
  entry.orphaned = false;
  table.setConfig(entry, config);
  return [{ kind: 'connector', connector }];
}

/** Task and commit records stay in the topic; whoever reads it anew must find no tasks, either. */
function removeConnector(table: Table, connector: string, entry: Entry): ConfigEvent[] {
  const existed = entry.config !== null;
  table.setConfig(entry, null);
  entry.deferred.clear();
  entry.tasks = NO_TASKS;
  entry.appliedConfig = null;
  entry.inconsistent = false;
  entry.orphaned = false;
  return existed ? [{ kind: 'removed', connector }] : NO_EVENTS;
}

function applyTask(table: Table, name: string, value: Members | null): ConfigEvent[] {
  const match = /^(.+)-(\d+)$/s.exec(name);
  if (match === null) throw new Unusable('the key names no task');
  // Nobody writes it, but a tidied topic may have it: a task without configuration is told by the commit record.
  if (value === null) return NO_EVENTS;
  table.entry(match[1]!).deferred.set(Number(match[2]), propertiesOf(value));
  return NO_EVENTS;
}

function applyCommit(table: Table, connector: string, value: Members | null): ConfigEvent[] {
  const entry = table.entry(connector);
  if (value === null) return NO_EVENTS;
  const count = countOf(value, 'tasks');
  const { deferred } = entry;
  entry.deferred = new Map();
  if (entry.config === null) {
    entry.orphaned = count > 0;
    return NO_EVENTS;
  }
  entry.fencingDue = true;
  const tasks = completeSet(deferred, count);
  entry.inconsistent = tasks === null;
  if (tasks !== null) {
    entry.tasks = tasks;
    entry.appliedConfig = entry.config;
    entry.generation = entry.generation === null ? 0 : entry.generation + 1;
  }
  return [{ kind: 'tasks', connector }];
}

/** Null when some are missing. There may be more: of a larger set before, whose other records compaction has taken. */
function completeSet(deferred: ReadonlyMap<number, RawConfig>, count: number): RawConfig[] | null {
  if (deferred.size < count) return null;
  const tasks = Array.from({ length: count }, (_, task) => deferred.get(task));
  return tasks.includes(undefined) ? null : (tasks as RawConfig[]);
}

function applyRestart(_: Table, connector: string, value: Members | null): ConfigEvent[] {
  if (value === null) throw new Unusable('the value is null');
  const request = {
    connector,
    includeTasks: value['include-tasks'] === true,
    onlyFailed: value['only-failed'] === true,
  };
  return [{ kind: 'restart', request }];
}

/** Kept when the connector is deleted: its zombies are fenced when it is created again (KIP-618). */
function applyFencing(table: Table, connector: string, value: Members | null): ConfigEvent[] {
  if (value === null) throw new Unusable('the value is null');
  const entry = table.entry(connector);
  entry.fencedTasks = countOf(value, 'task-count');
  entry.fencingDue = false;
  return NO_EVENTS;
}

function applySessionKey(table: Table, rest: string, value: Members | null): ConfigEvent[] {
  if (rest !== '') throw new Unusable('no such key is known');
  if (value === null) throw new Unusable('the value is null');
  const { key, algorithm, 'creation-timestamp': createdAt } = value;
  if (typeof key !== 'string' || typeof algorithm !== 'string' || typeof createdAt !== 'number')
    throw new Unusable('key, algorithm or creation-timestamp is missing');
  table.sessionKey = { key: Buffer.from(key, 'base64'), algorithm, createdAt };
  return [{ kind: 'session-key' }];
}

function applyLogger(_: Table, namespace: string, value: Members | null): ConfigEvent[] {
  if (value === null) throw new Unusable('the value is null');
  const { level } = value;
  if (typeof level !== 'string') throw new Unusable('it has no level');
  return [{ kind: 'logger', namespace, level }];
}

function parseObject(text: string): Members {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    // Not the text itself: it may hold a password.
    throw new Unusable(`the value is no JSON: ${(error as Error).name}`);
  }
  if (!isObject(parsed)) throw new Unusable('the value is no JSON object');
  return parsed;
}

const isObject = (value: unknown): value is Members =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Null counts as absent. Frozen: herder, runners and REST share it. */
function propertiesOf(value: Members): RawConfig {
  if (!isObject(value.properties)) throw new Unusable('it has no properties');
  const config: Record<string, string> = {};
  for (const [name, property] of Object.entries(value.properties)) {
    if (property === null) continue;
    config[name] = typeof property === 'string' ? property : JSON.stringify(property);
  }
  return Object.freeze(config);
}

function countOf(value: Members, name: string): number {
  const count = value[name];
  if (!Number.isSafeInteger(count) || (count as number) < 0)
    throw new Unusable(`${quoted(count)} is no number of tasks`);
  return count as number;
}

const quoted = (value: unknown): string => `${JSON.stringify(value)}`;
