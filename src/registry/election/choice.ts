/** Which member of the group becomes the primary. Pure: every member that leads the group chooses the same. */
import { type Choice, type NodeIdentity, urlOf } from './identity';

export interface Member {
  readonly memberId: string;
  readonly identity: NodeIdentity;
}

export interface ChoiceRules {
  /** The primary stays as long as it is a member. Else an eligible one with a smaller URL takes its place. */
  readonly sticky: boolean;
}

export function choosePrimary(members: readonly Member[], { sticky }: ChoiceRules): Choice {
  const urls = new Set(members.map(({ identity }) => urlOf(identity)));
  if (urls.size < members.length) return { kind: 'duplicates' };
  const eligible = members.filter(({ identity }) => identity.eligible);
  const current = sticky ? eligible.filter(({ identity }) => identity.leader) : [];
  const chosen = smallest(current.length > 0 ? current : eligible);
  return chosen === undefined ? { kind: 'nobody' } : { kind: 'chosen', ...chosen };
}

const smallest = (members: readonly Member[]): Member | undefined =>
  [...members].sort((a, b) => (urlOf(a.identity) < urlOf(b.identity) ? -1 : 1))[0];
