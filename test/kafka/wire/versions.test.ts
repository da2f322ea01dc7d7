import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { checkVersions, SPOKEN } from '../../../src/kafka/wire/versions';

const folder = path.resolve(__dirname, '../../../src/kafka/wire');

test('the table has every request of this folder, in its version', () => {
  const written = readdirSync(folder).flatMap((file) => {
    const text = readFileSync(path.join(folder, file), 'utf8');
    const found = /apiKey: (\d+),\s*apiVersion: (\d+),\s*apiName: '(\w+)'/.exec(text);
    return found === null ? [] : [[found[3], Number(found[1]), Number(found[2])]];
  });
  expect(written.length).toBeGreaterThan(15);
  expect(written.sort()).toEqual([...SPOKEN].sort());
});

test('a broker that does not take a version is refused by name', () => {
  const apis = SPOKEN.map(([, apiKey, version]) => ({ apiKey, min: version, max: version }));
  const answer = { error: 0, throttleMs: 0, apis };
  expect(() => checkVersions(answer)).not.toThrow();
  apis[1] = { apiKey: 1, min: 12, max: 17 };
  apis[0] = { apiKey: 0, min: 0, max: 6 };
  expect(() => checkVersions(answer)).toThrow('do not take Produce v7, Fetch v11');
});
