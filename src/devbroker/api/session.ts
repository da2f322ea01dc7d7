/** What begins a connection: ApiVersions, SaslHandshake, SaslAuthenticate. */
import { type Api, api } from '../api';
import { attempt, Code, codeOf } from '../refusal';
import { MECHANISMS, notDue } from '../sasl';

interface Versions {
  readonly error: number;
  readonly apis: readonly { readonly key: number; readonly versions: readonly [number, number] }[];
}

const API_VERSIONS = 18;

const apiVersions = api<{ readonly isUnknownVersion?: boolean }, Versions>({
  key: API_VERSIONS,
  name: 'ApiVersions',
  versions: [0, 2],
  decode: () => ({}),
  places: () => [],
  handle({ isUnknownVersion = false }, { broker, sasl, fault }) {
    // Who asks in a version of the future learns which one to ask in.
    if (isUnknownVersion) return { error: Code.UNSUPPORTED_VERSION, apis: [broker.apis.get(API_VERSIONS)!] };
    sasl?.toldVersions();
    return { error: fault({}), apis: [...broker.apis.values()] };
  },
  encode(writer, { error, apis }, version) {
    writer
      .int16(error)
      .array(apis, (w, { key, versions }) => w.int16(key).int16(versions[0]).int16(versions[1]));
    if (version >= 1) writer.int32(0);
  },
});

interface Mechanisms {
  readonly error: number;
  readonly mechanisms: readonly string[];
}

const saslHandshake = api<string, Mechanisms>({
  key: 17,
  name: 'SaslHandshake',
  // After version 0 tokens would come without a request around them: that is not served, yet librdkafka wants to see it.
  versions: [0, 1],
  decode: (reader) => reader.string(),
  places: () => [],
  handle(mechanism, { sasl, fault }) {
    if (sasl === null) return { error: Code.ILLEGAL_SASL_STATE, mechanisms: [] };
    const error = fault({}) || attempt(() => sasl.choose(mechanism));
    return { error, mechanisms: error === Code.ILLEGAL_SASL_STATE ? [] : MECHANISMS };
  },
  encode: (writer, { error, mechanisms }) =>
    void writer.int16(error).array(mechanisms, (w, name) => w.string(name)),
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
    const error = fault({});
    if (error !== 0) {
      sasl?.fail();
      return { error, message: null };
    }
    try {
      if (sasl === null) throw notDue();
      sasl.login(token);
      return { error: Code.NONE, message: '' };
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
