/**
 * npm start: packages, build, services, then millrace with the demo pipelines in one process.
 * Options are those of `millrace start` (--once, --json, …); the table, or its JSON line, is printed there.
 */
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import path from 'node:path';
import builder from './project/build.cjs';
import packages from './project/packages.cjs';
import stack from './stack/index.cjs';
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
  interruption.signal.throwIfAborted();
  const started = [];
  try {
    const [{ addresses }] = await Promise.all([
      stack.up({ say, onStart: (name) => started.push(name) }),
      builder.buildWhenStale(),
    ]);
    interruption.signal.throwIfAborted();
    return await runMillrace(addresses, args);
  } finally {
    const stopped = await stack.down({ names: started });
    if (stopped.length > 0) say(`Stopped ${stopped.join(', ')}.`);
  }
}

/**
 * millrace gets a process group of its own: Ctrl-C on a terminal reaches every process of a group, npm passes it on
 * once more, and it must get each signal just once.
 */
function runMillrace({ kafka, postgres, redis }, args) {
  const options = ['--brokers', kafka, '--postgres', postgres, ...(redis ? ['--redis', redis] : [])];
  const command = [
    path.join(paths.rootDir, 'bin/millrace'),
    'start',
    ...options,
    '--demo',
    'config/demo',
    ...args,
  ];
  const child = spawn(process.execPath, command, {
    cwd: paths.rootDir,
    detached: true,
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    env: { ...process.env, MILLRACE_EXIT_WITH_PARENT: '1' },
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
