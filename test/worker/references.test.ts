import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ConfigDef } from '../../src/kernel';
import type { ConfigProviderPlugin } from '../../src/plugin';
import { createProviders } from '../../src/worker/providers';
import { reloadDelayMs, resolveAsConnect, resolveReferences } from '../../src/worker/references';
import { loadWorkerConfig } from '../../src/worker/worker-config';

const dir = mkdtempSync(path.join(tmpdir(), 'references-'));
writeFileSync(path.join(dir, 'db.properties'), 'user=u\npassword=p\\u00e4ss:word\n');
writeFileSync(path.join(dir, 'token'), 'secret');
mkdirSync(path.join(dir, 'sub'));
writeFileSync(path.join(dir, 'sub', 'own.properties'), 'a=1\n');
afterAll(() => rmSync(dir, { recursive: true }));

const providers = createProviders({}, { HOST: 'db', PORT: '5432', TRICK: '${env:HOST}' });
const resolve = async (value: string) => (await resolveReferences({ key: value }, providers)).config.key;

describe('references', () => {
  test.each([
    ['${env:HOST}', 'db'],
    ['jdbc:postgresql://${env:HOST}:${env:PORT}/x', 'jdbc:postgresql://db:5432/x'],
    [`\${file:${dir}/db.properties:password}`, 'päss:word'],
    [`\${dir:${dir}:token}`, 'secret'],
    ['${topic}', '${topic}'],
    ['${topic}-${timestamp}', '${topic}-${timestamp}'],
    ['plain', 'plain'],
    ['${env:TRICK}', '${env:HOST}'],
  ])('%s', async (value, expected) => {
    expect(await resolve(value)).toBe(expected);
  });

  test.each([
    ['${env:GONE}', 'the environment variable GONE is not set'],
    ['${evn:HOST}', 'Did you mean env?'],
    [`\${file:${dir}/none:x}`, 'there is no file'],
    [`\${file:${dir}/db.properties:x}`, 'has no key x'],
    [`\${dir:${dir}:../token}`, 'not a plain file name'],
    [`\${dir:${dir}:sub}`, 'there is no file'],
    ['${env:some/path:HOST}', 'Path is not supported'],
    ['${file:key}', 'names no path'],
  ])('%s is told and stays as written', async (value, why) => {
    const { config, broken } = await resolveReferences({ a: 'fine', key: `x${value}` }, providers);
    expect(config).toEqual({ a: 'fine', key: `x${value}` });
    expect(broken).toEqual([
      { key: 'key', reference: value, why: expect.stringContaining(why), failed: expect.any(Boolean) },
    ]);
  });

  test('several in one value, some of them broken', async () => {
    expect(await resolve('${env:HOST}:${env:GONE}:${env:PORT}:${HOST}')).toBe('db:${env:GONE}:5432:${HOST}');
  });

  test('as Connect: what is not there is text, what cannot be read is an error', async () => {
    const { config } = await resolveAsConnect({ a: '${env:GONE}', b: '${nobody:x}' }, providers);
    expect(config).toEqual({ a: '${env:GONE}', b: '${nobody:x}' });
    const unreadable = { key: `\${file:${dir}/none:x}` };
    await expect(resolveAsConnect(unreadable, providers)).rejects.toThrow(/key: .*there is no file/);
  });

  const CLASSES = 'org.apache.kafka.common.config.provider.';
  const limited = (parameters: Record<string, string>) =>
    createProviders(
      {
        'config.providers': 'e, f, d',
        'config.providers.e.class': `${CLASSES}EnvVarConfigProvider`,
        'config.providers.f.class': `${CLASSES}FileConfigProvider`,
        'config.providers.d.class': 'DirectoryConfigProvider',
        ...parameters,
      },
      { HOST: 'db', PORT: '1' },
    );

  test('config.providers names aliases with their limits', async () => {
    const named = limited({
      'config.providers.e.param.allowlist.pattern': 'PO.*',
      'config.providers.f.param.allowed.paths': path.join(dir, 'sub'),
      'config.providers.d.param.allowed.paths': `${path.join(dir, 'sub')}, ${dir}`,
    });
    const { config, broken } = await resolveReferences(
      {
        a: '${e:PORT}',
        b: '${e:HOST}',
        c: `\${f:${dir}/db.properties:user}`,
        d: `\${f:${dir}/sub/../db.properties:user}`,
        e: `\${f:${dir}/sub/own.properties:a}`,
        f: `\${f:${dir}/sub-other/own.properties:a}`,
        g: `\${d:${dir}:token}`,
        h: '${env:HOST}',
      },
      named,
    );
    expect(config).toMatchObject({ a: '1', e: '1', g: 'secret' });
    expect(broken.map(({ key, why }) => [key, why.split(' ').slice(0, 3).join(' ')])).toEqual([
      ['b', 'allowlist.pattern does not'],
      ['c', 'allowed.paths does not'],
      ['d', 'allowed.paths does not'],
      ['f', 'allowed.paths does not'],
      ['h', 'there is no'],
    ]);
  });

  test.each([
    ['config.providers.f.param.allowed.paths', 'relative', 'Path relative is not absolute'],
    ['config.providers.d.param.allowed.paths', '/does/not/exist', 'does not exist'],
    ['config.providers.e.param.allowlist.pattern', '(', 'not a regular expression'],
  ])('%s=%s is refused', (key, value, why) => {
    expect(() => limited({ [key]: value })).toThrow(why);
  });

  test('a plug-in may say how long its values hold, and its failures are told', async () => {
    const asked: string[][] = [];
    const vault: ConfigProviderPlugin = {
      kind: 'config-provider',
      name: 'vault',
      aliases: ['com.x.VaultProvider'],
      version: '1.0.0',
      summary: '',
      config: new ConfigDef([]),
      create: () => ({
        async get(place, keys) {
          asked.push([place, ...keys]);
          if (place === 'down') throw new Error('vault is sealed');
          return { values: { user: 'u', password: 'p' }, ttlMs: place === 'short' ? 500 : 60_000 };
        },
      }),
    };
    const worker = { 'config.providers': 'v', 'config.providers.v.class': 'com.x.VaultProvider' };
    const named = createProviders(worker, {}, [vault]);
    const raw = { a: '${v:short:user}', b: '${v:short:password}${v:long:user}', c: '${v:long:user}' };
    const resolved = await resolveReferences(raw, named);
    expect(resolved).toEqual({ config: { a: 'u', b: 'pu', c: 'u' }, broken: [], ttlMs: 500 });
    expect(asked).toEqual([
      ['short', 'user', 'password'],
      ['long', 'user'],
    ]);
    expect(reloadDelayMs(resolved)).toBe(500);
    expect(reloadDelayMs({ ...resolved, config: { 'config.action.reload': 'NONE' } })).toBeNull();
    expect(reloadDelayMs(await resolveReferences({ a: 'x' }, named))).toBeNull();
    await expect(resolveAsConnect({ a: '${v:down:user}' }, named)).rejects.toThrow('vault is sealed');
  });

  test('providers of plugin.path serve the worker file too', async () => {
    const file = path.join(dir, 'upper.js');
    writeFileSync(
      file,
      `exports.default = { kind: 'config-provider', name: 'upper', aliases: ['com.x.Upper'], version: '1', summary: '',
        config: { check: () => [], parse: () => ({}) },
        create: () => ({ get: async (place, keys) => ({ values: Object.fromEntries(keys.map((k) => [k, k.toUpperCase()])) }) }) };`,
    );
    const worker = await loadWorkerConfig({
      arguments: {
        'plugin.path': file,
        'config.providers': 'u',
        'config.providers.u.class': 'com.x.Upper',
        'group.id': '${u:cluster}',
      },
      env: {},
    });
    expect(worker.raw['group.id']).toBe('CLUSTER');
  });

  test('an unknown provider class is refused', () => {
    const worker = { 'config.providers': 'v', 'config.providers.v.class': 'com.x.VaultProvider' };
    expect(() => createProviders(worker)).toThrow('no config provider com.x.VaultProvider');
  });
});
