/** JoinGroup v5: asks to be a member; answered when all members have joined (a long poll). */
import type { ApiRequest } from '../lane';
import type { GroupPeer } from '../port';

export interface JoinGroup {
  readonly groupId: string;
  readonly sessionTimeoutMs: number;
  readonly rebalanceTimeoutMs: number;
  /** Empty at first. */
  readonly memberId: string;
  readonly instanceId: string | null;
  readonly protocolType: string;
  readonly protocols: readonly { readonly name: string; readonly metadata: Buffer }[];
}

export interface JoinGroupAnswer {
  readonly throttleMs: number;
  readonly error: number;
  readonly generation: number;
  readonly protocol: string;
  /** Member id of the leader; its answer alone lists the members. */
  readonly leader: string;
  readonly memberId: string;
  readonly members: readonly GroupPeer[];
}

/** How much longer than the rebalance time-out the coordinator may take. */
const GRACE_MS = 5000;

export const joinGroupRequest = (join: JoinGroup): ApiRequest<JoinGroupAnswer> => ({
  apiKey: 11,
  apiVersion: 5,
  apiName: 'JoinGroup',
  timeoutMs: Math.max(join.rebalanceTimeoutMs, join.sessionTimeoutMs) + GRACE_MS,
  encode(writer) {
    writer.string(join.groupId).int32(join.sessionTimeoutMs).int32(join.rebalanceTimeoutMs);
    writer.string(join.memberId).nullableString(join.instanceId).string(join.protocolType);
    writer.array(join.protocols, (w, { name, metadata }) => w.string(name).bytesWithSize(metadata));
  },
  decode: (reader) => ({
    throttleMs: reader.int32(),
    error: reader.int16(),
    generation: reader.int32(),
    protocol: reader.nullableString() ?? '',
    leader: reader.string(),
    memberId: reader.string(),
    members: reader.array((r) => ({
      memberId: r.string(),
      instanceId: r.nullableString(),
      metadata: r.bytesWithSize(),
    })),
  }),
});
