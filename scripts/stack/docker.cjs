'use strict';
/** The services of compose.yaml, each usable alone: the way out on a machine with Docker and without the programs. */
const crypto = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');
const { spawnSync } = require('node:child_process');
const { rootDir } = require('./paths.cjs');
const { choosePort, HOST } = require('./ports.cjs');
const { run } = require('./process.cjs');
const { poll } = require('./wait.cjs');

/** Two clones have two projects, even when their folders have one name. */
const projectOf = (dir) => `millrace-${crypto.createHash('sha256').update(dir).digest('hex').slice(0, 8)}`;

const hasDocker = () => spawnSync('docker', ['info'], { stdio: 'ignore', timeout: 20_000 }).status === 0;

/** `portVariable`: the variable of compose.yaml that says where the service is published. */
function createContainer({ name, dir, port, portVariable, probe, address }) {
  const stateFile = path.join(dir, 'container.json');
  const read = () => (fs.existsSync(stateFile) ? JSON.parse(fs.readFileSync(stateFile, 'utf8')) : undefined);
  const compose = (state, ...args) =>
    run('docker', ['compose', '-p', projectOf(dir), '-f', path.join(rootDir, 'compose.yaml'), ...args], {
      env: { [portVariable]: String(state.port) },
      what: `docker compose ${args[0]} ${name}`,
    });

  async function isUp() {
    const state = read();
    return Boolean(state) && probe({ host: HOST, port: state.port });
  }

  async function start() {
    if (await isUp()) return false;
    fs.mkdirSync(dir, { recursive: true });
    const state = { port: await choosePort(read()?.port, port) };
    fs.writeFileSync(stateFile, JSON.stringify(state));
    await compose(state, 'up', '-d', '--no-deps', name);
    if (!(await poll(isUp, 120_000))) {
      throw new Error(
        `${name} did not answer within 120 s.\n${await compose(state, 'logs', '--tail', '15', name)}`,
      );
    }
    return true;
  }

  const command = async (...args) => {
    const state = read();
    if (!state) return false;
    await compose(state, ...args);
    return true;
  };
  return {
    name,
    dir,
    origin: () => 'docker',
    isTied: () => false,
    isUp,
    start,
    exists: () => Boolean(read()),
    stop: () => command('stop', name),
    kill: () => command('kill', name),
    restart: () => command('restart', name),
    remove: async () => {
      await command('rm', '--stop', '--force', '--volumes', name);
      fs.rmSync(dir, { recursive: true, force: true });
    },
    address: () => {
      const state = read();
      return state && address(state);
    },
  };
}

module.exports = { createContainer, hasDocker };
