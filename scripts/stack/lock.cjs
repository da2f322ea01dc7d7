'use strict';
const fs = require('node:fs');
const path = require('node:path');
const { isRunning, identify } = require('./process.cjs');
const { poll } = require('./wait.cjs');

/** Runs `work` while no other command of this clone does; the lock of a command that died does not count. */
async function withLock(file, work, say = () => {}) {
  fs.mkdirSync(path.dirname(file), { recursive: true });
  if (!tryLock(file)) {
    say('Waiting for another command that holds the stack.');
    if (!(await poll(() => tryLock(file), 900_000, 100)))
      throw new Error(`${file} is held for more than 15 minutes.`);
  }
  try {
    return await work();
  } finally {
    fs.rmSync(file, { force: true });
  }
}

/** Holds a folder, which is made when it is not there, until `release`. When another process has it: `holder`, its pid. */
function holdFolder(dir) {
  fs.mkdirSync(dir, { recursive: true });
  const file = path.join(dir, 'in-use.lock');
  // The second try comes after the lock of a process that died was taken away.
  if (tryLock(file) || tryLock(file))
    return { holder: null, release: () => fs.rmSync(file, { force: true }) };
  return { holder: holderOf(file)?.pid ?? null, release: () => {} };
}

function tryLock(file) {
  const own = `${file}.${process.pid}`;
  fs.writeFileSync(own, JSON.stringify({ pid: process.pid, identity: identify(process.pid) }));
  try {
    // A link is there with its content at once, so nobody can read a lock that is still empty.
    fs.linkSync(own, file);
    return true;
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
    if (!isRunning(holderOf(file))) fs.rmSync(file, { force: true });
    return false;
  } finally {
    fs.rmSync(own, { force: true });
  }
}

function holderOf(file) {
  try {
    return JSON.parse(fs.readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}

module.exports = { withLock, holdFolder };
