/** LeaveGroup v3: gives membership up, so that the others need not wait for the session to end. */
import type { ApiRequest } from '../lane';

export interface LeaveGroupAnswer {
  readonly throttleMs: number;
  readonly error: number;
  readonly members: readonly {
    readonly memberId: string;
    readonly instanceId: string | null;
    readonly error: number;
  }[];
}

/** @param memberId empty: whoever has the instance id */
export const leaveGroupRequest = (
  groupId: string,
  memberId: string,
  instanceId: string | null,
  timeoutMs: number,
): ApiRequest<LeaveGroupAnswer> => ({
  apiKey: 13,
  apiVersion: 3,
  apiName: 'LeaveGroup',
  timeoutMs,
  encode(writer) {
    writer.string(groupId).array([memberId], (w, id) => w.string(id).nullableString(instanceId));
  },
  decode: (reader) => ({
    throttleMs: reader.int32(),
    error: reader.int16(),
    members: reader.array((r) => ({
      memberId: r.string(),
      instanceId: r.nullableString(),
      error: r.int16(),
    })),
  }),
});
