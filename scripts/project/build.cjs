'use strict';
/** Compiles src and connectors into dist. The stamp in dist says which sources it was made of. */
const crypto = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');
const { rootDir, stackDir } = require('../stack/paths.cjs');

const dist = path.join(rootDir, 'dist');
const stamp = path.join(dist, '.sources');
const compiler = path.join(rootDir, 'node_modules/@typescript/native/bin/tsc');

/** One hash over path, size and time of change of every source: a few milliseconds, for this runs at each start. */
function fingerprint() {
  const hash = crypto.createHash('sha1');
  for (const room of ['src', 'connectors']) addFolder(hash, path.join(rootDir, room));
  for (const file of ['tsconfig.json', 'tsconfig.build.json']) addFile(hash, path.join(rootDir, file));
  return hash.digest('hex');
}

function addFolder(hash, dir) {
  if (!fs.existsSync(dir)) return;
  for (const entry of fs.readdirSync(dir, { withFileTypes: true })) {
    if (entry.isDirectory()) addFolder(hash, path.join(dir, entry.name));
    else addFile(hash, path.join(dir, entry.name));
  }
}

function addFile(hash, file) {
  const { mtimeMs, size } = fs.statSync(file);
  hash.update(`${file}\0${mtimeMs}\0${size}\n`);
}

const canBuild = () => fs.existsSync(path.join(rootDir, 'src')) && fs.existsSync(compiler);

function isCurrent() {
  return fs.existsSync(stamp) && fs.readFileSync(stamp, 'utf8') === fingerprint();
}

/**
 * Builds beside dist and swaps, so that a millrace which runs from dist never sees half of it.
 * `checked: false` leaves the types unchecked: whoever runs a checkout wants it to run, `npm run types` tells the rest.
 */
async function build({ checked = true } = {}) {
  const { run } = require('../stack/process.cjs');
  const sources = fingerprint();
  const fresh = `${dist}.${process.pid}`;
  const args = [compiler, '-p', path.join(rootDir, 'tsconfig.build.json'), '--outDir', fresh];
  try {
    await run(process.execPath, checked ? args : [...args, '--noCheck'], { what: 'The build (tsc)' });
    copyAssets(fresh);
    fs.writeFileSync(path.join(fresh, '.sources'), sources);
    if (fs.existsSync(dist)) fs.renameSync(dist, `${fresh}.old`);
    fs.renameSync(fresh, dist);
  } finally {
    for (const dir of [fresh, `${fresh}.old`]) fs.rmSync(dir, { recursive: true, force: true });
  }
}

/** What is no TypeScript but read at run time: pages of the console, .proto and .json files. */
function copyAssets(target) {
  for (const room of ['src', 'connectors']) {
    const from = path.join(rootDir, room);
    if (!fs.existsSync(from)) continue;
    fs.cpSync(from, path.join(target, room), {
      recursive: true,
      filter: (file) => fs.statSync(file).isDirectory() || !/\.(ts|md)$/.test(file),
    });
  }
}

/** For a checkout: builds when the sources are not those of dist, one process at a time. */
async function buildWhenStale() {
  if (!canBuild() || isCurrent()) return;
  const { withLock } = require('../stack/lock.cjs');
  await withLock(path.join(stackDir, 'build.lock'), async () => {
    if (!isCurrent()) await build({ checked: false });
  });
}

module.exports = { build, buildWhenStale, canBuild, isCurrent };
