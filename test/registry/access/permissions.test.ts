/** Rules, name patterns, and the files they come from. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { Principal } from '../../../src/http';
import { type Logger, SILENT } from '../../../src/kernel';
import { GLOBAL_OPERATIONS, namePattern, SUBJECT_OPERATIONS } from '../../../src/registry/access/permissions';
import { parsePermissions, watchPermissions } from '../../../src/registry/access/permissions-file';
import { waitFor } from '../../support/wait';

it.each([
  ['a', 'a', true],
  ['a', 'ab', false],
  ['*', '', true],
  ['*', ':.ctx:x', true],
  ['orders-*', 'orders-', true],
  ['orders-*', 'orders', false],
  ['orders-*', ':.ctx:orders-x', false],
  [':.ctx:*', ':.ctx:orders', true],
  [':.ctx:*', ':.ctx2:orders', false],
  ['*-value', 'a-value', true],
  ['*-value', '-value', true],
  ['*-value', 'a-value2', false],
  ['a*a', 'a', false],
  ['a*a', 'aa', true],
  ['a*b*c', 'aXbYc', true],
  ['a*b*c', 'acb', false],
  ['*b*', 'abc', true],
  ['a*bc*c', 'abc', false],
  ['a.b', 'axb', false],
  ['(a|b)*', 'a', false],
  ['A*', 'a', false],
])('the pattern %s and the name %s: %p', (pattern, name, expected) => {
  expect(namePattern(pattern)(name)).toBe(expected);
});

it('takes no time over hostile patterns', () => {
  const started = performance.now();
  expect(namePattern(`${'*a'.repeat(50)}b`)('a'.repeat(10_000))).toBe(false);
  expect(performance.now() - started).toBeLessThan(500);
});

const user = (name: string, ...roles: string[]): Principal => ({ name, roles, by: 'password' });

describe('a rule', () => {
  const permissions = parsePermissions(
    `
permissions:
  - roles: developer
    subjects: ['orders-*', ':.team:*']
    allow: [read, write]
  - users: [bob, 'svc-*']
    subjects: orders-payments
    allow: delete
  - users: '*'
    subjects: public-*
    allow: [read]
  - users: [root]
    subjects: ['*']
    allow: [all]
    global: [all]
  - users: [bob]
    global: [config]
`,
    'file',
  );
  const allowed = (principal: Principal, subject: string) => {
    const access = permissions.accessOf(principal);
    return SUBJECT_OPERATIONS.filter((operation) => access.may(operation, subject));
  };
  const globally = (principal: Principal) => {
    const access = permissions.accessOf(principal);
    return GLOBAL_OPERATIONS.filter((operation) => access.mayGlobally(operation));
  };

  it.each([
    [user('ann', 'developer'), 'orders-1', ['read', 'write']],
    [user('ann', 'developer'), ':.team:x', ['read', 'write']],
    [user('ann', 'developer'), 'payments', []],
    [user('ann', 'developers'), 'orders-1', []],
    // The name of a role is not the name of a user.
    [user('developer'), 'orders-1', []],
    // Whoever may do anything may read.
    [user('bob'), 'orders-payments', ['read', 'delete']],
    [user('bob', 'developer'), 'orders-payments', ['read', 'write', 'delete']],
    [user('svc-1'), 'orders-payments', ['read', 'delete']],
    [user('anybody'), 'public-1', ['read']],
    [user('anybody'), 'orders-1', []],
    [user('root'), ':.x:y', [...SUBJECT_OPERATIONS]],
  ])('%j on %s: %j', (principal, subject, operations) => {
    expect(allowed(principal, subject)).toEqual(operations);
  });

  it('on what is of no subject is a matter of its own', () => {
    expect(globally(user('root'))).toEqual(GLOBAL_OPERATIONS);
    expect(globally(user('bob'))).toEqual(['config']);
    expect(globally(user('ann', 'developer'))).toEqual([]);
  });
});

it("reads Karapace's permissions", () => {
  const text = JSON.stringify({
    users: [],
    permissions: [
      { username: 'r', operation: 'Read', resource: 'Subject:orders.*' },
      { username: 'w', operation: 'Write', resource: 'Subject:pay$' },
      { username: 'admin', operation: 'Write', resource: '.*' },
      { username: 'c', operation: 'Read', resource: 'Config:' },
    ],
  });
  const permissions = parsePermissions(text, 'file');
  const may = (name: string, operation: 'read' | 'write' | 'delete', subject: string) =>
    permissions.accessOf(user(name)).may(operation, subject);
  expect([may('r', 'read', 'orders1'), may('r', 'write', 'orders1'), may('r', 'read', 'my-orders')]).toEqual([
    true,
    false,
    false,
  ]);
  expect([may('w', 'write', 'pay'), may('w', 'delete', 'pay'), may('w', 'read', 'payments')]).toEqual([
    true,
    true,
    false,
  ]);
  const global = (name: string) =>
    GLOBAL_OPERATIONS.filter((operation) => permissions.accessOf(user(name)).mayGlobally(operation));
  expect([global('r'), global('c'), global('admin')]).toEqual([
    [],
    ['read'],
    ['read', 'config', 'mode', 'import', 'contexts'],
  ]);
});

it.each([
  ['permissions: [}', /file: it is neither YAML nor JSON, see line 1/],
  ['[]', /file: it is not an object/],
  ['permissions: []\nrules: []', /file: unknown member rules/],
  ['{}', /file: it has no list named permissions/],
  ['permissions: [{subjects: [a], allow: [read]}]', /rule 1: it needs users, roles, or both/],
  ['permissions: [{users: [a], allow: [read]}]', /rule 1: subjects and allow belong together/],
  ['permissions: [{users: [a]}]', /rule 1: it allows nothing/],
  ['permissions: [{users: [a], subjects: [b], allow: [reed]}]', /allow cannot have reed, only all, read/],
  ['permissions: [{users: [a], global: [write]}]', /global cannot have write/],
  ['permissions: [{users: [a], subject: [b], allow: [read]}]', /rule 1: unknown member subject/],
  ['permissions: [{users: [1], global: [all]}]', /users must be a list of names/],
  ['permissions: [{users: [a], global: [all]}, 5]', /rule 2: it is not an object/],
  ['permissions: [{username: a, operation: Read, resource: "["}]', /resource is no regular expression/],
  ['permissions: [{username: a, operation: Admin, resource: x}]', /must be Read or Write/],
])('%s is a mistake that is named', (text, message) => {
  expect(() => parsePermissions(text, 'file')).toThrow(message);
});

it('offers the name that was meant', () => {
  const text = 'permissions: [{users: [a], subjects: [b], allow: [reed]}]';
  expect(() => parsePermissions(text, 'file')).toThrow(
    expect.objectContaining({ hint: 'Did you mean read?' }),
  );
});

it('follows its file, and keeps the rules while it is broken', async () => {
  const dir = mkdtempSync(path.join(os.tmpdir(), 'millrace-permissions-'));
  const file = path.join(dir, 'p.yaml');
  const rule = (name: string) => `permissions: [{users: [${name}], global: [admin]}]`;
  const errors: object[] = [];
  const logger: Logger = { ...SILENT, error: (fields) => errors.push(fields) };
  writeFileSync(file, rule('a'));
  const watched = await watchPermissions(file, logger, { intervalMs: 10 });
  const may = (name: string) => watched.current.accessOf(user(name)).mayGlobally('admin');
  expect([may('a'), may('b')]).toEqual([true, false]);
  writeFileSync(file, 'permissions: oops');
  await waitFor(() => errors.length > 0);
  expect([may('a'), may('b')]).toEqual([true, false]);
  writeFileSync(file, rule('b'));
  await waitFor(() => may('b'));
  expect(may('a')).toBe(false);
  expect(errors).toHaveLength(1);
  watched.close();
  rmSync(dir, { recursive: true });
  await expect(watchPermissions(file, SILENT)).rejects.toThrow('authorization.permissions.file');
});
