'use strict';
/** One service with its data, log and pid in a directory of its own; the same code runs the shared stack and private instances. */
const fs = require('node:fs');
const path = require('node:path');
const { isRunning, launch, signal, terminate, tail } = require('./process.cjs');
const { poll, delay } = require('./wait.cjs');

/** A broker takes 3 s on an idle machine; a busy one with two cores may need many times that. */
const START_TIMEOUT_MS = 120_000;

/**
 * @param spec name, dir;
 *   `tied`: ends with this process, at once; `'cleanly'`: by its own stop signal;
 *   `origin(state)`: where its program is from, `system` unless given;
 *   `prepare(previous)`: makes data and configuration, answers the state to keep ({port, …});
 *   `program(state)`: what to launch; `probe(state)`: does it answer; `address(state)`;
 *   `stopSignal`, `mayRetry(log)`: an early end that passes by itself; `outside(state)`: what it keeps outside `dir`
 */
function createService(spec) {
  const { name, dir, stopSignal = 'SIGTERM' } = spec;
  const tie = spec.tied === 'cleanly' ? stopSignal : spec.tied && 'SIGKILL';
  const stateFile = path.join(dir, 'state.json');
  const log = path.join(dir, `${name}.log`);

  function read() {
    try {
      return JSON.parse(fs.readFileSync(stateFile, 'utf8'));
    } catch {
      return undefined;
    }
  }

  function write(state) {
    fs.writeFileSync(`${stateFile}.new`, `${JSON.stringify(state)}\n`, { mode: 0o600 });
    fs.renameSync(`${stateFile}.new`, stateFile);
  }

  async function isUp() {
    const state = read();
    return isRunning(state) && (await spec.probe(state));
  }

  /** Answers true when it had to start something, false when the service was up. */
  async function start() {
    if (isRunning(read()) && (await untilReady(read()))) return false;
    fs.mkdirSync(dir, { recursive: true });
    const deadline = Date.now() + START_TIMEOUT_MS;
    for (;;) {
      const prepared = await spec.prepare(read());
      const logStart = sizeOf(log);
      const launched = await launch({ ...spec.program(prepared), log, tie });
      const state = { ...prepared, ...launched, tied: Boolean(tie) };
      write(state);
      if (await untilReady(state)) return true;
      const own = fs.readFileSync(log).subarray(logStart).toString();
      if (!spec.mayRetry?.(own) || Date.now() > deadline) throw failure(state);
      await delay(200);
    }
  }

  async function untilReady(state) {
    const done = await poll(async () => !isRunning(state) || (await spec.probe(state)), START_TIMEOUT_MS);
    return done && isRunning(state);
  }

  function failure(state) {
    const reason = isRunning(state) ? `did not answer within ${START_TIMEOUT_MS / 1000} s` : 'ended at once';
    return new Error(`${name} ${reason}. The last lines of ${log}:\n${tail(log)}`);
  }

  async function stop() {
    const state = read();
    if (!isRunning(state)) return false;
    await terminate(state, stopSignal);
    return true;
  }

  async function kill() {
    const state = read();
    if (!isRunning(state)) return;
    signal(state, 'SIGKILL');
    await poll(() => !isRunning(state), 10_000, 5);
  }

  return {
    name,
    dir,
    log,
    origin: () => spec.origin?.(read()) ?? 'system',
    /** Whether the process that started it was to end it. */
    isTied: () => Boolean(read()?.tied),
    isUp,
    start,
    stop,
    kill,
    address: () => {
      const state = read();
      return state && spec.address(state);
    },
    pid: () => read()?.pid,
    restart: async () => {
      await stop();
      await start();
    },
    remove: async () => {
      const state = read();
      await kill();
      for (const path of [dir, ...(spec.outside?.(state) ?? [])])
        fs.rmSync(path, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
    },
  };
}

function sizeOf(file) {
  return fs.existsSync(file) ? fs.statSync(file).size : 0;
}

module.exports = { createService };
