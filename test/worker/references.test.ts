import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createProviders, resolveReferences } from '../../src/worker/references';

const dir = mkdtempSync(path.join(tmpdir(), 'references-'));
writeFileSync(path.join(dir, 'db.properties'), 'user=u\npassword=p\\u00e4ss:word\n');
writeFileSync(path.join(dir, 'token'), 'secret');
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
  ])('%s is told and stays as written', async (value, why) => {
    const { config, broken } = await resolveReferences({ a: 'fine', key: `x${value}` }, providers);
    expect(config).toEqual({ a: 'fine', key: `x${value}` });
    expect(broken).toEqual([{ key: 'key', reference: value, why: expect.stringContaining(why) }]);
  });

  test('config.providers adds aliases with their limits', async () => {
    const limited = createProviders(
      {
        'config.providers': 'e, f',
        'config.providers.e.class': 'org.apache.kafka.common.config.provider.EnvVarConfigProvider',
        'config.providers.e.param.allowlist.pattern': 'PO.*',
        'config.providers.f.class': 'org.apache.kafka.common.config.provider.FileConfigProvider',
        'config.providers.f.param.allowed.paths': path.join(dir, 'sub'),
      },
      { HOST: 'db', PORT: '1' },
    );
    const { config, broken } = await resolveReferences(
      { a: '${e:PORT}', b: '${e:HOST}', c: `\${f:${dir}/db.properties:user}` },
      limited,
    );
    expect(config.a).toBe('1');
    expect(broken.map(({ key }) => key)).toEqual(['b', 'c']);
  });

  test('an unknown provider class is refused', () => {
    const worker = { 'config.providers': 'v', 'config.providers.v.class': 'com.x.VaultProvider' };
    expect(() => createProviders(worker)).toThrow('no config provider com.x.VaultProvider');
  });
});
