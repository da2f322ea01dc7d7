/** Compiles src and connectors into dist, with their types checked. */
import builder from './project/build.cjs';
import packages from './project/packages.cjs';

try {
  await packages.installPackages((line) => process.stderr.write(`${line}\n`));
  await builder.build();
} catch (error) {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
