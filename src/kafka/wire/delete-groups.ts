/** DeleteGroups v1: of groups without members; asked of their coordinator. */
import type { ApiRequest } from '../lane';

export interface DeleteGroupsAnswer {
  readonly throttleMs: number;
  readonly groups: readonly { readonly groupId: string; readonly error: number }[];
}

export const deleteGroupsRequest = (groups: readonly string[]): ApiRequest<DeleteGroupsAnswer> => ({
  apiKey: 42,
  apiVersion: 1,
  apiName: 'DeleteGroups',
  encode: (writer) => void writer.array(groups, (w, group) => w.string(group)),
  decode: (reader) => ({
    throttleMs: reader.int32(),
    groups: reader.array((r) => ({ groupId: r.string(), error: r.int16() })),
  }),
});
