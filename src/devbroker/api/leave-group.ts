/** LeaveGroup v0 to v3: members give up their place, or an administrator takes it; several at once since v3. */
import { api } from '../api';
import type { LeavingMember } from '../groups/coordinator';
import { codeOf } from '../refusal';

interface Request {
  readonly groupId: string;
  readonly members: readonly LeavingMember[];
}

interface Answer {
  readonly error: number;
  readonly members: readonly (LeavingMember & { readonly error: number })[];
}

export const leaveGroup = api<Request, Answer>({
  key: 13,
  name: 'LeaveGroup',
  versions: [0, 3],
  decode(reader, version) {
    const groupId = reader.string();
    if (version < 3) return { groupId, members: [{ memberId: reader.string(), instanceId: null }] };
    const members = reader.array((r) => ({ memberId: r.string(), instanceId: r.nullableString() }));
    return { groupId, members };
  },
  places: ({ groupId }) => [{ group: groupId }],
  handle({ groupId, members }, call) {
    const error = call.coordinates('group', groupId);
    if (error !== 0) return { error, members: [] };
    try {
      const codes = call.broker.groups.leave(groupId, members);
      const left = members.map((member, i) => ({ ...member, error: codes[i]! }));
      return { error: call.afterwards({ group: groupId }), members: left };
    } catch (refusal) {
      return { error: codeOf(refusal), members: [] };
    }
  },
  encode(writer, { error, members }, version) {
    if (version >= 1) writer.int32(0);
    if (version < 3) {
      writer.int16(error || (members[0]?.error ?? 0));
      return;
    }
    writer.int16(error).array(members, (w, member) => {
      w.string(member.memberId).nullableString(member.instanceId).int16(member.error);
    });
  },
});
