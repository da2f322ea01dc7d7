/**
 * The last versions of each connector's configuration: who changed what, when and from where. Any worker may write:
 * pausing is every worker's. Two that take the same number at once are told apart by the order of the log: the first has
 * it, and the second writes that one again and itself behind it, so that compaction keeps both.
 */
import { randomUUID } from 'node:crypto';
import { causeChain, type Logger } from '../../kernel';
import { Serial } from '../herding/serial';
import type { TargetState } from '../lifecycle';
import type { RawConfig } from '../storage/types';
import type { Author, Change, ChangeKind } from './changes';
import type { HistoryLog, HistoryRecord } from './history-log';

const VERSIONS_KEPT = 50;
const STOP_MS = 2000;

export interface Version {
  readonly version: number;
  /** Wall time, ms. */
  readonly at: number;
  readonly kind: ChangeKind;
  readonly author: Author | null;
  readonly revertOf: number | null;
  /** As written: references unresolved. Null: deleted. */
  readonly config: RawConfig | null;
  readonly target: TargetState | null;
}

interface Kept extends Omit<Version, 'version'> {
  /** Tells records apart that have the same number. */
  readonly id: string;
}

export interface VersionBook {
  /** Written in the background, in the order of the calls. */
  record(change: Change): void;
  /** Oldest first; empty for a connector nobody changed. What was recorded here before is among them. */
  versions(connector: string): Promise<readonly Version[]>;
  stop(): Promise<void>;
}

export function createVersionBook(log: HistoryLog, logger: Logger): VersionBook {
  return new Versions(log, logger);
}

class Versions implements VersionBook {
  readonly #log: HistoryLog;
  readonly #logger: Logger;
  readonly #writes = new Serial();
  /** Values as text: few are ever looked at. */
  readonly #kept = new Map<string, Map<number, string>>();

  constructor(log: HistoryLog, logger: Logger) {
    this.#log = log;
    this.#logger = logger;
  }

  record(change: Change): void {
    const { connector } = change;
    this.#writes
      .run(() => this.#write(change))
      .catch((error: unknown) => {
        const why = causeChain(error).join(': ');
        this.#logger.warn({ connector }, `A change of ${connector} is missing in its history: ${why}`);
      });
  }

  async versions(connector: string): Promise<readonly Version[]> {
    await this.#writes.run(async () => {});
    if (!(await this.#open(false))) return [];
    await this.#log.readToEnd();
    return this.#versions(connector);
  }

  /** What is on its way has a little time: without Kafka it would wait on. */
  async stop(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, STOP_MS)));
    await Promise.race([this.#writes.run(async () => {}), late]).finally(() => clearTimeout(timer));
    await this.#log.stop();
  }

  #open(create: boolean): Promise<boolean> {
    return this.#log.open((key, value) => this.#apply(key, value), create);
  }

  #versions(connector: string): Version[] {
    const kept = [...(this.#kept.get(connector) ?? [])].sort(([a], [b]) => a - b);
    return kept.map(([version, text]) => {
      const { id: _, ...rest } = JSON.parse(text) as Kept;
      return { version, ...rest };
    });
  }

  /** The first record of a number stays; the same one may come again. */
  #apply(key: string, value: string | null): void {
    const [connector, version] = JSON.parse(key) as [string, number];
    const kept = this.#kept.get(connector) ?? new Map<number, string>();
    if (value === null) kept.delete(version);
    else if (!kept.has(version)) kept.set(version, value);
    if (kept.size === 0) this.#kept.delete(connector);
    else this.#kept.set(connector, kept);
  }

  async #write({ connector, kind, before, after, origin, at }: Change): Promise<void> {
    await this.#open(true);
    await this.#log.readToEnd();
    const last = this.#versions(connector).at(-1) ?? null;
    if (before !== null && !isSame(last, before)) {
      await this.#append(connector, { ...keptOf('found', before, at), author: null, revertOf: null });
    }
    if (kind !== 'deleted' && isSame(before, after)) return;
    const author = origin?.author ?? null;
    await this.#append(connector, { ...keptOf(kind, after, at), author, revertOf: origin?.revertOf ?? null });
  }

  async #append(connector: string, kept: Kept): Promise<void> {
    const value = JSON.stringify(kept);
    let winner: HistoryRecord[] = [];
    for (;;) {
      const version = Math.max(0, ...(this.#kept.get(connector)?.keys() ?? [])) + 1;
      const key = JSON.stringify([connector, version]);
      await this.#log.write([...winner, { key, value }, ...this.#outdated(connector, version)]);
      const first = this.#kept.get(connector)?.get(version);
      if (first === value) return;
      winner = first === undefined ? [] : [{ key, value: first }];
    }
  }

  #outdated(connector: string, newest: number): HistoryRecord[] {
    const numbers = [...(this.#kept.get(connector)?.keys() ?? [])];
    return numbers
      .filter((number) => number <= newest - VERSIONS_KEPT)
      .map((number) => ({ key: JSON.stringify([connector, number]), value: null }));
  }
}

type Snapshot = { readonly config: RawConfig | null; readonly target: TargetState | null } | null;

const keptOf = (kind: ChangeKind, snapshot: Snapshot, at: number) => ({
  id: randomUUID(),
  at,
  kind,
  config: snapshot?.config ?? null,
  target: snapshot?.target ?? null,
});

const isSame = (a: Snapshot, b: Snapshot): boolean =>
  (a?.target ?? null) === (b?.target ?? null) && textOf(a) === textOf(b);

const textOf = (snapshot: Snapshot): string =>
  JSON.stringify(Object.entries(snapshot?.config ?? {}).sort(([a], [b]) => (a < b ? -1 : 1)));
