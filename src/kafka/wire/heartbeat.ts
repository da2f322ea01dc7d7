/** Heartbeat v3: keeps a member's session, and tells it about rebalances. */
import type { ApiRequest } from '../lane';
import type { GroupIdentity } from '../port';
import type { ByteWriter } from './bytes';

export interface HeartbeatAnswer {
  readonly throttleMs: number;
  readonly error: number;
}

export const heartbeatRequest = (
  groupId: string,
  identity: GroupIdentity,
  timeoutMs: number,
): ApiRequest<HeartbeatAnswer> => ({
  apiKey: 12,
  apiVersion: 3,
  apiName: 'Heartbeat',
  timeoutMs,
  encode: (writer) => writeIdentity(writer, groupId, identity),
  decode: (reader) => ({ throttleMs: reader.int32(), error: reader.int16() }),
});

/** As Heartbeat, SyncGroup and OffsetCommit name a member. */
export function writeIdentity(writer: ByteWriter, groupId: string, identity: GroupIdentity): void {
  writer.string(groupId).int32(identity.generation).string(identity.memberId);
  writer.nullableString(identity.instanceId);
}
