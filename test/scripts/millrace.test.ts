import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { killAllProcesses, repositoryRoot, runProcess, startProcess } from '../support/process';

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
  const start = (...args: string[]) => {
    const env = { MILLRACE_DATA: undefined, MILLRACE_STACK_DIR: undefined };
    return startProcess(process.execPath, ['scripts/start.mjs', ...args], { cwd: checkout, env });
  };

  it('hands its arguments, the folder of the checkout and the end of the installation to millrace start, and ends with its exit code', async () => {
    writeProgram(`
      const { MILLRACE_DATA, MILLRACE_INSTALLED_AT } = process.env;
      console.log(JSON.stringify([...process.argv.slice(2), MILLRACE_DATA, MILLRACE_INSTALLED_AT]));
      process.exitCode = 3;`);
    const begin = Date.now();
    const run = start('--once', '--json');
    expect((await run.exited).code).toBe(3);
    const [command, once, json, data, installedAt] = JSON.parse(run.stdout()) as string[];
    expect([command, once, json, data]).toEqual(['start', '--once', '--json', path.join(checkout, '.stack')]);
    expect(Number(installedAt)).toBeGreaterThanOrEqual(begin);
    expect(Number(installedAt)).toBeLessThanOrEqual(Date.now());
  });

  const untilSignal = `
    const timer = setInterval(() => undefined, 1000);
    for (const name of ['SIGINT', 'SIGTERM'] as const)
      process.on(name, () => { console.log('got ' + name); clearInterval(timer); process.exitCode = 0; });
    console.log('up');`;

  it('passes one signal on and waits for the clean end', async () => {
    writeProgram(untilSignal);
    const run = start();
    await run.waitForOutput(/up/);
    run.signal('SIGINT');
    expect((await run.exited).code).toBe(0);
    expect(run.stdout()).toMatch(/^up\ngot SIGINT\n$/);
  });

  it('takes millrace with it when it is killed', async () => {
    writeProgram(untilSignal);
    const run = start();
    await run.waitForOutput(/up/);
    // Both write into one pipe: this waits until the last of them has closed it.
    await run.kill();
    expect(run.stdout()).toContain('got SIGTERM');
  });
});
