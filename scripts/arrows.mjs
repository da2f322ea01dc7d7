/**
 * Checks the import arrows of .dependency-cruiser.cjs over src and connectors. A cruise that sees no modules finds no
 * violations either, so the count of modules is compared with the files on disk.
 */
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import paths from './stack/paths.cjs';

const rooms = ['src', 'connectors'].filter((dir) => fs.existsSync(path.join(paths.rootDir, dir)));

const sources = rooms.flatMap((dir) =>
  fs
    .readdirSync(path.join(paths.rootDir, dir), { recursive: true })
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.d.ts'))
    .map((file) => path.posix.join(dir, file)),
);

const { stdout, stderr } = spawnSync(
  process.execPath,
  [
    'node_modules/dependency-cruiser/bin/dependency-cruise.mjs',
    '--config',
    '--output-type',
    'json',
    ...rooms,
  ],
  { cwd: paths.rootDir, encoding: 'utf8', maxBuffer: 512 * 1024 * 1024 },
);

try {
  report(JSON.parse(stdout));
} catch (error) {
  process.stderr.write(`${stderr || error.message}\n`);
  process.exitCode = 1;
}

function report({ modules, summary }) {
  const seen = new Set(modules.map((module) => module.source));
  const unseen = sources.filter((file) => !seen.has(file));
  const arrows = modules.reduce((sum, module) => sum + module.dependencies.length, 0);
  for (const file of unseen) process.stderr.write(`${file}: not seen by dependency-cruiser\n`);
  for (const { from, to, rule } of summary.violations)
    process.stderr.write(`${from} → ${to}: ${rule.name}\n`);
  process.stdout.write(
    `${sources.length} modules, ${arrows} imports, ${summary.violations.length} against the arrows\n`,
  );
  const isPlausible = sources.length > 0 && unseen.length === 0 && arrows >= sources.length / 2;
  if (!isPlausible) process.stderr.write('The cruise did not see what is there: its result means nothing.\n');
  process.exitCode = summary.violations.length > 0 || !isPlausible ? 1 : 0;
}
