/** The package as npm would publish it, unpacked beside the packages of the checkout: nothing of a checkout is needed. */
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { dependencies, optionalDependencies } from '../../package.json';
import { killAllProcesses, repositoryRoot, runProcess } from '../support/process';

jest.setTimeout(180_000);

const dir = mkdtempSync(path.join(tmpdir(), 'package-'));
chmodSync(dir, 0o755);
const modules = path.join(dir, 'node_modules');
const millrace = path.join(modules, 'millrace');

beforeAll(async () => {
  // Makes dist current.
  await runProcess(process.execPath, ['bin/millrace', '--version']);
  const packed = await runProcess('npm', ['pack', '--ignore-scripts', '--pack-destination', dir]);
  expect([packed.code, packed.code === 0 ? '' : packed.stderr]).toEqual([0, '']);
  const [archive] = readdirSync(dir).filter((name) => name.endsWith('.tgz'));
  mkdirSync(millrace, { recursive: true });
  await runProcess('tar', ['-xzf', path.join(dir, archive!), '--strip-components=1', '-C', millrace]);
  for (const name of Object.keys({ ...dependencies, ...optionalDependencies })) link(name);
});
afterAll(async () => {
  await killAllProcesses();
  rmSync(dir, { recursive: true });
});

function link(name: string): void {
  const target = path.join(repositoryRoot, 'node_modules', name);
  if (!existsSync(target)) return;
  mkdirSync(path.dirname(path.join(modules, name)), { recursive: true });
  symlinkSync(target, path.join(modules, name));
}

test('millrace start runs the demo from an installed package', async () => {
  const data = path.join(dir, 'data');
  const env = { KAFKA_BROKERS: undefined, PG_URL: undefined, REDIS_URL: undefined };
  const run = await runProcess(
    process.execPath,
    [path.join(millrace, 'bin/millrace'), 'start', '--once', '--json', '--data', data],
    { cwd: dir, env },
  );
  expect([run.code, run.code === 0 ? '' : run.stderr]).toEqual([0, '']);
  const { pipelines, origins } = JSON.parse(run.stdout);
  expect(pipelines.map(({ records }: { records: number }) => records)).toEqual([200_000, 20_000]);
  expect(origins.kafka).toBe('dev broker');
  expect(readdirSync(data)).toEqual(expect.arrayContaining(['demo', 'dev-broker', 'postgres']));
});
