import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { killAllProcesses, repositoryRoot, runProcess, startProcess } from '../support/process';
import { stackAddresses } from '../support/stack';

/** A checkout whose whole program is `source`, with the real scripts around it and the compiler of this one. */
let checkout: string;

function writeProgram(source: string) {
  writeFileSync(path.join(checkout, 'src/cli/main.ts'), source);
}

function linkPackage(name: string) {
  const link = path.join(checkout, 'node_modules', name);
  mkdirSync(path.dirname(link), { recursive: true });
  symlinkSync(path.join(repositoryRoot, 'node_modules', name), link);
}

beforeEach(() => {
  checkout = mkdtempSync(path.join(tmpdir(), 'millrace-checkout-'));
  for (const each of [
    'bin',
    'scripts',
    'tsconfig.json',
    'tsconfig.build.json',
    'package.json',
    'package-lock.json',
  ])
    cpSync(path.join(repositoryRoot, each), path.join(checkout, each), { recursive: true });
  for (const each of ['@typescript', '@types', 'undici-types']) linkPackage(each);
  writeFileSync(path.join(checkout, 'node_modules/.package-lock.json'), '{}');
  mkdirSync(path.join(checkout, 'src/cli'), { recursive: true });
});
afterEach(async () => {
  await killAllProcesses();
  rmSync(checkout, { recursive: true, force: true });
});

const millrace = (...args: string[]) =>
  runProcess(path.join(checkout, 'bin/millrace'), args, { cwd: tmpdir() });

describe('bin/millrace', () => {
  it('compiles a checkout before the first start and after each change, and passes arguments and exit code', async () => {
    writeProgram('console.log("first", process.argv.slice(2).join()); process.exitCode = 4;');
    expect(await millrace('a', 'b')).toEqual({ code: 4, signal: null, stdout: 'first a,b\n', stderr: '' });
    writeProgram('console.log("second, which is longer");');
    expect(await millrace()).toMatchObject({ code: 0, stdout: 'second, which is longer\n' });
  });

  it('serves processes that start at the same time from one build', async () => {
    writeProgram('console.log("ready");');
    const runs = await Promise.all([millrace(), millrace(), millrace()]);
    expect(runs.map(({ stdout }) => stdout)).toEqual(['ready\n', 'ready\n', 'ready\n']);
  });

  it('tells where a program that does not compile is wrong', async () => {
    writeProgram('const = 1;');
    const { code, stderr } = await millrace();
    expect(code).toBe(1);
    expect(stderr).toContain('src/cli/main.ts(1,');
  });

  it('goes without sources, as in an installed package', async () => {
    writeProgram('console.log("installed");');
    await millrace();
    for (const each of ['src', 'scripts', 'node_modules'])
      rmSync(path.join(checkout, each), { recursive: true });
    expect(await millrace()).toMatchObject({ code: 0, stdout: 'installed\n' });
  });
});

describe('npm start', () => {
  const start = async (...args: string[]) => {
    const { kafka, postgres, redis } = await stackAddresses();
    const env = { KAFKA_BROKERS: kafka, PG_URL: postgres, REDIS_URL: redis ?? undefined };
    return startProcess(process.execPath, ['scripts/start.mjs', ...args], { cwd: checkout, env });
  };

  it('hands the addresses and its own arguments to millrace start, and ends with its exit code', async () => {
    writeProgram('console.log(JSON.stringify(process.argv.slice(2))); process.exitCode = 3;');
    const run = await start('--once', '--json');
    expect((await run.exited).code).toBe(3);
    const { kafka, postgres, redis } = await stackAddresses();
    expect(JSON.parse(run.stdout())).toEqual([
      ...['start', '--brokers', kafka, '--postgres', postgres, ...(redis ? ['--redis', redis] : [])],
      ...['--demo', 'config/demo', '--once', '--json'],
    ]);
  });

  const untilSignal = `
    const timer = setInterval(() => undefined, 1000);
    for (const name of ['SIGINT', 'SIGTERM'] as const)
      process.on(name, () => { console.log('got ' + name); clearInterval(timer); process.exitCode = 0; });
    console.log('up');`;

  it('passes one signal on and waits for the clean end', async () => {
    writeProgram(untilSignal);
    const run = await start();
    await run.waitForOutput(/up/);
    run.signal('SIGINT');
    expect((await run.exited).code).toBe(0);
    expect(run.stdout()).toMatch(/^up\ngot SIGINT\n$/);
  });

  it('takes millrace with it when it is killed', async () => {
    writeProgram(untilSignal);
    const run = await start();
    await run.waitForOutput(/up/);
    // Both write into one pipe: this waits until the last of them has closed it.
    await run.kill();
    expect(run.stdout()).toContain('got SIGTERM');
  });
});
