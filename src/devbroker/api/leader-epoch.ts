/** What clients know of who leads since when. Source: KIP-320. */
import { Code } from '../refusal';

/** The client does not say. */
export const NO_EPOCH = -1;

/** Code for a client whose metadata is older or newer than ours; 0 when they agree. */
export function checkLeaderEpoch(known: number, { leaderEpoch }: { readonly leaderEpoch: number }): number {
  if (known === NO_EPOCH || known === leaderEpoch) return Code.NONE;
  return known < leaderEpoch ? Code.FENCED_LEADER_EPOCH : Code.UNKNOWN_LEADER_EPOCH;
}
