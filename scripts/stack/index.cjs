'use strict';
/** Kafka, Postgres and Redis in a folder: those of a clone, shared by its commands and tests, and private instances beside it. */
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { stackDir } = require('./paths.cjs');
const { installMissing, installTools } = require('./install.cjs');
const { withLock } = require('./lock.cjs');
const { existing, external, makers, ports, provide, withoutPassword } = require('./sources.cjs');

const NAMES = ['kafka', 'postgres', 'redis'];

/**
 * The services of the folder `dir`. `env`: what may name external ones by KAFKA_BROKERS, PG_URL, REDIS_URL.
 * `tied`: `'cleanly'` ends what is started with this process. `postgres`: `'npm'` takes the npm package alone.
 */
function createStack({ dir, env = process.env, tied = false, postgres }) {
  const base = { dir, env, tied, postgres };

  /**
   * Brings up what is missing. Answers the addresses (null: not there), where each is from, and the names of what it had to
   * start or, in a tied stack, takes over from a process that died.
   * `onStart` gets each of these names before the start, so that whoever is interrupted knows what to stop.
   * `say` gets a line for each thing that takes time or differs from the defaults; `signal` ends downloads.
   * `system`: names of services for which Debian's packages may be installed; `tools`: more of its packages.
   * `onInstalled` hears when an npm package was installed; `terse`: nothing is said of what is up in the end.
   */
  async function up({ names = NAMES, system = names, tools = [], onStart = () => {}, ...options } = {}) {
    const stack = { ...base, say: () => {}, onInstalled: () => {}, ...options };
    const work = () => upLocked(stack, { names, system, tools, onStart });
    return withLock(path.join(dir, 'lock'), work, stack.say);
  }

  async function upLocked(stack, { names, system, tools, onStart }) {
    const missing = [];
    const adopted = [];
    for (const name of names) {
      const service = existing(name, stack);
      if (!(await service.isUp())) missing.push(name);
      else if (tied && service.isTied()) adopted.push(name);
    }
    const wanted = missing.filter((name) => system.includes(name) && !external(name, stack));
    await installMissing(wanted, stack);
    await installTools(tools, stack);
    for (const name of adopted) onStart(name);
    // All of them settle before the lock is given back, so that no start goes on behind the next command's back.
    const starts = await Promise.allSettled(missing.map((name) => startOne(name, stack, onStart)));
    for (const start of starts) if (start.status === 'rejected') throw start.reason;
    const started = starts.map((start) => start.value).filter((name) => name !== undefined);
    return { addresses: await status(), origins: originsOf(names), started: [...adopted, ...started] };
  }

  const originsOf = (names) => Object.fromEntries(names.map((name) => [name, existing(name, base).origin()]));

  /** {kafka, postgres, redis}: the address of each, null where none answers. */
  async function status() {
    const entries = NAMES.map(async (name) => {
      const service = existing(name, base);
      return [name, (await service.isUp()) ? service.address() : null];
    });
    return Object.fromEntries(await Promise.all(entries));
  }

  /** Stops what runs here and is among `names`; services named by variables are left alone. */
  async function down({ names = NAMES } = {}) {
    const own = names.filter((name) => !external(name, base)).map((name) => existing(name, base));
    const stopped = await Promise.all(own.map(async (service) => (await service.stop()) && service.name));
    return stopped.filter(Boolean);
  }

  /** Stops everything and throws its data away; what was downloaded stays. */
  async function reset() {
    await down();
    for (const name of NAMES.filter((each) => !external(each, base))) await existing(name, base).remove();
  }

  /** `action`: start, stop, kill (SIGKILL) or restart, on the same port and data. */
  async function control(action, name, say = () => {}) {
    const isStart = action === 'start' || action === 'restart';
    const service = isStart ? await provide(name, { ...base, say }) : existing(name, base);
    if (!service) throw new Error(`There is no ${name} on this machine.`);
    await service[action]();
    return service.address();
  }

  return { up, down, reset, status, control };
}

async function startOne(name, stack, onStart) {
  const say = stack.terse ? () => {} : stack.say;
  const service = await provide(name, stack);
  if (!service) {
    say('There is no redis-server here: the worker runs with its in-memory cache alone.');
    return undefined;
  }
  const begin = Date.now();
  onStart(name);
  if (!(await service.start())) return undefined;
  const taken = service.address().includes(`:${ports[name]}`) ? '' : ` (port ${ports[name]} is taken)`;
  say(
    `${name} is up at ${withoutPassword(service.address())}${taken}, ${((Date.now() - begin) / 1000).toFixed(1)} s.`,
  );
  return name;
}

/** A killed broker is taken back only when its old session has run out: 9 s by default, too long for a test that kills it. */
const shortSession = { 'broker.session.timeout.ms': 2_000, 'broker.heartbeat.interval.ms': 500 };

/**
 * An instance of its own in a temporary folder and on a free port; `stop()`, `kill()`, `start()`, `restart()` keep both,
 * `remove()` ends it and deletes the folder. It ends with this process, however that ends.
 */
async function startPrivate(name, options = {}) {
  const make = await makers[name]({ dir: stackDir, env: {}, say: () => {} });
  if (!make) throw new Error(`A private ${name} needs its programs on this machine. See docs/stack.md.`);
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), `millrace-${name}-`));
  fs.chmodSync(dir, 0o755);
  const overrides = { ...shortSession, ...options.overrides };
  const service = make({ ...options, overrides, dir, tied: true });
  await service.start();
  return service;
}

module.exports = { NAMES, createStack, startPrivate, ...createStack({ dir: stackDir }) };
