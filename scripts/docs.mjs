/** npm run docs: writes docs/reference, the schema of pipeline files and the list of the dev broker's scenarios from the code. */
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import builder from './project/build.cjs';
import conformance from './project/conformance.cjs';
import packages from './project/packages.cjs';
import paths from './stack/paths.cjs';

await packages.installPackages((line) => process.stderr.write(`${line}\n`));
await builder.buildWhenStale();
const require = createRequire(import.meta.url);
const { renderReference } = require('../dist/src/cli/reference.js');
const { renderPipelineSchema } = require('../dist/src/cli/lint.js');
const dir = path.join(paths.rootDir, 'docs/reference');
fs.rmSync(dir, { recursive: true, force: true });
fs.mkdirSync(dir, { recursive: true });
for (const [name, text] of await renderReference()) fs.writeFileSync(path.join(dir, name), text);
fs.writeFileSync(path.join(paths.rootDir, 'config/pipeline.schema.json'), await renderPipelineSchema());
conformance.writeList();
