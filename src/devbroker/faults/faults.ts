/** The faults that are set, and the asking for them while a request is served. */
import { errorCode, type FaultRule, type Place } from './rule';

/** One that was set. */
export interface Fault {
  readonly id: number;
  readonly rule: FaultRule;
  /** How often it has struck. */
  readonly hits: number;
  /** Resolves when it has struck so often; rejects when it is removed before. */
  struck(times?: number): Promise<void>;
  remove(): void;
}

/** A request as far as faults tell requests apart. */
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
  #waiters: Waiter[] = [];

  constructor(
    readonly id: number,
    readonly rule: FaultRule,
    readonly onRemoved: (fault: SetFault) => void,
  ) {}

  /** Counts it; false while it lets requests go by. */
  strike(): boolean {
    if (this.#skipped < (this.rule.skip ?? 0)) {
      this.#skipped++;
      return false;
    }
    this.hits++;
    this.#waiters = this.#waiters.filter((waiter) => {
      if (waiter.times > this.hits) return true;
      waiter.resolve();
      return false;
    });
    const { times = 1 } = this.rule;
    // Held markers stay until they are let go.
    if (times !== null && this.hits >= times && !('hold' in this.rule)) this.remove();
    return true;
  }

  get isSpent(): boolean {
    const { times = 1 } = this.rule;
    return times !== null && this.hits >= times;
  }

  struck(times = 1): Promise<void> {
    if (this.hits >= times) return Promise.resolve();
    return new Promise((resolve, reject) => this.#waiters.push({ times, resolve, reject }));
  }

  remove(): void {
    this.onRemoved(this);
    for (const { reject } of this.#waiters)
      reject(new Error(`fault ${this.id} was removed after ${this.hits} hits`));
    this.#waiters = [];
  }
}

export class Faults {
  readonly #set = new Map<number, SetFault>();
  readonly #onReleased = new Map<number, (() => void)[]>();
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
    for (const fault of [...this.#set.values()]) fault.remove();
  }

  /** The first fault with this kind of action for the request at the place; it counts as struck. */
  take<K extends ActionKey>(kind: K, asked: Asked, place: Place): ActionOf<K> | undefined {
    for (const fault of this.#set.values()) {
      if (kind in fault.rule && !fault.isSpent && concerns(fault.rule, asked, place) && fault.strike())
        return fault.rule as unknown as ActionOf<K>;
    }
    return undefined;
  }

  /** Code of an error fault; `applied` ones only, or others only. */
  takeError(applied: boolean, asked: Asked, place: Place): number {
    for (const fault of this.#set.values()) {
      const { rule } = fault;
      if (!('error' in rule) || (rule.applied ?? false) !== applied || fault.isSpent) continue;
      if (concerns(rule, asked, place) && fault.strike()) return errorCode(rule.error);
    }
    return 0;
  }

  /** Resolves when no fault holds the markers of this transaction; null when none does now. */
  heldMarkers(asked: Asked, place: Place): Promise<void> | null {
    for (const fault of this.#set.values()) {
      if (!('hold' in fault.rule) || fault.isSpent || !concerns(fault.rule, asked, place) || !fault.strike())
        continue;
      return new Promise((resolve) => {
        const released = this.#onReleased.get(fault.id) ?? [];
        released.push(resolve);
        this.#onReleased.set(fault.id, released);
      });
    }
    return null;
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
