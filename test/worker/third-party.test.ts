import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createCatalog } from '../../src/worker/catalog';
import { findThirdParty } from '../../src/worker/third-party';

const dir = mkdtempSync(path.join(tmpdir(), 'plugins-'));
afterAll(() => rmSync(dir, { recursive: true }));

const declaration = (name: string, more = '') =>
  `{ kind: 'transform', name: '${name}', aliases: [], version: '1', summary: '', config: { check: () => [] }, create: () => (r) => r, ${more} }`;

const write = (file: string, text: string): string => {
  const full = path.join(dir, file);
  mkdirSync(path.dirname(full), { recursive: true });
  writeFileSync(full, text);
  return full;
};

async function load(...entries: string[]) {
  const { modules, remarks } = findThirdParty(entries, dir);
  return { plugins: await createCatalog(modules).all(), remarks };
}

describe('third-party plug-ins', () => {
  test('a file, a package, a directory of both', async () => {
    const file = write('one/a.js', `exports.default = ${declaration('a')};`);
    write('many/b/package.json', '{"name":"b","main":"main.js"}');
    write(
      'many/b/main.js',
      `exports.default = [${declaration('b1')}, ${declaration('b2', "requires: '^1.0'")}];`,
    );
    write('many/c.cjs', `module.exports = ${declaration('c')};`);
    write('many/jars/x.jar', '');
    const { plugins, remarks } = await load(file, 'many');
    expect(plugins.map(({ name }) => name)).toEqual(['a', 'b1', 'b2', 'c']);
    expect(remarks).toEqual([]);
  });

  test('folders of jars and missing ones are remarks, not errors', async () => {
    write('java/connect-file.jar', '');
    const { plugins, remarks } = await load('java', '/usr/share/gone');
    expect(plugins).toEqual([]);
    expect(remarks).toEqual([
      'plugin.path: java holds no Node plug-ins',
      'plugin.path: /usr/share/gone holds no Node plug-ins',
    ]);
  });

  test.each([
    ['exports.default = 1;', 'has no default export'],
    [`exports.default = ${declaration('x').replace('transform', 'stream')};`, 'kind is stream'],
    [
      `exports.default = ${declaration('x', "requires: '^2.0'")};`,
      'requires version ^2.0 of the plug-in API',
    ],
    [`exports.default = ${declaration('x', "requires: '>=1.7'")};`, 'requires version >=1.7'],
    [`exports.default = ${declaration('x').replace('check:', 'chek:')};`, 'config is no ConfigDef'],
    ['throw new Error("boom");', 'cannot be loaded: boom'],
  ])('%s is a named error', async (text, message) => {
    const file = write(`bad/${Math.random()}.js`, text);
    await expect(load(file)).rejects.toThrow(message);
  });
});
