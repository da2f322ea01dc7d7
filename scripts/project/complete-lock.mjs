/**
 * Completes package-lock.json after `npm install`: a registry mirror that lacks a package of another platform makes npm leave it
 * out of the lock, and then `npm ci` refuses the lock everywhere. Run it after each change of the dependencies.
 * The entries it adds have no checksum; npm fetches them only on the platform they are for.
 */
import fs from 'node:fs';
import path from 'node:path';
import paths from '../stack/paths.cjs';

const file = path.join(paths.rootDir, 'package-lock.json');
const lock = JSON.parse(fs.readFileSync(file, 'utf8'));

const systems = ['android', 'darwin', 'freebsd', 'linux', 'openharmony', 'win32'];
const processors = ['arm64', 'arm', 'x64', 'ia32', 'ppc64', 's390x', 'loong64', 'riscv64'];

/** os, cpu and libc as these packages have them in their names: `…-linux-arm-musleabihf`, `…-win32-x64-msvc`. */
function platformOf(name) {
  const words = name.split(/[-/]/);
  const libc = /musl/.test(name) ? ['musl'] : /gnu/.test(name) ? ['glibc'] : undefined;
  const os = systems.filter((system) => words.includes(system));
  const cpu = processors.filter((processor) => words.includes(processor));
  return os.length > 0 && cpu.length > 0 ? { cpu, libc, os } : undefined;
}

/** npm's own order, so that the next npm install moves nothing. */
const order = new Intl.Collator('en').compare;

const added = [];
for (const [place, entry] of Object.entries(lock.packages)) {
  for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
    if (
      place === '' ||
      lock.packages[`node_modules/${name}`] ||
      lock.packages[`${place}/node_modules/${name}`]
    )
      continue;
    const platform = platformOf(name);
    if (!platform)
      throw new Error(`${name} of ${place} is missing in the lock and says no platform in its name.`);
    const { cpu, libc, os } = platform;
    const { dev } = entry;
    added.push(name);
    lock.packages[`node_modules/${name}`] = { version, cpu, dev, libc, optional: true, os };
  }
}

lock.packages = Object.fromEntries(Object.entries(lock.packages).sort(([a], [b]) => order(a, b)));
fs.writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`);
process.stdout.write(`${added.length} packages of other platforms added.\n`);
