/** What begins a connection: ApiVersions, SaslHandshake, SaslAuthenticate. */
import { type Api, api } from '../api';
import { attempt, Code, codeOf } from '../refusal';
import { MECHANISMS } from '../sasl';

interface Versions {
  readonly error: number;
  readonly apis: readonly { readonly key: number; readonly versions: readonly [number, number] }[];
}

const apiVersions = api<{ readonly isUnknownVersion?: boolean }, Versions>({
  key: 18,
  name: 'ApiVersions',
  versions: [0, 2],
  decode: () => ({}),
  places: () => [],
  handle: ({ isUnknownVersion = false }, { broker, fault }) => ({
    error: isUnknownVersion ? Code.UNSUPPORTED_VERSION : fault({}),
    apis: [...broker.apis.values()],
  }),
  encode(writer, { error, apis }, version) {
    writer
      .int16(error)
      .array(apis, (w, { key, versions }) => w.int16(key).int16(versions[0]).int16(versions[1]));
    if (version >= 1) writer.int32(0);
  },
});

const saslHandshake = api<string, number>({
  key: 17,
  name: 'SaslHandshake',
  versions: [0, 1],
  decode: (reader) => reader.string(),
  places: () => [],
  handle: (mechanism, { sasl, fault }) => {
    if (sasl === null) return Code.ILLEGAL_SASL_STATE;
    return fault({}) || attempt(() => sasl.choose(mechanism));
  },
  encode: (writer, error) => void writer.int16(error).array(MECHANISMS, (w, name) => w.string(name)),
});

interface Login {
  readonly error: number;
  readonly message: string | null;
}

const saslAuthenticate = api<Buffer, Login>({
  key: 36,
  name: 'SaslAuthenticate',
  versions: [0, 1],
  decode: (reader) => reader.bytesWithSize(),
  places: () => [],
  handle(token, { sasl, fault }) {
    const error = sasl === null ? Code.ILLEGAL_SASL_STATE : fault({});
    if (error !== 0 || sasl === null) return { error, message: null };
    try {
      sasl.login(token);
      return { error: Code.NONE, message: null };
    } catch (refusal) {
      return { error: codeOf(refusal), message: (refusal as Error).message };
    }
  },
  encode(writer, { error, message }, version) {
    writer.int16(error).nullableString(message).bytesWithSize(Buffer.alloc(0));
    // The session does not end.
    if (version >= 1) writer.int64(0);
  },
});

export const sessionApis: readonly Api[] = [apiVersions, saslHandshake, saslAuthenticate];
