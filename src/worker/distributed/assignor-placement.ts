/** One kind of work, connectors or tasks, over the members of the group, while a round is being decided. */

export interface Seat {
  readonly url: string;
  /** Keys of what the member runs. */
  readonly runs: readonly string[];
}

export interface PlacementOptions {
  readonly seats: readonly Seat[];
  /** Keys of all there is to run, in the order in which they are placed. */
  readonly configured: readonly string[];
  /** URL of the worker that has, or had, each. */
  readonly owners: ReadonlyMap<string, string>;
  /** What is to be spread: of the tasks of one connector every worker gets about as many. */
  groupOf(key: string): string;
}

export class Placement {
  readonly #options: PlacementOptions;
  readonly #slots: Slot[];
  /** Of what is configured. */
  readonly #groups: ReadonlyMap<string, string>;

  constructor(options: PlacementOptions) {
    this.#options = options;
    this.#groups = new Map(options.configured.map((key) => [key, options.groupOf(key)]));
    this.#slots = options.seats.map(({ url }) => new Slot(url, this.#groups));
    this.#keep();
  }

  /** What is configured and runs stays where it is; what runs twice, on the worker that was given it last. */
  #keep(): void {
    const { seats, owners, configured } = this.#options;
    const keepers = new Map<string, number>();
    seats.forEach(({ url, runs }, index) => {
      for (const key of runs) if (!keepers.has(key) || url === owners.get(key)) keepers.set(key, index);
    });
    seats.forEach(({ runs }, index) => {
      for (const key of runs) {
        if (!this.#groups.has(key) || keepers.get(key) !== index) this.#slots[index]!.revoked.add(key);
      }
    });
    for (const key of configured) {
      const keeper = keepers.get(key);
      if (keeper !== undefined) this.#slots[keeper]!.add(key, 'kept');
    }
  }

  /** What nobody runs. */
  get unassigned(): readonly string[] {
    const running = new Set(this.#slots.flatMap(({ kept, placed }) => [...kept, ...placed]));
    return this.#options.configured.filter((key) => !running.has(key));
  }

  /** Whether the worker that had it is out of the group. */
  isLost(key: string): boolean {
    const owner = this.#options.owners.get(key);
    return owner !== undefined && this.#slots.every(({ url }) => url !== owner);
  }

  /** To who had it before, as far as that is fair, else to who has least. `tieBreak`: other load by index of the seat. */
  place(keys: readonly string[], tieBreak: (index: number) => number): void {
    const fair = Math.ceil(this.#groups.size / this.#slots.length);
    const homeless = keys.filter((key) => {
      const owner = this.#options.owners.get(key);
      const slot = this.#slots.find(({ url, load }) => url === owner && load < fair);
      slot?.add(key, 'placed');
      return slot === undefined;
    });
    for (const key of homeless) this.#slots[this.#leastLoaded(key, tieBreak)]!.add(key, 'placed');
  }

  #leastLoaded(key: string, tieBreak: (index: number) => number): number {
    const group = this.#groups.get(key)!;
    const order = this.#slots.map((slot, index) => [slot.load, slot.count(group), tieBreak(index), index]);
    return order.reduce((best, each) => (isLess(each, best) ? each : best))[3]!;
  }

  /** A difference of one is as even as it gets. */
  get isUneven(): boolean {
    const loads = this.#slots.map(({ load }) => load);
    return Math.max(...loads) - Math.min(...loads) > 1;
  }

  /** Evens out. What runs is only revoked now: the next round places it. Answers how many that are. */
  even(): number {
    let revoked = 0;
    while (this.isUneven) {
      const [first] = this.#slots;
      const from = this.#slots.reduce((most, slot) => (slot.load > most.load ? slot : most), first!);
      const to = this.#slots.reduce((least, slot) => (slot.load < least.load ? slot : least), first!);
      if (from.placed.size === 0) revoked++;
      moveOne(from, to);
    }
    return revoked;
  }

  load(index: number): number {
    return this.#slots[index]!.load;
  }

  /** In the order of what is configured, so that the same work makes the same bytes. */
  assigned(index: number): readonly string[] {
    const { kept, placed } = this.#slots[index]!;
    return this.#options.configured.filter((key) => kept.has(key) || placed.has(key));
  }

  revoked(index: number): readonly string[] {
    return [...this.#slots[index]!.revoked];
  }
}

type Share = 'kept' | 'placed' | 'planned';

class Slot {
  /** Runs here and stays. */
  readonly kept = new Set<string>();
  /** Comes here now. */
  readonly placed = new Set<string>();
  /** Counts as if it came here, which the next round decides. */
  readonly planned = new Set<string>();
  readonly revoked = new Set<string>();
  readonly #counts = new Map<string, number>();

  constructor(
    readonly url: string,
    readonly groups: ReadonlyMap<string, string>,
  ) {}

  get load(): number {
    return this.kept.size + this.placed.size + this.planned.size;
  }

  count(group: string): number {
    return this.#counts.get(group) ?? 0;
  }

  add(key: string, share: Share): void {
    this[share].add(key);
    this.#change(key, 1);
  }

  remove(key: string, share: Share): void {
    this[share].delete(key);
    this.#change(key, -1);
  }

  #change(key: string, by: number): void {
    const group = this.groups.get(key)!;
    this.#counts.set(group, this.count(group) + by);
  }
}

/** Of the group that is spread better by it; and rather what does not run yet than what does. */
function moveOne(from: Slot, to: Slot): void {
  const isNew = from.placed.size > 0;
  const share = isNew ? 'placed' : 'kept';
  let chosen = '';
  let most = Number.NEGATIVE_INFINITY;
  for (const key of from[share]) {
    const group = from.groups.get(key)!;
    const gain = from.count(group) - to.count(group);
    if (gain > most) [chosen, most] = [key, gain];
  }
  from.remove(chosen, share);
  if (!isNew) from.revoked.add(chosen);
  to.add(chosen, isNew ? 'placed' : 'planned');
}

/** Lexical order. */
function isLess(a: readonly number[], b: readonly number[]): boolean {
  const at = a.findIndex((value, index) => value !== b[index]);
  return at >= 0 && a[at]! < b[at]!;
}
