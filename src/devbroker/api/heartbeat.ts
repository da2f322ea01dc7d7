/** Heartbeat v0 to v3: keeps a member's session, and tells it of rebalances. */
import { api } from '../api';
import { type GroupClaim, readClaim } from './group-fields';

export const heartbeat = api<GroupClaim, number>({
  key: 12,
  name: 'Heartbeat',
  versions: [0, 3],
  decode: (reader, version) => readClaim(reader, version >= 3),
  places: ({ groupId }) => [{ group: groupId }],
  handle({ groupId, claim }, call) {
    const error = call.coordinates('group', groupId) || call.broker.groups.heartbeat(groupId, claim);
    return error || call.afterwards({ group: groupId });
  },
  encode(writer, error, version) {
    if (version >= 1) writer.int32(0);
    writer.int16(error);
  },
});
