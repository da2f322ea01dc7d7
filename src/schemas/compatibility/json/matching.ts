/** Maximum matchings in bipartite graphs, by augmenting paths. */

export interface BipartiteGraph {
  readonly leftSize: number;
  readonly rightSize: number;
  /** Whether the two can be partners. Asked as seldom as possible. */
  fits(left: number, right: number): boolean;
  /** A partner that is likely to fit; asked for first. */
  guess(left: number): number | undefined;
}

/** The partner of each one on the left, -1 for none; as many have one as can have one. */
export function maximumMatching(graph: BipartiteGraph): readonly number[] {
  const matching = new Matching(graph);
  for (let left = 0; left < graph.leftSize; left++) matching.tryGuess(left);
  for (let left = 0; left < graph.leftSize; left++) matching.augmentFrom(left);
  return matching.partnerOfLeft;
}

class Matching {
  readonly partnerOfLeft: number[];
  readonly #partnerOfRight: number[];

  constructor(readonly graph: BipartiteGraph) {
    this.partnerOfLeft = new Array<number>(graph.leftSize).fill(-1);
    this.#partnerOfRight = new Array<number>(graph.rightSize).fill(-1);
  }

  tryGuess(left: number): void {
    const right = this.graph.guess(left);
    if (right === undefined || this.#partnerOfRight[right] !== -1) return;
    if (this.graph.fits(left, right)) this.#join(left, right);
  }

  /** Finds a partner, for which others may have to take other ones. */
  augmentFrom(left: number): void {
    if (this.partnerOfLeft[left] !== -1) return;
    const cameFrom = new Map<number, number>();
    let right = this.#freeRight(left, cameFrom);
    while (right !== -1) {
      const from = cameFrom.get(right)!;
      const released = this.partnerOfLeft[from]!;
      this.#join(from, right);
      right = released;
    }
  }

  /** A free one that alternating paths lead to; -1 when none do. `cameFrom`: who led to each one on the right. */
  #freeRight(start: number, cameFrom: Map<number, number>): number {
    const pending = [start];
    for (let left = pending.pop(); left !== undefined; left = pending.pop()) {
      for (let right = 0; right < this.graph.rightSize; right++) {
        if (cameFrom.has(right) || !this.graph.fits(left, right)) continue;
        cameFrom.set(right, left);
        const partner = this.#partnerOfRight[right]!;
        if (partner === -1) return right;
        pending.push(partner);
      }
    }
    return -1;
  }

  #join(left: number, right: number): void {
    this.partnerOfLeft[left] = right;
    this.#partnerOfRight[right] = left;
  }
}
