/** Maximum matchings in bipartite graphs, by augmenting paths. */

/**
 * The partner of each one on the left, -1 for none; as many have one as can have one.
 * @param edges for each one on the left, its possible partners on the right
 * @param spent told the number of edges that were looked at
 */
export function maximumMatching(
  edges: readonly (readonly number[])[],
  rightSize: number,
  spent: (looks: number) => void,
): readonly number[] {
  const partnerOfLeft = edges.map(() => -1);
  const partnerOfRight = new Array<number>(rightSize).fill(-1);
  for (let left = 0; left < edges.length; left++) {
    const cameFrom = new Map<number, number>();
    let end = freeRight(left, edges, partnerOfRight, cameFrom, spent);
    while (end !== -1) {
      const from = cameFrom.get(end)!;
      const next = partnerOfLeft[from]!;
      partnerOfLeft[from] = end;
      partnerOfRight[end] = from;
      end = next;
    }
  }
  return partnerOfLeft;
}

/** A free one on the right that alternating paths from here lead to; -1 when none do. `cameFrom`: who led to each one. */
function freeRight(
  start: number,
  edges: readonly (readonly number[])[],
  partnerOfRight: readonly number[],
  cameFrom: Map<number, number>,
  spent: (looks: number) => void,
): number {
  const pending = [start];
  for (let left = pending.pop(); left !== undefined; left = pending.pop()) {
    spent(edges[left]!.length);
    for (const right of edges[left]!) {
      if (cameFrom.has(right)) continue;
      cameFrom.set(right, left);
      const partner = partnerOfRight[right]!;
      if (partner === -1) return right;
      pending.push(partner);
    }
  }
  return -1;
}
