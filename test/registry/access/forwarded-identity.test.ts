import type { FastifyRequest } from 'fastify';
import { type Authenticator, type Principal, Unauthenticated } from '../../../src/http';
import { acceptForwarded, identityHeaders } from '../../../src/registry/access/forwarded-identity';

const CLIENT: Principal = { name: 'CN=app', roles: ['r'], by: 'certificate' };
const OTHER: Principal = { name: 'direct', roles: [], by: 'password' };
const direct: Authenticator = { authenticate: () => OTHER, close: () => {} };

const request = (url: string, more: object = {}) =>
  ({ method: 'POST', raw: { url }, headers: {}, principal: null, ...more }) as unknown as FastifyRequest;
const tell = (url: string, secret = 's', principal: Principal = CLIENT) =>
  identityHeaders(secret)(request(url, { principal }));
const hear = (url: string, headers: object, method = 'POST') =>
  acceptForwarded(direct, 's').authenticate(request(url, { headers, method }));

afterEach(() => jest.useRealTimers());

it('is believed for the request that it was made for', () => {
  expect(hear('/a?x=1', tell('/a?x=1'))).toEqual(CLIENT);
  expect(hear('/a', {})).toBe(OTHER);
});

it('is not told of clients that can tell themselves', () => {
  expect(tell('/a', 's', OTHER)).toEqual({});
});

it('is good for nothing else', () => {
  const said = tell('/a');
  const [text, signature] = Object.values(said)[0]!.split('.') as [string, string];
  const other = Buffer.from(text, 'base64url').toString().replace('CN=app', 'CN=root');
  const name = Object.keys(said)[0]!;
  const forged = { [name]: `${Buffer.from(other).toString('base64url')}.${signature}` };
  for (const [url, headers, method] of [
    ['/b', said, 'POST'],
    ['/a', said, 'DELETE'],
    ['/a', forged, 'POST'],
    ['/a', tell('/a', 'another'), 'POST'],
    ['/a', { [name]: '' }, 'POST'],
  ] as const) {
    expect(() => hear(url, headers, method)).toThrow(Unauthenticated);
  }
});

it('is good for two minutes', () => {
  jest.useFakeTimers({ now: 1_000_000 });
  const said = tell('/a');
  jest.setSystemTime(1_000_000 + 119_000);
  expect(hear('/a', said)).toEqual(CLIENT);
  jest.setSystemTime(1_000_000 + 120_000);
  expect(() => hear('/a', said)).toThrow(Unauthenticated);
});
