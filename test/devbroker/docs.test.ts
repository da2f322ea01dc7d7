import { readFileSync } from 'node:fs';
import path from 'node:path';
import { APIS } from '../../src/devbroker/api/index';
import { repositoryRoot } from '../support/process';

/** Offered because librdkafka looks for it, and refused. */
const PRODUCE_SERVED_FROM = 3;

test('docs/dev-broker.md lists every request with its versions', () => {
  const text = readFileSync(path.join(repositoryRoot, 'docs/dev-broker.md'), 'utf8');
  const cells = [...text.matchAll(/\| ([A-Z][A-Za-z, ]+) \| (\d+)(?:–(\d+))?/g)];
  const listed = cells.flatMap(([, names, first, last = first]) =>
    names!.split(', ').map((name) => `${name} ${first}–${last}`),
  );
  const served = [...APIS.values()].map(({ name, versions: [first, last] }) => {
    return `${name} ${name === 'Produce' ? PRODUCE_SERVED_FROM : first}–${last}`;
  });
  expect(listed.sort()).toEqual(served.sort());
});
