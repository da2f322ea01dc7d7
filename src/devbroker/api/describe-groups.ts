/** DescribeGroups v0 to v4: states and members. */
import type { ByteWriter } from '../../kafka/wire/bytes';
import { api } from '../api';
import { type Group, type Member, NOTHING } from '../groups/group';

interface Request {
  readonly groupIds: readonly string[];
  readonly withOperations: boolean;
}

interface Described {
  readonly error: number;
  readonly groupId: string;
  /** Null: there is none. */
  readonly group: Group | null;
}

interface Answer {
  readonly groups: readonly Described[];
  readonly withOperations: boolean;
}

/** Bits of READ, DELETE, DESCRIBE, DESCRIBE_CONFIGS, ALTER_CONFIGS: without an authorizer everybody may do all of it. */
const ALL_OPERATIONS = (1 << 3) | (1 << 6) | (1 << 8) | (1 << 10) | (1 << 11);
const NOT_ASKED = -2147483648;

export const describeGroups = api<Request, Answer>({
  key: 15,
  name: 'DescribeGroups',
  versions: [0, 4],
  decode: (reader, version) => ({
    groupIds: reader.array((r) => r.string()),
    withOperations: version >= 3 && reader.boolean(),
  }),
  places: ({ groupIds }) => groupIds.map((group) => ({ group })),
  handle({ groupIds, withOperations }, call) {
    const groups = groupIds.map((groupId): Described => {
      const error = call.coordinates('group', groupId) || call.afterwards({ group: groupId });
      return { error, groupId, group: error === 0 ? (call.broker.groups.get(groupId) ?? null) : null };
    });
    return { groups, withOperations };
  },
  encode(writer, { groups, withOperations }, version) {
    if (version >= 1) writer.int32(0);
    writer.array(groups, (w, described) => {
      writeGroup(w, described, version);
      if (version >= 3) w.int32(withOperations && described.error === 0 ? ALL_OPERATIONS : NOT_ASKED);
    });
  },
});

function writeGroup(writer: ByteWriter, { error, groupId, group }: Described, version: number): void {
  const isStable = group?.state === 'Stable';
  const none = error === 0 ? 'Dead' : '';
  writer.int16(error).string(groupId);
  writer.string(group?.state ?? none).string(group?.protocolType ?? '');
  // The choice counts when all have agreed to it.
  const protocol = isStable ? group.protocol : null;
  writer.string(protocol ?? '');
  const members = [...(group?.members.values() ?? [])];
  writer.array(members, (w, member) => writeMember(w, member, protocol, version));
}

function writeMember(writer: ByteWriter, member: Member, protocol: string | null, version: number): void {
  writer.string(member.id);
  if (version >= 4) writer.nullableString(member.instanceId);
  writer.string(member.client.id).string(member.client.host);
  writer.bytesWithSize(protocol === null ? NOTHING : member.metadata(protocol));
  writer.bytesWithSize(member.assignment);
}
