/** The audit log: a line for each write, and no secret in it nor anywhere else. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { SILENT } from '../../../src/kernel';
import { REGISTRY_CONFIG } from '../../../src/registry';
import { describeSecurity, NO_SECURITY, openSecurity } from '../../../src/registry/access/security';
import { schemaText } from '../client';
import { credentials, passwordOf, type Secured, startSecured } from './secured';

const RULES = `
permissions:
  - users: [ann]
    subjects: ['s*']
    allow: [read, write, delete, config, mode]
    global: [admin]
`;

const running: Secured[] = [];
async function start(...args: Parameters<typeof startSecured>): Promise<Secured> {
  const secured = await startSecured(...args);
  running.push(secured);
  return secured;
}
afterEach(async () => {
  await Promise.all(running.splice(0).map((each) => each.close()));
});

const SCHEMA = schemaText({ type: 'record', name: 'TopSecretName', fields: [] });

it('tells who did what to which subject, and how it ended', async () => {
  const secured = await start({ ann: ['dev'], bob: [] }, RULES);
  const { as, audited } = secured;
  await as('ann', 'POST', '/subjects/s1/versions', { schema: SCHEMA });
  await as('ann', 'POST', '/subjects/s1/versions', { schema: 'broken' });
  await as('bob', 'POST', '/subjects/s1/versions', { schema: SCHEMA });
  await as(null, 'POST', '/subjects/s1/versions', { schema: SCHEMA });
  await as('ann', 'PUT', '/config/s1', { compatibility: 'NONE', defaultRuleSet: { domainRules: [] } });
  await as('ann', 'PUT', '/contexts/.c/mode/s2', { mode: 'READONLY' });
  await as('ann', 'PUT', '/mode/s1', { mode: 'READWRITE' });
  await as('ann', 'DELETE', '/subjects/s1/versions/1');
  await as('ann', 'DELETE', '/subjects/s1?permanent=true');
  await as('ann', 'PUT', '/admin/loggers/root', { level: 'INFO' });
  secured.kafka.beforeWrite = () => {
    throw new Error('The log is full.');
  };
  await as('ann', 'POST', '/subjects/s2/versions', { schema: SCHEMA });
  const ann = { user: 'ann', by: 'password' };
  const done = { outcome: 'done', status: 200 };
  expect(audited()).toEqual([
    { audit: 'register', ...ann, subject: 's1', ...done, id: 1, version: 1 },
    { audit: 'register', ...ann, subject: 's1', outcome: 'refused', status: 422, errorCode: 42201 },
    {
      audit: 'register',
      user: 'bob',
      by: 'password',
      subject: 's1',
      outcome: 'refused',
      status: 404,
      errorCode: 40401,
    },
    {
      audit: 'register',
      user: null,
      by: 'nothing',
      subject: 's1',
      outcome: 'refused',
      status: 401,
      errorCode: 401,
    },
    { audit: 'change config', ...ann, subject: 's1', compatibility: 'NONE', ...done },
    {
      audit: 'change mode',
      ...ann,
      subject: 's2',
      context: '.c',
      outcome: 'refused',
      status: 404,
      errorCode: 40401,
    },
    { audit: 'change mode', ...ann, subject: 's1', mode: 'READWRITE', ...done },
    { audit: 'delete version', ...ann, subject: 's1', ...done, version: 1 },
    { audit: 'delete subject', ...ann, subject: 's1', ...done, versions: [1] },
    { audit: 'change log level', ...ann, logger: 'root', logLevel: 'INFO', ...done, versions: [] },
    { audit: 'register', ...ann, subject: 's2', outcome: 'failed', status: 500, errorCode: 50001 },
  ]);
});

it('names the request and where it came from', async () => {
  const secured = await start({ ann: [] }, RULES);
  await secured.client.send(
    'POST',
    '/subjects/s1/versions',
    { schema: SCHEMA },
    {
      ...credentials('ann'),
      'x-request-id': 'mine-1',
    },
  );
  const line = secured.log().find((each) => each.includes('"Audit"'))!;
  expect(JSON.parse(line)).toMatchObject({ requestId: 'mine-1', address: '127.0.0.1', level: 'info' });
});

it('is silent for reads, and when it is not wanted', async () => {
  const secured = await start({ ann: [] }, RULES);
  for (const url of ['/subjects', '/schemas/ids/1', '/config/s1', '/subjects/s1/versions/1']) {
    await secured.as('ann', 'GET', url);
  }
  await secured.as('ann', 'POST', '/subjects/s1', { schema: SCHEMA });
  await secured.as('ann', 'POST', '/compatibility/subjects/s1/versions', { schema: SCHEMA });
  expect(secured.audited()).toEqual([]);
  const silent = await start({ ann: [] }, RULES, { 'audit.log': 'false' });
  await silent.as('ann', 'POST', '/subjects/s1/versions', { schema: SCHEMA });
  expect(silent.audited()).toEqual([]);
});

it('goes to a file of its own', async () => {
  const dir = mkdtempSync(path.join(os.tmpdir(), 'millrace-audit-'));
  const file = path.join(dir, 'audit.log');
  const secured = await start({ ann: [] }, null, { 'audit.log.file': file });
  await secured.as('ann', 'POST', '/subjects/s1/versions', { schema: SCHEMA });
  const [line] = readFileSync(file, 'utf8').trim().split('\n');
  rmSync(dir, { recursive: true });
  expect(JSON.parse(line!)).toMatchObject({ audit: 'register', user: 'ann', subject: 's1', id: 1 });
  expect(secured.audited()).toEqual([]);
});

it('keeps every secret out of logs, answers and metrics', async () => {
  const secured = await start({ ann: ['dev'], bob: [] }, RULES, {}, { requestLog: true });
  const { as, client } = secured;
  const wrong = 'wrong-password-asdfgh';
  const token = 'bearer-token-yxcvbn';
  const answers = [
    await as('ann', 'POST', '/subjects/s1/versions', { schema: SCHEMA }),
    await as('bob', 'POST', '/subjects/s1/versions', { schema: SCHEMA }),
    await client.send('POST', '/subjects/s1/versions', { schema: SCHEMA }, credentials('ann', wrong)),
    await client.send('GET', '/subjects', undefined, { authorization: `Bearer ${token}` }),
    await client.send('GET', '/subjects', undefined, { authorization: token }),
    await as('ann', 'PUT', '/config/s1', { compatibility: wrong }),
    await as('ann', 'PUT', '/admin/loggers/root', { level: wrong }),
    await as('ann', 'GET', '/metrics'),
  ];
  // A defect whose text has a secret stays inside.
  secured.kafka.beforeWrite = () => {
    throw new TypeError(`cannot send ${wrong}`);
  };
  answers.push(await as('ann', 'POST', '/subjects/s2/versions', { schema: SCHEMA }));
  expect(answers.map(({ status }) => status)).toEqual([200, 404, 401, 401, 401, 422, 400, 200, 500]);
  const told = answers.map(({ text, headers }) => text + JSON.stringify(headers)).join('\n');
  const log = secured.log().join('\n');
  const secrets = [passwordOf('ann'), passwordOf('bob'), token, 'scrypt$'];
  for (const secret of [...secrets, Buffer.from(`ann:${passwordOf('ann')}`).toString('base64')]) {
    expect(log).not.toContain(secret);
    expect(told).not.toContain(secret);
  }
  expect(told).not.toContain(wrong);
  expect(log.split('\n').filter((line) => line.includes(wrong) && !line.includes('TypeError'))).toEqual([]);
  // No schema either.
  expect(log).not.toContain('TopSecretName');
});

describe('the start tells in one line what is on', () => {
  it('off by default', () => {
    expect(describeSecurity(NO_SECURITY)).toBe(
      'Security: HTTPS off, logins off, permissions off, audit off: whoever reaches this server may read and change everything',
    );
  });

  it('on as configured', async () => {
    const secured = await start({ ann: [] }, RULES);
    const lines = secured.log().filter((line) => line.includes('Security: '));
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain('Security: HTTPS off, logins on, permissions on, audit on"');
  });
});

it('permissions without logins are a mistake', async () => {
  const config = REGISTRY_CONFIG.parse({
    'kafkastore.bootstrap.servers': 'unused:1',
    'authorization.permissions.file': '/p.yaml',
  });
  await expect(openSecurity(config, SILENT)).rejects.toThrow('needs to know who asks');
});
