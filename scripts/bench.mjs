/** npm run bench: packages and build, then bench/run.mjs with the same arguments. */
import builder from './project/build.cjs';
import packages from './project/packages.cjs';

await packages.installPackages((line) => process.stderr.write(`${line}\n`));
await builder.buildWhenStale();
await import('../bench/run.mjs');
