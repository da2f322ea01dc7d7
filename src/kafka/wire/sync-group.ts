/** SyncGroup v3: the leader hands in the assignments, everybody gets its own (a long poll). */
import type { ApiRequest } from '../lane';
import type { GroupIdentity } from '../port';
import { writeIdentity } from './heartbeat';

export interface SyncGroupAnswer {
  readonly throttleMs: number;
  readonly error: number;
  readonly assignment: Buffer;
}

/** @param assignments bytes per member id; empty unless this member leads */
export const syncGroupRequest = (
  groupId: string,
  identity: GroupIdentity,
  assignments: ReadonlyMap<string, Buffer>,
  timeoutMs: number,
): ApiRequest<SyncGroupAnswer> => ({
  apiKey: 14,
  apiVersion: 3,
  apiName: 'SyncGroup',
  timeoutMs,
  encode(writer) {
    writeIdentity(writer, groupId, identity);
    writer.array([...assignments], (w, [memberId, bytes]) => w.string(memberId).bytesWithSize(bytes));
  },
  decode: (reader) => ({
    throttleMs: reader.int32(),
    error: reader.int16(),
    assignment: reader.bytesWithSize(),
  }),
});
