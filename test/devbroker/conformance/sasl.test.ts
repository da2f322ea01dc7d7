/** Logging in by SASL PLAIN: what comes when, and what ends the connection. */
import type { ApiRequest } from '../../../src/kafka/lane';
import { metadataRequest } from '../../../src/kafka/wire/metadata';
import { Client } from './client';
import { conformance, scenario } from './harness';
import { RawConnection } from './raw-connection';

const ILLEGAL_STATE = 34;
const FAILED = 58;
const WRONG = 'Authentication failed: Invalid username or password';

interface Handshake {
  readonly error: number;
  readonly mechanisms: readonly string[];
}

const handshake = (mechanism = 'PLAIN', version = 1): ApiRequest<Handshake> => ({
  apiKey: 17,
  apiVersion: version,
  apiName: 'SaslHandshake',
  encode: (writer) => void writer.string(mechanism),
  decode: (reader) => ({ error: reader.int16(), mechanisms: reader.array((r) => r.string()) }),
});

interface Authenticated {
  readonly error: number;
  readonly message: string | null;
  readonly token: string;
  /** Since v1. */
  readonly sessionMs?: number;
}

const authenticate = (token: string, version = 1): ApiRequest<Authenticated> => ({
  apiKey: 36,
  apiVersion: version,
  apiName: 'SaslAuthenticate',
  encode: (writer) => void writer.bytesWithSize(Buffer.from(token)),
  decode: (reader) => ({
    error: reader.int16(),
    message: reader.nullableString(),
    token: reader.bytesWithSize().toString(),
    ...(version >= 1 ? { sessionMs: reader.int64() } : {}),
  }),
});

const apiVersions: ApiRequest<number> = {
  apiKey: 18,
  apiVersion: 0,
  apiName: 'ApiVersions',
  encode() {},
  decode: (reader) => reader.int16(),
};

const users = { alice: 'secret of alice', bob: 'secret of bob' };

conformance(
  'logins',
  (target) => {
    async function connected<T>(run: (connection: RawConnection) => Promise<T>): Promise<T> {
      const connection = await RawConnection.open(target.address);
      try {
        return await run(connection);
      } finally {
        connection.close();
      }
    }

    async function ask<T>(connection: RawConnection, request: ApiRequest<T>): Promise<T> {
      connection.send(request);
      return request.decode((await connection.answer()).body);
    }

    async function login(connection: RawConnection, token: string): Promise<Authenticated> {
      expect(await ask(connection, handshake())).toEqual({ error: 0, mechanisms: ['PLAIN'] });
      return ask(connection, authenticate(token));
    }

    const refused = (token: string, message: string) =>
      connected(async (connection) => {
        expect(await login(connection, token)).toMatchObject({ error: FAILED, message });
        await connection.ended();
      });

    scenario('user and password: everything is served', async () => {
      const client = new Client(target);
      const topic = await target.topic();
      expect(await client.append(topic, ['a'])).toBe(0);
    });

    scenario('the answer to a good login', () =>
      connected(async (connection) => {
        const answer = await login(connection, `\0alice\0${users.alice}`);
        expect(answer).toEqual({ error: 0, message: '', token: '', sessionMs: 0 });
        expect((await ask(connection, metadataRequest([], false))).brokers).toHaveLength(1);
      }),
    );

    scenario('version 0 of the login', () =>
      connected(async (connection) => {
        await ask(connection, handshake());
        const answer = await ask(connection, authenticate(`\0bob\0${users.bob}`, 0));
        expect(answer).toEqual({ error: 0, message: '', token: '' });
      }),
    );

    scenario('the user may be named as authorization id', () =>
      connected(async (connection) => {
        expect(await login(connection, `alice\0alice\0${users.alice}`)).toMatchObject({ error: 0 });
      }),
    );

    scenario('another user as authorization id', () =>
      refused(
        `bob\0alice\0${users.alice}`,
        'Authentication failed: Client requested an authorization id that is different from username',
      ),
    );

    scenario('wrong password: code, message, end of the connection', () => refused('\0alice\0guess', WRONG));

    scenario('unknown user', () => refused(`\0mallory\0${users.alice}`, WRONG));

    scenario('password of another user', () => refused(`\0alice\0${users.bob}`, WRONG));

    scenario('no user', () => refused(`\0\0${users.alice}`, 'Authentication failed: username not specified'));

    scenario('no password', () => refused('\0alice\0', 'Authentication failed: password not specified'));

    scenario('a token that is none', () =>
      refused('alice', 'Invalid SASL/PLAIN response: expected 3 tokens, got 1'),
    );

    scenario('a token with a part too many', () =>
      refused(`\0alice\0${users.alice}\0more`, 'Invalid SASL/PLAIN response: expected 3 tokens, got 4'),
    );

    scenario('a mechanism that is not offered: code, those that are, end of the connection', () =>
      connected(async (connection) => {
        expect(await ask(connection, handshake('SCRAM-SHA-256'))).toEqual({
          error: 33,
          mechanisms: ['PLAIN'],
        });
        await connection.ended();
      }),
    );

    scenario('ApiVersions comes before the login', () =>
      connected(async (connection) => {
        expect(await ask(connection, apiVersions)).toBe(0);
        expect(await login(connection, `\0alice\0${users.alice}`)).toMatchObject({ error: 0 });
        expect(await ask(connection, apiVersions)).toBe(0);
      }),
    );

    scenario('other requests before the login end the connection', () =>
      connected(async (connection) => {
        connection.send(metadataRequest([], false));
        await connection.ended();
      }),
    );

    scenario('a login before the handshake ends the connection', () =>
      connected(async (connection) => {
        connection.send(authenticate(`\0alice\0${users.alice}`));
        await connection.ended();
      }),
    );

    scenario('other requests between handshake and login end the connection', () =>
      connected(async (connection) => {
        await ask(connection, handshake());
        connection.send(metadataRequest([], false));
        // Kafka answers before that, with its code somewhere in an answer of the request's own kind; the dev broker does not.
        await connection.endedAnyway();
      }),
    );

    scenario('a handshake after the login is refused, the connection goes on', () =>
      connected(async (connection) => {
        await login(connection, `\0alice\0${users.alice}`);
        expect(await ask(connection, handshake())).toMatchObject({ error: ILLEGAL_STATE });
        expect((await ask(connection, metadataRequest([], false))).brokers).toHaveLength(1);
      }),
    );

    scenario('a second login is refused, the connection goes on', () =>
      connected(async (connection) => {
        await login(connection, `\0alice\0${users.alice}`);
        expect(await ask(connection, authenticate(`\0bob\0${users.bob}`))).toMatchObject({
          error: ILLEGAL_STATE,
          message: 'SaslAuthenticate request received after successful authentication',
        });
        expect((await ask(connection, metadataRequest([], false))).brokers).toHaveLength(1);
      }),
    );
  },
  { users },
);
