/**
 * npm start: packages and build, then `millrace start` with its state in the checkout. Options are those of `millrace start`
 * (--once, --json, --kafka real, …); the services, the demo and the result are its work.
 */
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import path from 'node:path';
import builder from './project/build.cjs';
import packages from './project/packages.cjs';
import paths from './stack/paths.cjs';

const say = (line) => process.stderr.write(`${line}\n`);
const interruption = new AbortController();

/** A second signal does not wait for the clean end. */
function onSignal(name) {
  if (interruption.signal.aborted) process.exit(128 + constants.signals[name]);
  interruption.abort(name);
}
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(name, () => onSignal(name));

async function main(args) {
  await packages.installPackages(say);
  const installedAt = Date.now();
  interruption.signal.throwIfAborted();
  await builder.buildWhenStale();
  interruption.signal.throwIfAborted();
  return runMillrace(args, installedAt);
}

/**
 * millrace gets a process group of its own: Ctrl-C on a terminal reaches every process of a group, npm passes it on
 * once more, and it must get each signal just once.
 */
function runMillrace(args, installedAt) {
  const program = path.join(paths.rootDir, 'bin/millrace');
  const child = spawn(process.execPath, [program, 'start', ...args], {
    cwd: paths.rootDir,
    detached: true,
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    env: {
      MILLRACE_DATA: paths.stackDir,
      ...process.env,
      MILLRACE_EXIT_WITH_PARENT: '1',
      MILLRACE_INSTALLED_AT: String(installedAt),
    },
  });
  const pass = () => child.kill(interruption.signal.reason);
  if (interruption.signal.aborted) pass();
  interruption.signal.addEventListener('abort', pass, { once: true });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => resolve(code ?? 128 + constants.signals[signal]));
  });
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  const { aborted, reason } = interruption.signal;
  if (!aborted) say(error.message);
  process.exitCode = aborted ? 128 + constants.signals[reason] : 1;
}
