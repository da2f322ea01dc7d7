/** ApiVersions v2: what a broker speaks. Allowed before authentication. */
import type { ApiRequest } from '../lane';

export interface ApiVersionsAnswer {
  readonly error: number;
  readonly apis: readonly { readonly apiKey: number; readonly min: number; readonly max: number }[];
  readonly throttleMs: number;
}

export const apiVersionsRequest = (): ApiRequest<ApiVersionsAnswer> => ({
  apiKey: 18,
  apiVersion: 2,
  apiName: 'ApiVersions',
  encode() {},
  decode: (reader) => ({
    error: reader.int16(),
    apis: reader.array((r) => ({ apiKey: r.int16(), min: r.int16(), max: r.int16() })),
    throttleMs: reader.int32(),
  }),
});
