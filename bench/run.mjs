/**
 * npm run bench: every path, one worker process each, side by side with any other worker that takes the same files.
 *   npm run bench -- [--rows 1000000] [--runs 3] [--only id,id] [--worker name[@id,id]=command]… [--no-report]
 * A worker is a command that takes WORKER.properties CONNECTOR.json. Workers take turns inside each round.
 */

import { mkdirSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { createFixtures } from './fixtures.mjs';
import { runWorker } from './measure.mjs';
import { PIPELINES } from './pipelines.mjs';
import { writeReport } from './report.mjs';

const require = createRequire(import.meta.url);
const root = path.resolve(import.meta.dirname, '..');
const workDir = path.join(root, '.stack/bench');

function parseArguments(argv) {
  const options = { rows: 1_000_000, runs: 3, only: null, report: true, workers: [] };
  for (let i = 0; i < argv.length; i++) {
    if (argv[i] === '--rows') options.rows = Number(argv[++i]);
    else if (argv[i] === '--runs') options.runs = Number(argv[++i]);
    else if (argv[i] === '--only') options.only = argv[++i].split(',');
    else if (argv[i] === '--no-report') options.report = false;
    else if (argv[i] === '--worker') options.workers.push(parseWorker(argv[++i]));
    else throw new Error(`unknown argument ${argv[i]}`);
  }
  const own = {
    name: 'millrace',
    command: [process.execPath, path.join(root, 'bin/millrace'), 'standalone'],
  };
  options.workers.unshift(own);
  return options;
}

/** `name=command`, or `name@path,path=command` for a worker that knows only some of the paths. */
function parseWorker(text) {
  const at = text.indexOf('=');
  const [name, paths] = text.slice(0, at).split('@');
  return { name, paths: paths?.split(',') ?? null, command: text.slice(at + 1).split(' ') };
}

const properties = (entries) =>
  Object.entries(entries)
    .map(([key, value]) => `${key}=${String(value).replaceAll('\\', '\\\\')}\n`)
    .join('');

/** One worker on one path: prepares the target, runs, counts. */
async function measure(pipeline, worker, fixtures, options, port) {
  const run = `${pipeline.id}-${worker.name}-${Date.now().toString(36)}`;
  const context = await fixtures.prepare(pipeline, run, options.rows);
  const dir = path.join(workDir, run);
  mkdirSync(dir, { recursive: true });
  const workerFile = path.join(dir, 'worker.properties');
  const connectorFile = path.join(dir, 'connector.json');
  const common = {
    'bootstrap.servers': fixtures.brokers,
    listeners: `http://127.0.0.1:${port}`,
    'offset.storage.file.filename': path.join(dir, 'offsets'),
    'offset.flush.interval.ms': '10000',
  };
  writeFileSync(workerFile, properties({ ...common, ...pipeline.worker(context) }));
  writeFileSync(
    connectorFile,
    JSON.stringify({ name: run, 'tasks.max': '1', ...pipeline.connector(context) }),
  );
  const log = openSync(path.join(dir, 'worker.log'), 'w');
  try {
    const result = await runWorker({
      command: worker.command,
      args: [workerFile, connectorFile],
      env: {},
      wanted: options.rows,
      arrived: context.arrived,
      log,
    });
    if (result.seen !== options.rows)
      throw new Error(`${result.seen} records arrived, ${options.rows} were sent`);
    await context.verify?.();
    return result;
  } catch (error) {
    throw new Error(
      `${pipeline.name}, ${worker.name}: ${error.message}; see ${path.join(dir, 'worker.log')}`,
    );
  } finally {
    await context.clean();
  }
}

const knows = (worker, pipeline) =>
  worker.name === 'millrace' || (!pipeline.ownOnly && (worker.paths?.includes(pipeline.id) ?? true));

async function main() {
  const options = parseArguments(process.argv.slice(2));
  rmSync(workDir, { recursive: true, force: true, maxRetries: 3 });
  mkdirSync(workDir, { recursive: true });
  const { stack, ports } = {
    stack: require('../scripts/stack/index.cjs'),
    ports: require('../scripts/stack/ports.cjs'),
  };
  const { addresses } = await stack.up({ say: (text) => console.error(text) });
  const fixtures = await createFixtures({ addresses, root, workDir, ports });
  const results = [];
  try {
    for (let round = 1; round <= options.runs; round++) {
      for (const pipeline of PIPELINES) {
        if (options.only !== null && !options.only.includes(pipeline.id)) continue;
        for (const worker of options.workers) {
          if (!knows(worker, pipeline)) continue;
          const result = await measure(pipeline, worker, fixtures, options, await ports.freePort());
          results.push({ pipeline: pipeline.id, worker: worker.name, ...result });
          console.error(
            `${round}/${options.runs} ${pipeline.name}, ${worker.name}: ${Math.round(options.rows / result.flowSeconds)} records/s, ` +
              `${((result.cpuSeconds * 1e6) / options.rows).toFixed(2)} CPU s per million, ${Math.round(result.peakBytes / 2 ** 20)} MiB, ` +
              `first record after ${result.firstSeconds.toFixed(2)} s`,
          );
        }
      }
    }
  } finally {
    await fixtures.close();
  }
  if (options.report) writeReport(path.join(root, 'docs/benchmarks.md'), results, options, describeMachine());
}

const describeMachine = () => ({
  cpus: os.availableParallelism(),
  node: process.version,
  date: new Date().toISOString().slice(0, 10),
});

main().catch((error) => {
  console.error(error.message);
  process.exitCode = 1;
});
