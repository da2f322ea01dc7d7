/** JoinGroup v0 to v5: answered when all members have joined, a long poll. */
import type { ByteReader } from '../../kafka/wire/bytes';
import { api, type Call } from '../api';
import { type JoinAnswer, refusedJoin } from '../groups/group';
import type { JoinRequest } from '../groups/membership';

/** From here on a new member must come back with the id it is given. */
const KNOWN_ID_VERSION = 4;

export const joinGroup = api<JoinRequest, JoinAnswer>({
  key: 11,
  name: 'JoinGroup',
  versions: [0, 5],
  decode,
  places: ({ groupId }) => [{ group: groupId }],
  async handle(request, call) {
    const { groupId, memberId } = request;
    const refusal = call.coordinates('group', groupId);
    if (refusal !== 0) return refusedJoin(refusal, memberId);
    const answer = await call.broker.groups.join(request, clientOf(call));
    const late = answer.error === 0 ? call.afterwards({ group: groupId }) : 0;
    return late === 0 ? answer : refusedJoin(late, answer.memberId);
  },
  encode(writer, answer, version) {
    if (version >= 2) writer.int32(0);
    writer.int16(answer.error).int32(answer.generation).string(answer.protocol);
    writer.string(answer.leader).string(answer.memberId);
    writer.array(answer.members, (w, { memberId, instanceId, metadata }) => {
      w.string(memberId);
      if (version >= 5) w.nullableString(instanceId);
      w.bytesWithSize(metadata);
    });
  },
});

function decode(reader: ByteReader, version: number): JoinRequest {
  const groupId = reader.string();
  const sessionTimeoutMs = reader.int32();
  return {
    groupId,
    sessionTimeoutMs,
    rebalanceTimeoutMs: version >= 1 ? reader.int32() : sessionTimeoutMs,
    memberId: reader.string(),
    instanceId: version >= 5 ? reader.nullableString() : null,
    protocolType: reader.string(),
    protocols: reader.array((r) => ({ name: r.string(), metadata: Buffer.from(r.bytesWithSize()) })),
    mustKnowId: version >= KNOWN_ID_VERSION,
  };
}

const clientOf = ({ clientId, clientHost }: Call) => ({ id: clientId, host: clientHost });
