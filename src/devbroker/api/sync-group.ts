/** SyncGroup v0 to v3: answered when the leader has handed in the assignments, a long poll. */
import { api } from '../api';
import { refusedSync, type SyncAnswer } from '../groups/group';
import { type GroupClaim, readClaim } from './group-fields';

interface Request extends GroupClaim {
  /** By member id; empty unless the leader asks. */
  readonly assignments: ReadonlyMap<string, Buffer>;
}

export const syncGroup = api<Request, SyncAnswer>({
  key: 14,
  name: 'SyncGroup',
  versions: [0, 3],
  decode: (reader, version) => ({
    ...readClaim(reader, version >= 3),
    assignments: new Map(reader.array((r): [string, Buffer] => [r.string(), Buffer.from(r.bytesWithSize())])),
  }),
  places: ({ groupId }) => [{ group: groupId }],
  async handle({ groupId, claim, assignments }, call) {
    const refusal = call.coordinates('group', groupId);
    if (refusal !== 0) return refusedSync(refusal);
    const answer = await call.broker.groups.sync(groupId, claim, assignments);
    const late = answer.error === 0 ? call.afterwards({ group: groupId }) : 0;
    return late === 0 ? answer : refusedSync(late);
  },
  encode(writer, { error, assignment }, version) {
    if (version >= 1) writer.int32(0);
    writer.int16(error).bytesWithSize(assignment);
  },
});
