/** DeleteGroups v0 and v1: groups without members, and their offsets. */
import { api } from '../api';

interface Result {
  readonly groupId: string;
  readonly error: number;
}

export const deleteGroups = api<readonly string[], readonly Result[]>({
  key: 42,
  name: 'DeleteGroups',
  versions: [0, 1],
  decode: (reader) => reader.array((r) => r.string()),
  places: (groupIds) => groupIds.map((group) => ({ group })),
  handle: (groupIds, call) =>
    groupIds.map((groupId) => {
      const error = call.coordinates('group', groupId) || call.broker.groups.delete(groupId);
      return { groupId, error: error || call.afterwards({ group: groupId }) };
    }),
  encode(writer, results) {
    writer.int32(0).array(results, (w, { groupId, error }) => w.string(groupId).int16(error));
  },
});
