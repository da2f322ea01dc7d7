/** Media types, bodies, request ids: what every call has in common. */
import { negotiate, V1_TYPE } from '../../../src/registry/api/negotiation';
import { sendRequest } from '../../support/http';
import { type RegistryClient, startClient } from '../client';
import { createFakeKafka } from '../fake-kafka';

const PLAIN = 'application/vnd.schemaregistry+json';
const JSON_TYPE = 'application/json';

it.each<[string | undefined, string | null]>([
  [undefined, V1_TYPE],
  ['', V1_TYPE],
  ['*/*', V1_TYPE],
  ['*', V1_TYPE],
  ['application/*', V1_TYPE],
  [JSON_TYPE, JSON_TYPE],
  [PLAIN, PLAIN],
  [`${V1_TYPE}, ${PLAIN}, ${JSON_TYPE}`, V1_TYPE],
  [`${JSON_TYPE}, ${PLAIN}`, PLAIN],
  [`${JSON_TYPE}, */*;q=0.5`, JSON_TYPE],
  [`${V1_TYPE};q=0.1, ${JSON_TYPE};q=0.9`, JSON_TYPE],
  [`*/*, ${V1_TYPE};q=0`, PLAIN],
  [`application/*;q=0, */*`, null],
  ['APPLICATION/JSON; charset=utf-8', JSON_TYPE],
  ['text/html, application/xhtml+xml, */*;q=0.8', V1_TYPE],
  ['text/plain', null],
  ['application/octet-stream', null],
  [`${JSON_TYPE};q=0`, null],
])('negotiates %j', (accept, type) => {
  expect(negotiate(accept)).toBe(type);
});

describe('every call', () => {
  let client: RegistryClient;
  beforeAll(async () => {
    client = await startClient(createFakeKafka().port);
  });
  afterAll(() => client.running.close());

  it('answers in the media type asked for, errors too', async () => {
    const accept = { accept: JSON_TYPE };
    expect((await client.send('GET', '/subjects', undefined, accept)).headers['content-type']).toBe(
      JSON_TYPE,
    );
    const missing = await client.send('GET', '/nowhere', undefined, accept);
    expect([missing.status, missing.headers['content-type']]).toEqual([404, JSON_TYPE]);
    expect((await client.send('GET', '/subjects')).headers['content-type']).toBe(V1_TYPE);
  });

  it('answers 406 before it looks at the body', async () => {
    for (const [method, path, body] of [
      ['GET', '/subjects', undefined],
      ['POST', '/subjects/s/versions', '{'],
    ] as const) {
      const reply = await client.send(method, path, body, { accept: 'text/plain' });
      expect([reply.status, reply.json()]).toEqual([
        406,
        { error_code: 406, message: 'HTTP 406 Not Acceptable' },
      ]);
      expect(reply.headers['content-type']).toBe(V1_TYPE);
    }
  });

  it('answers 415 in the media type asked for', async () => {
    const reply = await client.send('PUT', '/config', '{}', {
      'content-type': 'text/plain',
      accept: JSON_TYPE,
    });
    expect([reply.status, reply.json()]).toEqual([
      415,
      { error_code: 415, message: 'HTTP 415 Unsupported Media Type' },
    ]);
    expect(reply.headers['content-type']).toBe(JSON_TYPE);
  });

  it.each([
    V1_TYPE,
    PLAIN,
    JSON_TYPE,
    'application/octet-stream',
    'application/json; charset=UTF-8',
    undefined,
  ])('takes a body of type %s', async (type) => {
    const reply = await sendRequest(`${client.running.url}/subjects/typed/versions`, {
      method: 'POST',
      body: '{"schema":"\\"int\\""}',
      headers: type === undefined ? {} : { 'content-type': type },
    });
    expect(reply.status).toBe(200);
  });

  it('does not mind a content type without a body', async () => {
    expect((await client.send('GET', '/subjects', undefined, { 'content-type': 'text/plain' })).status).toBe(
      200,
    );
    expect(
      (await client.send('DELETE', '/subjects/x', undefined, { 'content-type': JSON_TYPE })).status,
    ).toBe(404);
  });

  it('echoes or makes up the request id', async () => {
    const mine = await client.send('GET', '/nowhere', undefined, { 'x-request-id': 'mine' });
    expect(mine.headers['x-request-id']).toBe('mine');
    expect((await client.send('GET', '/subjects')).headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('refuses bodies above the cap', async () => {
    const capped = await startClient(createFakeKafka().port, { bodyLimitBytes: 1000 });
    const [status, body] = await capped.call('POST', '/subjects/s/versions', { schema: 'x'.repeat(2000) });
    expect([status, body]).toEqual([413, { error_code: 413, message: expect.any(String) }]);
    await capped.running.close();
  });
});
