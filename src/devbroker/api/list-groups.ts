/** ListGroups v0 to v2: the groups that this node coordinates. */
import { api } from '../api';

interface Listed {
  readonly groupId: string;
  readonly protocolType: string;
}

interface Answer {
  readonly error: number;
  readonly groups: readonly Listed[];
}

export const listGroups = api<null, Answer>({
  key: 16,
  name: 'ListGroups',
  versions: [0, 2],
  decode: () => null,
  places: () => [],
  handle(_request, call) {
    const { broker, node } = call;
    const error = call.fault({}) || call.afterwards({});
    if (error !== 0) return { error, groups: [] };
    const groups = [...broker.groups.list()]
      .filter(({ id }) => broker.coordinates(node, 'group', id) === 0)
      .map(({ id, protocolType }) => ({ groupId: id, protocolType: protocolType ?? '' }));
    return { error, groups };
  },
  encode(writer, { error, groups }, version) {
    if (version >= 1) writer.int32(0);
    writer.int16(error);
    writer.array(groups, (w, { groupId, protocolType }) => w.string(groupId).string(protocolType));
  },
});
