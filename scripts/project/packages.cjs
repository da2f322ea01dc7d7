'use strict';
/** The npm packages of this clone: installed from package-lock.json when they are missing or not those that it names. */
const crypto = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');
const { rootDir, stackDir } = require('../stack/paths.cjs');
const { withLock } = require('../stack/lock.cjs');
const { run } = require('../stack/process.cjs');

const OLDEST_NODE = [20, 19];

const lockFile = path.join(rootDir, 'package-lock.json');
const installed = path.join(rootDir, 'node_modules/.package-lock.json');
const stamp = path.join(rootDir, 'node_modules/.millrace-installed');

function checkNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor >= OLDEST_NODE[1])) return;
  throw new Error(`millrace needs Node ${OLDEST_NODE.join('.')} or newer; this is ${process.versions.node}.`);
}

/** Native packages differ by system, so an installation of another one does not count. */
function fingerprint() {
  const lock = crypto.createHash('sha256').update(fs.readFileSync(lockFile)).digest('hex');
  return `${lock} ${process.platform}-${process.arch}`;
}

function isInstalled() {
  if (!fs.existsSync(installed)) return false;
  if (fs.existsSync(stamp)) return fs.readFileSync(stamp, 'utf8') === fingerprint();
  // Installed by hand with npm, which leaves no stamp of ours.
  return fs.statSync(installed).mtimeMs >= fs.statSync(lockFile).mtimeMs;
}

/** Runs no install scripts: the native packages that we use bring their binaries as packages of their own. */
async function installPackages(say) {
  checkNode();
  if (isInstalled()) return;
  await withLock(path.join(stackDir, 'install.lock'), () => install(say), say);
}

async function install(say) {
  if (isInstalled()) return;
  say('Installing the npm packages (npm ci).');
  const log = path.join(stackDir, 'npm.log');
  const args = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--include=dev'];
  const npm = process.env.npm_execpath
    ? [process.execPath, [process.env.npm_execpath, ...args]]
    : ['npm', args];
  await run(...npm, { cwd: rootDir, log, what: 'npm ci' });
  fs.writeFileSync(stamp, fingerprint());
}

module.exports = { installPackages };
