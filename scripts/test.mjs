/**
 * npm test: packages, services, build, then types, lint, import arrows and all tests. Every gate runs, even after one failed.
 * Arguments go to jest. The last line is `N passed, N failed, N skipped`; each gate counts as one test.
 */
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import builder from './project/build.cjs';
import packages from './project/packages.cjs';
import stack from './stack/index.cjs';
import paths from './stack/paths.cjs';

const { rootDir, stackDir } = paths;
const say = (line) => process.stdout.write(`${line}\n`);
const bin = (name) => path.join(rootDir, 'node_modules/.bin', name);
const inCi = Boolean(process.env.CI);

const gates = {
  build: () => builder.build(),
  types: () => collect(bin('tsc'), ['--noEmit', '-p', rootDir]),
  lint: () =>
    together(
      collect(bin('biome'), ['check', '--max-diagnostics=200', '.']),
      collect(bin('eslint'), ['.', '--max-warnings', '0']),
    ),
  arrows: () => collect(process.execPath, ['scripts/arrows.mjs']),
};

/** Runs a program and keeps its output, which is shown when it fails. */
function collect(command, args) {
  const child = spawn(command, args, { cwd: rootDir, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) =>
      code === 0 ? resolve() : reject(new Error(output.trimEnd() || `exit code ${code}`)),
    );
  });
}

/** Fails with what all of them have to say. */
async function together(...checks) {
  const reasons = (await Promise.allSettled(checks)).flatMap(({ reason }) => reason ?? []);
  if (reasons.length > 0) throw new Error(reasons.map(({ message }) => message).join('\n'));
}

async function runGate([name, gate]) {
  const begin = Date.now();
  const error = await gate().then(
    () => undefined,
    (reason) => reason,
  );
  say(`${error ? 'FAIL' : 'PASS'} ${name} (${((Date.now() - begin) / 1000).toFixed(1)} s)`);
  if (error) say(error.message);
  return error === undefined;
}

/** Answers jest's own counts; a suite that could not be loaded counts as a failed test. */
async function runJest(addresses, args) {
  const outputFile = path.join(stackDir, 'jest.json');
  fs.rmSync(outputFile, { force: true });
  const options = ['--json', `--outputFile=${outputFile}`, ...(inCi ? ['--ci'] : [])];
  const env = {
    KAFKA_BROKERS: addresses.kafka,
    PG_URL: addresses.postgres,
    ...(addresses.redis && { REDIS_URL: addresses.redis }),
  };
  const child = spawn(
    process.execPath,
    [path.join(rootDir, 'node_modules/jest/bin/jest.js'), ...options, ...args],
    {
      cwd: rootDir,
      stdio: ['ignore', 'inherit', 'inherit'],
      env: { ...process.env, ...env },
    },
  );
  await new Promise((resolve, reject) => child.once('error', reject).once('close', resolve));
  if (!fs.existsSync(outputFile)) return { passed: 0, failed: 1, skipped: 0 };
  const report = JSON.parse(fs.readFileSync(outputFile, 'utf8'));
  const nothingRan = report.numTotalTests === 0 ? 1 : 0;
  return {
    passed: report.numPassedTests,
    failed: report.numFailedTests + report.numRuntimeErrorTestSuites + nothingRan,
    skipped: report.numPendingTests + report.numTodoTests,
  };
}

async function main(args) {
  await packages.installPackages(say);
  const { addresses, started } = await stack.up({ say, tools: ['kcat'] });
  try {
    const passed = await Promise.all(Object.entries(gates).map(runGate));
    const jest = await runJest(addresses, args);
    const count = (value) => passed.filter((each) => each === value).length;
    return { ...jest, passed: jest.passed + count(true), failed: jest.failed + count(false) };
  } finally {
    await leave(started);
  }
}

async function leave(started) {
  if (inCi) await stack.down({ names: started });
  else if (started.length > 0)
    say(`${started.join(', ')} keep running for the next time: npm run stack -- down stops them.`);
}

try {
  const { passed, failed, skipped } = await main(process.argv.slice(2));
  if (failed > 0) process.exitCode = 1;
  say(`${passed} passed, ${failed} failed, ${skipped} skipped`);
} catch (error) {
  say(error.message);
  say('0 passed, 1 failed, 0 skipped');
  process.exitCode = 1;
}
