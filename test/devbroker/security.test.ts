/** SASL PLAIN, step by step. Every answer here was compared with Apache Kafka 4.1. */
import { createKafka } from '../../src/kafka';
import type { ApiRequest } from '../../src/kafka/lane';
import { metadataRequest } from '../../src/kafka/wire/metadata';
import { SILENT } from '../../src/kernel';
import type { RawConnection } from './conformance/raw-connection';
import { openDevBroker, type TestBroker } from './support';

interface Handshake {
  readonly error: number;
  readonly mechanisms: readonly string[];
}

interface Login {
  readonly error: number;
  readonly message: string | null;
}

const versions = (apiVersion = 0): ApiRequest<number> => ({
  apiKey: 18,
  apiVersion,
  apiName: 'ApiVersions',
  encode() {},
  decode: (reader) => reader.int16(),
});

const handshake = (mechanism = 'PLAIN'): ApiRequest<Handshake> => ({
  apiKey: 17,
  apiVersion: 1,
  apiName: 'SaslHandshake',
  encode: (writer) => void writer.string(mechanism),
  decode: (reader) => ({ error: reader.int16(), mechanisms: reader.array((r) => r.string()) }),
});

const login = (token = '\0alice\0secret'): ApiRequest<Login> => ({
  apiKey: 36,
  apiVersion: 1,
  apiName: 'SaslAuthenticate',
  encode: (writer) => void writer.bytesWithSize(Buffer.from(token)),
  decode: (reader) => ({ error: reader.int16(), message: reader.nullableString() }),
});

const metadata: ApiRequest<string> = {
  ...metadataRequest([], false),
  decode: () => 'metadata',
};

const CHOSEN: Handshake = { error: 0, mechanisms: ['PLAIN'] };
const IN: Login = { error: 0, message: '' };

let test: TestBroker;
let connection: RawConnection;

beforeAll(async () => {
  test = await openDevBroker({ users: { alice: 'secret', bob: 'other' } });
});

beforeEach(async () => {
  connection = await test.raw();
});

afterEach(() => connection.close());
afterAll(() => test[Symbol.asyncDispose]());

async function ask<T>(request: ApiRequest<T>, on = connection): Promise<T> {
  on.send(request);
  return request.decode((await on.answer()).body);
}

const ended = () => connection.ended();

it('versions, mechanism, login, then everything', async () => {
  expect(await ask(versions())).toBe(0);
  expect(await ask(handshake())).toEqual(CHOSEN);
  expect(await ask(login())).toEqual(IN);
  expect(await ask(metadata)).toBe('metadata');
  expect(await ask(versions())).toBe(0);
});

it('the authorization id may be given when it is the user', async () => {
  await ask(handshake());
  expect(await ask(login('alice\0alice\0secret'))).toEqual(IN);
});

it.each([
  ['a wrong password', '\0alice\0other', 'Authentication failed: Invalid username or password'],
  ['an unknown user', '\0carol\0secret', 'Authentication failed: Invalid username or password'],
  ['a name that every object has', '\0toString\0x', 'Authentication failed: Invalid username or password'],
  ['no user', '\0\0secret', 'Authentication failed: username not specified'],
  ['no password', '\0alice\0', 'Authentication failed: password not specified'],
  [
    'another authorization id',
    'bob\0alice\0secret',
    'Authentication failed: Client requested an authorization id that is different from username',
  ],
  ['no token of PLAIN', 'abc', 'Invalid SASL/PLAIN response: expected 3 tokens, got 1'],
  ['a part too many', '\0alice\0secret\0', 'Invalid SASL/PLAIN response: expected 3 tokens, got 4'],
])('%s is answered with 58, and the connection ends', async (_what, token, message) => {
  await ask(handshake());
  expect(await ask(login(token))).toEqual({ error: 58, message });
  await ended();
});

it('a mechanism that is not served: the ones that are, then the end', async () => {
  expect(await ask(handshake('SCRAM-SHA-256'))).toEqual({ error: 33, mechanisms: ['PLAIN'] });
  await ended();
});

it('a second handshake before the login is the end', async () => {
  await ask(handshake());
  expect(await ask(handshake())).toEqual({ error: 34, mechanisms: [] });
  await ended();
});

it('handshake and login after the login are refused, and that is all', async () => {
  await ask(handshake());
  await ask(login());
  expect(await ask(handshake())).toEqual({ error: 34, mechanisms: [] });
  expect(await ask(login())).toEqual({
    error: 34,
    message: 'SaslAuthenticate request received after successful authentication',
  });
  expect(await ask(metadata)).toBe('metadata');
});

it('versions of the future do not count as told', async () => {
  expect(await ask(versions(99))).toBe(35);
  expect(await ask(versions())).toBe(0);
  expect(await ask(handshake())).toEqual(CHOSEN);
});

it.each([
  ['a request', [], metadata],
  ['a login without a handshake', [], login()],
  ['versions for the second time', [versions()], versions()],
  ['a request after the handshake', [handshake()], metadata],
])('%s before the login ends the connection', async (_what, before, request) => {
  for (const each of before as ApiRequest<unknown>[]) await ask(each);
  connection.send(request as ApiRequest<unknown>);
  await ended();
});

it('a fault in place of the login ends the connection too', async () => {
  test.broker.faults.add({ api: 'SaslAuthenticate', error: 'ILLEGAL_SASL_STATE' });
  await ask(handshake());
  expect(await ask(login())).toEqual({ error: 34, message: null });
  await ended();
});

it('without users no login is due', async () => {
  await using open = await openDevBroker();
  const raw = await open.raw();
  expect(await ask(handshake(), raw)).toEqual({ error: 34, mechanisms: [] });
  expect(await ask(login(), raw)).toMatchObject({ error: 34 });
  expect(await ask(metadata, raw)).toBe('metadata');
  raw.close();
});

it('our own port logs in, and tells a wrong password', async () => {
  const kafka = (password: string) =>
    createKafka(
      {
        brokers: [...test.broker.addresses],
        clientId: 'test',
        sasl: { mechanism: 'plain', username: 'alice', password },
      },
      { logger: SILENT },
    );
  const [right, wrong] = [kafka('secret'), kafka('wrong')];
  expect(await right.metadata(['missing'])).toHaveLength(1);
  await expect(wrong.metadata(['missing'])).rejects.toMatchObject({ code: 'KAFKA_REFUSED' });
  await Promise.all([right.close(), wrong.close()]);
});
