/** FindCoordinator v2: the broker that keeps a group or a transactional id. */
import type { ApiRequest } from '../lane';

export type CoordinatorKind = 'group' | 'transaction';

export interface FindCoordinatorAnswer {
  readonly throttleMs: number;
  readonly error: number;
  readonly message: string | null;
  readonly nodeId: number;
  readonly host: string;
  readonly port: number;
}

export const findCoordinatorRequest = (
  kind: CoordinatorKind,
  key: string,
): ApiRequest<FindCoordinatorAnswer> => ({
  apiKey: 10,
  apiVersion: 2,
  apiName: 'FindCoordinator',
  encode: (writer) => void writer.string(key).int8(kind === 'group' ? 0 : 1),
  decode: (reader) => ({
    throttleMs: reader.int32(),
    error: reader.int16(),
    message: reader.nullableString(),
    nodeId: reader.int32(),
    host: reader.string(),
    port: reader.int32(),
  }),
});
