/** The runnable examples have nothing wrong, nor anything without effect. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { issueText } from '../../src/worker';
import { lintText } from '../docs/lint';
import { filesBelow } from '../docs/markdown';
import { repositoryRoot } from '../support/process';

/** Those of millrace; `grafana/` is for other programs. */
const configurations = filesBelow('config').filter(
  (file) =>
    /\.(ya?ml|json|properties)$/.test(file) &&
    !file.endsWith('.schema.json') &&
    !file.startsWith('config/grafana/'),
);

test('there are some of every kind', async () => {
  const kinds = configurations.map(async (file) => (await lint(file)).kind);
  expect(new Set(await Promise.all(kinds))).toEqual(new Set(['worker', 'connector', 'pipeline', null]));
});

test.each(configurations)('%s', async (file) => {
  const { issues, summary } = await lint(file);
  expect(issues.map(issueText)).toEqual([]);
  expect(summary).not.toBe('unknown');
});

test('the README of the folder names each of them, or its folder', () => {
  const readme = textOf('config/README.md');
  const places = (file: string) => [path.relative('config', file), `${path.dirname(file).split('/')[1]}/`];
  const missing = configurations.filter((file) => !places(file).some((place) => readme.includes(place)));
  expect(missing).toEqual([]);
});

const lint = (file: string) => lintText(file, textOf(file));
const textOf = (file: string): string => readFileSync(path.join(repositoryRoot, file), 'utf8');
