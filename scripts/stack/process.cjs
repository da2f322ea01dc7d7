'use strict';
/** Processes that outlive the command which starts them: spawn, recognise, stop. */
const fs = require('node:fs');
const path = require('node:path');
const { spawn, spawnSync } = require('node:child_process');
const { poll } = require('./wait.cjs');

/** First executable of that name on the PATH or in `extraDirs`; undefined when there is none. */
function which(name, extraDirs = []) {
  const dirs = [...(process.env.PATH ?? '').split(path.delimiter), ...extraDirs];
  return dirs.map((dir) => path.join(dir, name)).find(isExecutable);
}

function isExecutable(file) {
  try {
    fs.accessSync(file, fs.constants.X_OK);
    return fs.statSync(file).isFile();
  } catch {
    return false;
  }
}

/** When the process began, as the system tells it, so that a pid taken over by another program is not mistaken for ours. */
function identify(pid) {
  if (process.platform !== 'linux') {
    const answer = spawnSync('ps', ['-o', 'stat=,lstart=', '-p', String(pid)], { encoding: 'utf8' });
    const [, state, start] = /^(\S+)\s+(.+)$/.exec((answer.stdout ?? '').trim()) ?? [];
    return state && !state.startsWith('Z') ? start : undefined;
  }
  try {
    const stat = fs.readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The name of the program stands in parentheses and may hold blanks.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' ? undefined : fields[19];
  } catch {
    return undefined;
  }
}

/** True while the very process of that pid and identity runs. */
function isRunning(state) {
  return Boolean(state?.pid) && identify(state.pid) !== undefined && identify(state.pid) === state.identity;
}

/**
 * Starts a program in a process group of its own, its output appended to `log`.
 * `tie`: the signal that it gets when this process is gone, even by a SIGKILL (Linux only; elsewhere the owner's stop has to do).
 */
function launch({ command, args, cwd, env, user, log, tie }) {
  const setpriv = tie && process.platform === 'linux' ? which('setpriv') : undefined;
  const out = fs.openSync(log, 'a');
  const tied = ['--pdeathsig', String(tie).replace('SIG', ''), command, ...args];
  const child = spawn(setpriv ?? command, setpriv ? tied : args, {
    cwd,
    env: { ...process.env, ...env },
    detached: true,
    stdio: ['ignore', out, out],
    ...user,
  });
  fs.closeSync(out);
  child.unref();
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('spawn', () => resolve({ pid: child.pid, identity: identify(child.pid) }));
  });
}

function signal(state, name) {
  try {
    process.kill(state.pid, name);
  } catch (error) {
    if (error.code !== 'ESRCH') throw error;
  }
}

/** Asks with `name`, waits, and uses force when `timeoutMs` have passed. */
async function terminate(state, name = 'SIGTERM', timeoutMs = 30_000) {
  if (!isRunning(state)) return;
  signal(state, name);
  if (await poll(() => !isRunning(state), timeoutMs)) return;
  signal(state, 'SIGKILL');
  await poll(() => !isRunning(state), 10_000);
}

/** The last lines of a log, for an error message. */
function tail(file, lines = 15) {
  try {
    return fs.readFileSync(file, 'utf8').trimEnd().split('\n').slice(-lines).join('\n');
  } catch {
    return '';
  }
}

/** Runs a program to its end, or until the signal; its output goes to `log` when given. Throws with the last lines of it. */
function run(command, args, { cwd, env, user, log, signal, what = command } = {}) {
  const out = log ? fs.openSync(log, 'a') : undefined;
  const child = spawn(command, args, {
    cwd,
    env: { ...process.env, ...env },
    stdio: ['ignore', out ?? 'pipe', out ?? 'pipe'],
    signal,
    ...user,
  });
  let output = '';
  child.stdout?.on('data', (chunk) => (output += chunk));
  child.stderr?.on('data', (chunk) => (output += chunk));
  return new Promise((resolve, reject) => {
    const fail = (reason) =>
      reject(new Error(`${what} failed (${reason}).\n${log ? tail(log) : output.trimEnd()}`));
    child.once('error', (error) => fail(error.message));
    child.once('close', (code, signalName) =>
      code === 0 ? resolve(output) : fail(signalName ?? `exit code ${code}`),
    );
  }).finally(() => out !== undefined && fs.closeSync(out));
}

module.exports = { which, identify, isRunning, launch, signal, terminate, tail, run };
