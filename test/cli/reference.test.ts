import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { renderReference } from '../../src/cli/reference';
import { repositoryRoot } from '../support/process';

const dir = path.join(repositoryRoot, 'docs/reference');

test('docs/reference is what the definitions say; `npm run docs` writes it', async () => {
  const pages = await renderReference();
  expect(readdirSync(dir).sort()).toEqual([...pages.keys()].sort());
  for (const [name, text] of pages) expect(readFileSync(path.join(dir, name), 'utf8')).toBe(text);
});

test('every key has a sentence', async () => {
  const bare: string[] = [];
  for (const [name, text] of await renderReference()) {
    for (const row of text.split('\n').filter((line) => line.startsWith('| `'))) {
      const meaning = row
        .split(' | ')
        .at(-1)!
        .replace(/\s*\|$/, '');
      if (meaning.trim().length < 10) bare.push(`${name}: ${row}`);
    }
  }
  expect(bare).toEqual([]);
});
