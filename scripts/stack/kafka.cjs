'use strict';
const crypto = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');
const { rootDir } = require('./paths.cjs');
const { choosePort, freePort, HOST } = require('./ports.cjs');
const { run, which } = require('./process.cjs');
const { probeKafka } = require('./probe.cjs');
const { createService } = require('./service.cjs');

const sources = path.join(rootDir, 'scripts/kafka');

/** Fetches the broker's jars by Maven into a folder of `jars`, once per content of the pom. Answers that folder. */
async function fetchJars(jars, say, signal) {
  const pom = path.join(sources, 'pom.xml');
  const hash = crypto.createHash('sha256').update(fs.readFileSync(pom)).digest('hex').slice(0, 12);
  const dir = path.join(jars, hash);
  if (fs.existsSync(dir)) return dir;
  say('Fetching the jars of the Kafka broker with Maven (about 45 MB, once).');
  const fresh = `${dir}.${process.pid}`;
  fs.mkdirSync(fresh, { recursive: true });
  const log = path.join(jars, 'maven.log');
  const args = ['-B', '-f', pom, 'dependency:copy-dependencies', `-DoutputDirectory=${fresh}`];
  await run(which('mvn'), args, { log, signal, what: 'Maven' });
  if (!fs.existsSync(dir)) fs.renameSync(fresh, dir);
  return dir;
}

const java = () =>
  process.env.JAVA_HOME
    ? path.join(process.env.JAVA_HOME, 'bin/java')
    : which('java', ['/opt/homebrew/opt/openjdk/bin']);

function javaArguments(jars, main, heap) {
  return [
    ...['-Xms64m', `-Xmx${heap}`, '-XX:+ExplicitGCInvokesConcurrent', '-Djava.awt.headless=true'],
    `-Dlog4j2.configurationFile=${path.join(sources, 'log4j2.xml')}`,
    ...['-cp', path.join(jars, '*'), main],
  ];
}

/** One node that is broker and controller. The internal topics are small: a test creates them within milliseconds. */
function properties({ dir, port, controllerPort, overrides }) {
  const settings = {
    'process.roles': 'broker,controller',
    'node.id': 1,
    'controller.quorum.voters': `1@${HOST}:${controllerPort}`,
    listeners: `PLAINTEXT://${HOST}:${port},CONTROLLER://${HOST}:${controllerPort}`,
    'advertised.listeners': `PLAINTEXT://${HOST}:${port}`,
    'controller.listener.names': 'CONTROLLER',
    'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
    'log.dirs': path.join(dir, 'data'),
    'auto.create.topics.enable': true,
    // Demos and tests write records with the times of their data, which retention counts from.
    'log.retention.ms': -1,
    'num.partitions': 1,
    'offsets.topic.num.partitions': 5,
    'offsets.topic.replication.factor': 1,
    'transaction.state.log.num.partitions': 5,
    'transaction.state.log.replication.factor': 1,
    'transaction.state.log.min.isr': 1,
    'share.coordinator.state.topic.num.partitions': 5,
    'share.coordinator.state.topic.replication.factor': 1,
    'share.coordinator.state.topic.min.isr': 1,
    'group.initial.rebalance.delay.ms': 0,
    'log.cleaner.dedupe.buffer.size': 16_777_216,
    // Tests wait for compaction; 15 s otherwise.
    'log.cleaner.backoff.ms': 1000,
    'num.network.threads': 2,
    'num.io.threads': 4,
    ...overrides,
  };
  const fill = (value) =>
    String(value).replaceAll('{port}', port).replaceAll('{controllerPort}', controllerPort);
  return `${Object.entries(settings)
    .map(([key, value]) => `${key}=${fill(value)}`)
    .join('\n')}\n`;
}

/** Like Kafka's own ids, none begins with a dash: its tools would take it for an option. */
function clusterId() {
  const id = crypto.randomBytes(16).toString('base64url');
  return id.startsWith('-') ? clusterId() : id;
}

/**
 * A broker in KRaft mode from `jars`. `overrides`: broker settings on top of ours.
 */
function createKafka({ dir, port, jars, tied = false, overrides = {}, heap = '384m' }) {
  const config = path.join(dir, 'server.properties');
  const data = path.join(dir, 'data');

  async function format() {
    const id = clusterId();
    const args = [
      ...javaArguments(jars, 'kafka.tools.StorageTool', '128m'),
      'format',
      '-t',
      id,
      '-c',
      config,
    ];
    args.unshift('-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC');
    await run(java(), args, { log: path.join(dir, 'format.log'), what: 'Formatting the storage of Kafka' });
  }

  return createService({
    name: 'kafka',
    dir,
    tied,
    origin: () => 'java',
    prepare: async (previous) => {
      const state = {
        port: await choosePort(previous?.port, port),
        controllerPort: previous?.controllerPort ?? (await freePort()),
      };
      fs.writeFileSync(config, properties({ dir, overrides, ...state }));
      if (!fs.existsSync(path.join(data, 'meta.properties'))) await format();
      return state;
    },
    program: () => ({
      command: java(),
      args: [...javaArguments(jars, 'kafka.Kafka', heap), config],
      cwd: dir,
    }),
    probe: (state) => probeKafka({ host: HOST, port: state.port }),
    address: (state) => `${HOST}:${state.port}`,
  });
}

module.exports = { createKafka, fetchJars, java };
