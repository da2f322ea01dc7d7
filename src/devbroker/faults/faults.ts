/**
 * The faults that are set, and the asking for them while a request is served. A fault strikes a request or lets it go by:
 * that is decided and counted once, where the request first fits, and holds for every place of it that fits.
 */
import { errorCode, type FaultRule, type Place } from './rule';

/** One that was set. */
export interface Fault {
  readonly id: number;
  readonly rule: FaultRule;
  /** How many requests it has struck. */
  readonly hits: number;
  /** Resolves when it has struck so often; rejects when it is gone before. */
  struck(times?: number): Promise<void>;
  /** Harmless when repeated, and when it has gone by itself. */
  remove(): void;
}

/** A request as far as faults tell requests apart. Its identity stands for the request. */
export interface Asked {
  readonly api: string;
  readonly node: number;
  readonly clientId: string;
}

interface Waiter {
  readonly times: number;
  resolve(): void;
  reject(error: Error): void;
}

class SetFault implements Fault {
  hits = 0;
  #skipped = 0;
  #isGone = false;
  #waiters: Waiter[] = [];

  constructor(
    readonly id: number,
    readonly rule: FaultRule,
    readonly onRemoved: (fault: SetFault) => void,
  ) {}

  get #isSpent(): boolean {
    const { times = 1 } = this.rule;
    return times !== null && this.hits >= times;
  }

  /** Counts a request; false when it goes by. */
  strike(): boolean {
    if (this.#isSpent) return false;
    if (this.#skipped < (this.rule.skip ?? 0)) {
      this.#skipped++;
      return false;
    }
    this.hits++;
    const reached = this.#waiters.filter(({ times }) => times <= this.hits);
    this.#waiters = this.#waiters.filter(({ times }) => times > this.hits);
    for (const { resolve } of reached) resolve();
    // Held markers stay until they are let go.
    if (this.#isSpent && !('hold' in this.rule)) this.remove();
    return true;
  }

  struck(times = 1): Promise<void> {
    if (this.hits >= times) return Promise.resolve();
    if (this.#isGone) return Promise.reject(this.#gone());
    return new Promise((resolve, reject) => this.#waiters.push({ times, resolve, reject }));
  }

  remove(): void {
    if (this.#isGone) return;
    this.#isGone = true;
    this.onRemoved(this);
    for (const { reject } of this.#waiters) reject(this.#gone());
    this.#waiters = [];
  }

  #gone(): Error {
    return new Error(`fault ${this.id} is gone after ${this.hits} hits`);
  }
}

export class Faults {
  readonly #set = new Map<number, SetFault>();
  readonly #onReleased = new Map<number, (() => void)[]>();
  /** By request: whether a fault struck it. */
  readonly #decided = new WeakMap<Asked, Map<SetFault, boolean>>();
  #nextId = 1;

  add(rule: FaultRule): Fault {
    const fault = new SetFault(this.#nextId++, rule, (removed) => this.#removed(removed));
    this.#set.set(fault.id, fault);
    return fault;
  }

  get(id: number): Fault | undefined {
    return this.#set.get(id);
  }

  list(): Fault[] {
    return [...this.#set.values()];
  }

  clear(): void {
    for (const fault of this.list()) fault.remove();
  }

  /** The first fault with this kind of action that strikes the request in one of the places. */
  take<K extends ActionKey>(
    kind: K,
    asked: Asked,
    places: Place | readonly Place[],
  ): ActionOf<K> | undefined {
    const fault = this.#find((rule) => kind in rule, asked, Array.isArray(places) ? places : [places]);
    return fault?.rule as ActionOf<K> | undefined;
  }

  /** Code of an error fault; `applied` ones only, or others only. */
  takeError(applied: boolean, asked: Asked, place: Place): number {
    const isOfKind = (rule: FaultRule) => 'error' in rule && (rule.applied ?? false) === applied;
    const rule = this.#find(isOfKind, asked, [place])?.rule;
    return rule !== undefined && 'error' in rule ? errorCode(rule.error) : 0;
  }

  /** Resolves when no fault holds the markers of the transaction with these places; null when none does now. */
  heldMarkers(asked: Asked, places: readonly Place[]): Promise<void> | null {
    const fault = this.#find((rule) => 'hold' in rule, asked, places);
    if (fault === undefined || !this.#set.has(fault.id)) return null;
    return new Promise((resolve) => {
      const released = this.#onReleased.get(fault.id) ?? [];
      released.push(resolve);
      this.#onReleased.set(fault.id, released);
    });
  }

  #find(
    isWanted: (rule: FaultRule) => boolean,
    asked: Asked,
    places: readonly Place[],
  ): SetFault | undefined {
    const decided = this.#decided.get(asked);
    if (this.#set.size === 0 && decided === undefined) return undefined;
    const fits = ({ rule }: SetFault) =>
      isWanted(rule) && places.some((place) => concerns(rule, asked, place));
    // One that struck for the last time is no longer set, yet it holds for the rest of the request.
    for (const [fault, struck] of decided ?? []) if (struck && fits(fault)) return fault;
    for (const fault of this.#set.values()) {
      if (decided?.has(fault) !== true && fits(fault) && this.#strike(fault, asked)) return fault;
    }
    return undefined;
  }

  #strike(fault: SetFault, asked: Asked): boolean {
    const struck = fault.strike();
    const decided = this.#decided.get(asked);
    if (decided === undefined) this.#decided.set(asked, new Map([[fault, struck]]));
    else decided.set(fault, struck);
    return struck;
  }

  #removed(fault: SetFault): void {
    this.#set.delete(fault.id);
    for (const release of this.#onReleased.get(fault.id) ?? []) release();
    this.#onReleased.delete(fault.id);
  }
}

type ActionKey = 'drop' | 'delayMs' | 'reorder' | 'truncateBytes' | 'corrupt';
type ActionOf<K extends ActionKey> = Extract<FaultRule, Record<K, unknown>>;

/** A request without a place (Metadata of all topics, say) fits only rules without one. */
function concerns(rule: FaultRule, asked: Asked, place: Place): boolean {
  const { api, node, client } = rule;
  if (api !== undefined && !(typeof api === 'string' ? api === asked.api : api.includes(asked.api)))
    return false;
  if (node !== undefined && node !== asked.node) return false;
  if (client !== undefined && !asked.clientId.startsWith(client)) return false;
  return (
    fits(rule.topic, place.topic) &&
    fits(rule.partition, place.partition) &&
    fits(rule.group, place.group) &&
    fits(rule.transactionalId, place.transactionalId)
  );
}

const fits = <T>(wanted: T | undefined, found: T | undefined): boolean =>
  wanted === undefined || wanted === found;
