/** Permissions on every route, over sockets: who may do what, and what those who may not are told. */

import { SILENT } from '../../../src/kernel';
import { REQUIREMENTS } from '../../../src/registry/access/requirements';
import { NO_SECURITY } from '../../../src/registry/access/security';
import type { AppOptions } from '../../../src/registry/api/app';
import { createApp } from '../../../src/registry/api/app';
import { record, schemaText } from '../client';
import { type Secured, startSecured } from './secured';

const RULES = `
permissions:
  - users: [root]
    subjects: ['*']
    allow: [all]
    global: [all]
  - users: [reader]
    subjects: ['open-*', ':.team:*']
    allow: [read]
  - users: [writer]
    subjects: ['open-*']
    allow: [read, write]
  - users: [deleter]
    subjects: ['open-*']
    allow: [delete]
  - users: [configurer]
    subjects: ['open-*']
    allow: [config]
    global: [config]
  - users: [moder]
    subjects: ['open-*', ':.team:*']
    allow: [mode]
    global: [mode]
  - users: [importer]
    subjects: ['open-*']
    allow: [read, write, mode, import]
  - users: [contexter]
    global: [contexts, read]
`;
const USERS = [
  'root',
  'reader',
  'writer',
  'deleter',
  'configurer',
  'moder',
  'importer',
  'contexter',
  'nobody',
];

const OPEN = schemaText(record('Open', { name: 'a', type: 'int' }));
const HIDDEN = schemaText(record('Hidden', { name: 'h', type: 'int' }));
const REFERRING = schemaText(record('Referring', { name: 'h', type: 'Hidden' }));
const SHARED = '"bytes"';

let secured: Secured;
let ids: Record<'open' | 'hidden' | 'shared' | 'team' | 'referring', number>;
let guids: Record<'open' | 'hidden' | 'shared', string>;

async function start(): Promise<void> {
  secured = await startSecured(Object.fromEntries(USERS.map((name) => [name, []])), RULES);
  const register = async (subject: string, schema: string, more: object = {}) => {
    const url = `/subjects/${encodeURIComponent(subject)}/versions`;
    const reply = await secured.as('root', 'POST', url, { schema, ...more });
    if (reply.status !== 200) throw new Error(reply.text);
    return reply.json<{ id: number; guid: string }>();
  };
  const open = await register('open-a', OPEN);
  const hidden = await register('hidden-a', HIDDEN);
  const shared = await register('hidden-b', SHARED);
  await register('open-b', SHARED);
  const team = await register(':.team:t', '"double"');
  await register(':.private:p', '"float"');
  // Readable by name in the default context, there under another.
  await register(':.private:open-elsewhere', '"long"');
  const referring = await register('hidden-r', REFERRING, {
    references: [{ name: 'Hidden', subject: 'hidden-a', version: 1 }],
  });
  await register('hidden-c', schemaText(record('User', { name: 'o', type: 'Open' })), {
    references: [{ name: 'Open', subject: 'open-a', version: 1 }],
  });
  await secured.as('root', 'PUT', '/config/open-alias', { alias: 'hidden-a' });
  ids = { open: open.id, hidden: hidden.id, shared: shared.id, team: team.id, referring: referring.id };
  guids = { open: open.guid, hidden: hidden.guid, shared: shared.guid };
}

beforeAll(start);
afterAll(() => secured.close());

const HIDDEN_SUBJECT = (subject: string) => ({
  error_code: 40401,
  message: `Subject '${subject}' not found.`,
});
const FORBIDDEN = { error_code: 403, message: 'Forbidden' };

describe('every route has its line', () => {
  it('in both directions', async () => {
    const stub = {
      registry: { state: {}, rules: {} },
      identity: {},
      isReplayed: () => true,
      waitingFor: () => [],
    };
    const app = createApp({
      ...stub,
      logger: SILENT,
      prometheus: null,
      requestLog: false,
      standing: () => ({ role: 'primary', primary: null }),
      forwarder: null,
      security: NO_SECURITY,
      logLevel: { level: 'info' },
    } as unknown as AppOptions);
    await app.ready();
    const unguarded = ['GET /live', 'GET /ready', 'GET /health', 'GET /_health', 'GET /master_available'];
    const routes = new Set(
      routesOf(app.printRoutes({ commonPrefix: false }))
        .map((route) => route.replace(/\/contexts\/:context(?=\/)/, ''))
        .filter((route) => !unguarded.includes(route)),
    );
    expect([...routes].sort()).toEqual([...REQUIREMENTS.keys()].sort());
    await app.close();
  });

  /** `METHOD /path` of a tree with a segment per line. HEAD goes with GET. */
  function routesOf(tree: string): string[] {
    const above: string[] = [];
    return tree.split('\n').flatMap((line) => {
      const match = /^([│ ]*)[├└]── (\S+)(?: \(([A-Z, ]+)\))?/.exec(line);
      if (match === null) return [];
      const [, indent = '', segment = '', methods = ''] = match;
      const depth = indent.length / 4;
      above.length = depth;
      above.push(segment);
      const url = above.join('').replace(/\/\//g, '/');
      const verbs = methods.split(', ').filter((verb) => verb !== '' && verb !== 'HEAD');
      return verbs.map((verb) => `${verb} ${url.length > 1 ? url.replace(/\/$/, '') : url}`);
    });
  }
});

describe('a refused subject is not there', () => {
  const schema = { schema: '"int"' };
  it.each([
    ['GET', '/subjects/hidden-a/versions'],
    ['GET', '/subjects/hidden-a/versions/1'],
    ['GET', '/subjects/hidden-a/versions/99'],
    ['GET', '/subjects/hidden-a/versions/latest/schema'],
    ['GET', '/subjects/hidden-a/versions/1/referencedby'],
    ['GET', '/subjects/hidden-a/metadata'],
    ['POST', '/subjects/hidden-a', { schema: HIDDEN }],
    ['POST', '/subjects/hidden-a/versions', { schema: HIDDEN }],
    ['POST', '/subjects/hidden-a/versions/1/tags', {}],
    ['DELETE', '/subjects/hidden-a'],
    ['DELETE', '/subjects/hidden-a/versions/1'],
    ['POST', '/compatibility/subjects/hidden-a/versions/latest', schema],
    ['POST', '/compatibility/subjects/hidden-a/versions', schema],
    ['GET', '/config/hidden-a?defaultToGlobal=true'],
    ['PUT', '/config/hidden-a', { compatibility: 'NONE' }],
    ['DELETE', '/config/hidden-a'],
    ['GET', '/mode/hidden-a?defaultToGlobal=true'],
    ['PUT', '/mode/hidden-a', { mode: 'READONLY' }],
    ['DELETE', '/mode/hidden-a'],
  ] as [string, string, object?][])('%s %s', async (...row) => {
    const [method, url, body] = row;
    for (const user of ['reader', 'nobody']) {
      const reply = await secured.as(user, method, url, body);
      expect([reply.status, reply.json()]).toEqual([404, HIDDEN_SUBJECT('hidden-a')]);
      expect(reply.headers).not.toHaveProperty('x-denied-operation');
      // One that is not there answers the same.
      const absent = await secured.as(user, method, url.replace('hidden-a', 'hidden-z'), body);
      expect([absent.status, absent.json()]).toEqual([404, HIDDEN_SUBJECT('hidden-z')]);
    }
  });

  it('in whatever spelling it is asked for', async () => {
    for (const url of [
      '/subjects/%68idden-a/versions',
      '/subjects/:.:hidden-a/versions',
      '/contexts/./subjects/hidden-a/versions',
      '/contexts/:.:/subjects/hidden-a/versions/1',
      '/contexts/.private/subjects/p/versions',
      '/contexts/private/subjects/p/versions/1/schema',
      '/contexts/.team/subjects/:.private:p/versions',
      '/subjects/:.private:p/versions',
      '/subjects/hidden-a/versions/',
      '/contexts/.private/config/p',
      '/contexts/.private/config',
    ]) {
      const reply = await secured.as('reader', 'GET', url);
      expect([url, reply.status, reply.json<{ error_code: number }>().error_code]).toEqual([url, 404, 40401]);
    }
  });
});

describe('operations', () => {
  const rows: [user: string, method: string, url: string, body: object | undefined, status: number][] = [
    ['reader', 'GET', '/subjects/open-a/versions/1', undefined, 200],
    ['reader', 'HEAD', '/subjects/open-a/versions/1', undefined, 200],
    ['reader', 'HEAD', '/subjects/hidden-a/versions/1', undefined, 404],
    ['reader', 'GET', '/contexts/.team/subjects/t/versions', undefined, 200],
    ['reader', 'POST', '/subjects/open-a', { schema: OPEN }, 200],
    ['reader', 'POST', '/compatibility/subjects/open-a/versions', { schema: OPEN }, 200],
    ['reader', 'POST', '/subjects/open-a/versions', { schema: OPEN }, 404],
    ['reader', 'GET', '/mode/open-a?defaultToGlobal=true', undefined, 200],
    ['writer', 'POST', '/subjects/open-a/versions', { schema: OPEN }, 200],
    ['writer', 'POST', '/subjects/open-new/versions', { schema: '"int"' }, 200],
    ['writer', 'POST', '/subjects/open-a/versions?force=true', { schema: OPEN }, 404],
    ['writer', 'POST', '/subjects/open-a/versions', { schema: OPEN, id: 77 }, 404],
    ['writer', 'POST', '/subjects/open-a/versions', { schema: OPEN, id: -1 }, 200],
    ['writer', 'DELETE', '/subjects/open-new', undefined, 404],
    ['writer', 'PUT', '/config/open-a', { compatibility: 'NONE' }, 404],
    ['writer', 'PUT', '/mode/open-a', { mode: 'READONLY' }, 404],
    ['deleter', 'DELETE', '/subjects/open-new', undefined, 200],
    ['deleter', 'DELETE', '/subjects/open-new?permanent=true', undefined, 200],
    ['deleter', 'POST', '/subjects/open-x/versions', { schema: '"int"' }, 404],
    ['configurer', 'PUT', '/config/open-a', { compatibility: 'NONE' }, 200],
    ['configurer', 'DELETE', '/config/open-a', undefined, 200],
    ['configurer', 'PUT', '/config/:.team:', { compatibility: 'NONE' }, 404],
    ['moder', 'PUT', '/mode/open-a', { mode: 'READONLY' }, 200],
    ['moder', 'DELETE', '/mode/open-a', undefined, 200],
    ['moder', 'PUT', '/contexts/.team/mode', { mode: 'READONLY' }, 200],
    ['moder', 'DELETE', '/mode/:.team:', undefined, 200],
    ['moder', 'PUT', '/mode/open-a?force=true', { mode: 'import' }, 404],
    ['importer', 'PUT', '/mode/open-i', { mode: 'IMPORT' }, 200],
    ['importer', 'POST', '/subjects/open-i/versions', { schema: '"int"', id: 500, version: 1 }, 200],
    ['nobody', 'GET', '/schemas/types', undefined, 200],
    ['nobody', 'GET', '/', undefined, 200],
    ['nobody', 'GET', '/v1/metadata/id', undefined, 200],
    ['nobody', 'GET', '/metrics', undefined, 200],
  ];
  it.each(rows)('%s: %s %s %j → %i', async (user, method, url, body, status) => {
    const reply = await secured.as(user, method, url, body);
    expect([reply.status, reply.status === 200 ? '' : reply.text]).toEqual([status, expect.any(String)]);
    if (status === 404 && method !== 'HEAD') expect(reply.json()).toMatchObject({ error_code: 40401 });
  });

  it('that are lacking are named to those who may read the subject', async () => {
    const lacking = async (user: string, method: string, url: string, body?: object) =>
      (await secured.as(user, method, url, body)).headers['x-denied-operation'];
    expect(await lacking('reader', 'POST', '/subjects/open-a/versions', { schema: '"int"' })).toBe('write');
    expect(await lacking('writer', 'POST', '/subjects/open-a/versions?force=true', { schema: '"int"' })).toBe(
      'config',
    );
    expect(await lacking('moder', 'PUT', '/mode/open-a', { mode: 'IMPORT' })).toBe('import');
  });
});

describe('what is of no subject', () => {
  it.each([
    ['reader', 'GET', '/config', undefined, 403],
    ['contexter', 'GET', '/config', undefined, 200],
    ['contexter', 'GET', '/mode', undefined, 200],
    ['contexter', 'PUT', '/config', { compatibility: 'NONE' }, 403],
    ['contexter', 'GET', '/config/:.:', undefined, 200],
    ['reader', 'GET', '/config/:.:', undefined, 403],
    ['reader', 'PUT', '/config/:.__GLOBAL:', { compatibility: 'NONE' }, 403],
    ['reader', 'PUT', '/contexts/./config', { compatibility: 'NONE' }, 403],
    ['configurer', 'PUT', '/config', { compatibility: 'BACKWARD' }, 200],
    ['configurer', 'DELETE', '/config', undefined, 200],
    ['configurer', 'PUT', '/mode', { mode: 'READWRITE' }, 403],
    ['moder', 'PUT', '/mode', { mode: 'READWRITE' }, 200],
    ['moder', 'PUT', '/mode?force=true', { mode: 'IMPORT' }, 403],
    ['moder', 'DELETE', '/mode', undefined, 200],
    ['reader', 'DELETE', '/contexts/.none', undefined, 403],
    ['contexter', 'DELETE', '/contexts/.none', undefined, 204],
    ['reader', 'GET', '/admin/loggers', undefined, 403],
    ['reader', 'PUT', '/admin/loggers/root', { level: 'ERROR' }, 403],
    ['root', 'GET', '/admin/loggers', undefined, 200],
  ] as [string, string, string, object | undefined, number][])(
    '%s: %s %s %j → %i',
    async (user, method, url, body, status) => {
      const reply = await secured.as(user, method, url, body);
      expect([reply.status, reply.text]).toEqual([
        status,
        status === 403 ? JSON.stringify(FORBIDDEN) : expect.any(String),
      ]);
    },
  );
});

describe('lists and searches show what may be read', () => {
  const read = async (user: string, url: string) => {
    const reply = await secured.as(user, 'GET', url);
    return [reply.status, reply.json<unknown>()] as const;
  };
  const names = async (user: string, url: string) =>
    ((await read(user, url))[1] as (string | { subject: string })[]).map((item) =>
      typeof item === 'string' ? item : item.subject,
    );

  it('of subjects and schemas, paged after the filter', async () => {
    const mine = [':.team:t', 'open-a', 'open-b'];
    const visible = (list: string[]) => list.filter((name) => !/open-(new|i|x)/.test(name));
    expect(visible(await names('reader', '/subjects'))).toEqual(mine);
    expect(visible(await names('reader', '/schemas?subjectPrefix=:*:'))).toEqual(mine);
    expect(await names('reader', '/subjects?limit=1&offset=1')).toEqual(['open-a']);
    expect(await names('nobody', '/subjects?deleted=true')).toEqual([]);
    expect(await names('nobody', '/schemas?subjectPrefix=:*:&deleted=true')).toEqual([]);
    expect(await names('root', '/subjects')).toEqual(expect.arrayContaining(['hidden-a', ':.private:p']));
    expect(await names('reader', '/contexts/.private/subjects')).toEqual([]);
  });

  it('of contexts', async () => {
    expect(await names('reader', '/contexts')).toEqual(['.', '.team']);
    expect(await names('nobody', '/contexts')).toEqual(['.']);
    expect(await names('root', '/contexts')).toEqual(['.', '.private', '.team']);
  });

  it('by id: one that no readable subject has is not there', async () => {
    const missing = (id: number) => [404, { error_code: 40403, message: `Schema ${id} not found` }];
    for (const below of ['', '/schema', '?subject=hidden-a', '?subject=open-a']) {
      expect(await read('reader', `/schemas/ids/${ids.hidden}${below}`)).toEqual(missing(ids.hidden));
    }
    for (const below of ['/subjects', '/versions']) {
      expect((await read('reader', `/schemas/ids/${ids.hidden}${below}`))[0]).toBe(404);
    }
    expect((await read('reader', `/schemas/ids/${ids.open}`))[0]).toBe(200);
    expect((await read('nobody', `/schemas/ids/${ids.open}`))[0]).toBe(404);
    expect((await read('reader', `/schemas/ids/${ids.team}?subject=:.team:t`))[0]).toBe(200);
    expect((await read('reader', '/schemas/ids/1?subject=:.private:p'))[0]).toBe(404);
  });

  it('by id: a shared one is, without those who may not be seen', async () => {
    expect(await read('reader', `/schemas/ids/${ids.shared}/subjects`)).toEqual([200, ['open-b']]);
    expect(await read('reader', `/schemas/ids/${ids.shared}/versions`)).toEqual([
      200,
      [{ subject: 'open-b', version: 1 }],
    ]);
    const [, detailed] = await read('reader', `/schemas/ids/${ids.shared}?subject=hidden-b`);
    expect(detailed).toMatchObject({ subject: 'open-b' });
    expect(await read('root', `/schemas/ids/${ids.shared}/subjects`)).toEqual([200, ['hidden-b', 'open-b']]);
  });

  it('by guid', async () => {
    for (const below of ['', '/ids']) {
      const [status, body] = await read('reader', `/schemas/guids/${guids.hidden}${below}`);
      expect([status, body]).toEqual([
        404,
        { error_code: 40403, message: `Schema ${guids.hidden} not found` },
      ]);
      expect((await read('reader', `/schemas/guids/${guids.shared}${below}`))[0]).toBe(200);
    }
  });

  it('by references', async () => {
    expect(await read('reader', '/subjects/open-a/versions/1/referencedby')).toEqual([200, []]);
    const [, all] = await read('root', '/subjects/open-a/versions/1/referencedby');
    expect(all).toHaveLength(1);
  });

  it('by other contexts that have the name', async () => {
    expect((await read('root', '/subjects/open-elsewhere/versions/1'))[0]).toBe(200);
    expect((await read('reader', '/subjects/open-elsewhere/versions/1'))[0]).toBe(404);
    const lookup = await secured.as('reader', 'POST', '/subjects/open-elsewhere', { schema: '"long"' });
    expect([lookup.status, lookup.json()]).toEqual([404, HIDDEN_SUBJECT('open-elsewhere')]);
  });
});

describe('ways around', () => {
  it('an alias leads nowhere one may not go, and does not tell where', async () => {
    expect((await secured.as('root', 'GET', '/subjects/open-alias/versions/1')).status).toBe(200);
    for (const [method, url, body] of [
      ['GET', '/subjects/open-alias/versions/1', undefined],
      ['POST', '/subjects/open-alias/versions', { schema: '"int"' }],
      ['DELETE', '/subjects/open-alias', undefined],
    ] as const) {
      const reply = await secured.as('writer', method, url, body);
      expect([reply.status, reply.json()]).toEqual([404, HIDDEN_SUBJECT('open-alias')]);
    }
    const own = await secured.as('configurer', 'PUT', '/config/open-mine', { alias: 'hidden-a' });
    expect(own.status).toBe(200);
    expect((await secured.as('configurer', 'GET', '/subjects/open-mine/versions/1')).status).toBe(404);
    const aliases = await secured.as('reader', 'GET', '/schemas?aliases=true');
    expect(aliases.text).not.toContain('hidden');
    await secured.as('root', 'DELETE', '/config/open-mine');
  });

  it('a reference to what one may not read is one to nothing', async () => {
    const body = { schema: REFERRING, references: [{ name: 'Hidden', subject: 'hidden-a', version: 1 }] };
    for (const url of [
      '/subjects/open-r/versions',
      '/subjects/open-a',
      '/compatibility/subjects/open-a/versions',
    ]) {
      const reply = await secured.as('writer', 'POST', url, body);
      expect([reply.status, reply.json()]).toEqual([
        422,
        { error_code: 42201, message: 'No schema reference found for subject "hidden-a" and version 1' },
      ]);
    }
    const absent = { ...body, references: [{ name: 'Hidden', subject: 'hidden-z', version: 1 }] };
    expect((await secured.as('writer', 'POST', '/subjects/open-r/versions', absent)).json()).toEqual({
      error_code: 42201,
      message: 'No schema reference found for subject "hidden-z" and version 1',
    });
  });

  it('bodies and paths that are no requests of ours', async () => {
    for (const body of [
      '[]',
      'null',
      '5',
      '"x"',
      '{"references":[null,5,{"subject":5}]}',
      '{"references":{}}',
    ]) {
      const reply = await secured.as('writer', 'POST', '/subjects/open-a/versions', body);
      expect([body, reply.status]).toEqual([body, expect.any(Number)]);
      expect(reply.status).toBeLessThan(500);
    }
    expect((await secured.as('reader', 'PATCH', '/subjects/hidden-a')).status).toBe(405);
    expect((await secured.as('reader', 'GET', '/contexts/a:b/subjects/x/versions')).status).toBe(400);
  });
});

it('nobody comes in without a login, but to the open paths', async () => {
  for (const url of ['/', '/live', '/ready', '/health', '/master_available', '/schemas/types']) {
    expect([url, (await secured.as(null, 'GET', url)).status]).toEqual([url, 200]);
  }
  for (const url of [
    '/subjects',
    '/schemas/ids/1',
    '/metrics',
    '/admin/loggers',
    '/nowhere',
    '/v1/metadata/id',
  ]) {
    const reply = await secured.as(null, 'GET', url);
    expect([url, reply.status, reply.text]).toEqual([
      url,
      401,
      '{"error_code":401,"message":"Unauthorized"}',
    ]);
    expect(reply.headers['content-type']).toBe('application/vnd.schemaregistry.v1+json');
    expect(reply.headers['x-request-id']).toBeDefined();
  }
});
