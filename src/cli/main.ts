/** The `millrace` program. Commands are loaded when they are asked for: a worker must not pay for what it does not run. */
import { Command, CommanderError, Option } from 'commander';
import { version } from '../../package.json';
import { describe, EXIT, exitCodeOf, printErr } from './exit';
import type { LintOptions } from './lint';
import type { LogOptions } from './logging';
import type { RunOptions } from './run';
import type { StartOptions } from './start';

function logOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--log-format <format>', 'lines for people, or JSON for machines').choices(['text', 'json']),
    )
    .addOption(
      new Option('--log-level <level>', 'least level that is logged').choices([
        'debug',
        'info',
        'warn',
        'error',
        'silent',
      ]),
    );
}

function program(): Command {
  const millrace = new Command('millrace')
    .description(
      'Data pipelines on Apache Kafka: a Kafka Connect-compatible worker and a Schema Registry without a JVM',
    )
    .version(version)
    .showHelpAfterError('(millrace --help shows the commands)')
    .exitOverride();
  addStart(millrace);
  addRun(millrace);
  addStandalone(millrace);
  addLint(millrace);
  addRegistry(millrace);
  return millrace;
}

function addStart(millrace: Command): void {
  logOptions(millrace.command('start'))
    .description('registry and worker in one process, with the pipelines of a directory')
    .requiredOption('--brokers <host:port,…>', 'Kafka')
    .option('--postgres <url>', 'Postgres of the demo; pipelines read it as ${env:PG_URL}')
    .option('--redis <url>', 'Redis that schemas are cached in')
    .option('--demo <directory>', 'directory of pipeline files to run, with the data of the demo')
    .option('--data <directory>', 'where the demo keeps its files (default: .stack/demo)')
    .option('--once', 'end when all data has arrived')
    .option('--json', 'print the result as one JSON line; everything else goes to standard error')
    .option('--wait <duration>', 'with --once: how long a service may be away', '60s')
    .addHelpText(
      'after',
      '\nExample:\n  millrace start --brokers localhost:9092 --postgres postgres://localhost/demo --demo config/demo --once',
    )
    .action((options: StartOptions) => (require('./start') as typeof import('./start')).start(options));
}

function addRun(millrace: Command): void {
  logOptions(millrace.command('run'))
    .description('run pipeline files')
    .argument('<pipeline...>', 'YAML or JSON files with sources and sinks')
    .option('--once', 'end when sources are exhausted and sinks have written everything')
    .option('--worker <file>', 'worker configuration below the worker sections of the pipelines')
    .option('--brokers <host:port,…>', 'Kafka, instead of bootstrap.servers')
    .option('--wait <duration>', 'with --once: how long a service may be away', '60s')
    .addHelpText(
      'after',
      '\nExample:\n  millrace run config/pipelines/lines-to-topic.yaml --brokers localhost:9092 --once',
    )
    .action((files: string[], options: RunOptions) =>
      (require('./run') as typeof import('./run')).run(files, options),
    );
}

function addStandalone(millrace: Command): void {
  logOptions(millrace.command('standalone'))
    .description("a worker from Kafka Connect's own files")
    .argument('<worker>', 'worker configuration (.properties, JSON or YAML)')
    .argument('[connectors...]', 'connector configurations (.properties, JSON or YAML)')
    .addHelpText(
      'after',
      '\nExample:\n  millrace standalone config/worker.properties config/connectors/file-source.properties',
    )
    .action((worker: string, connectors: string[], options: LogOptions) =>
      (require('./standalone') as typeof import('./standalone')).standalone(worker, connectors, options),
    );
}

function addLint(millrace: Command): void {
  millrace
    .command('lint')
    .description('tell every mistake in configuration files; exit 78 when there is one')
    .argument('[file...]', 'pipeline, connector, worker or registry files')
    .option('--json', 'print one JSON line')
    .option('--strict', 'warnings count as mistakes')
    .option('--schema', 'print the JSON Schema of pipeline files for editors, and nothing else')
    .addHelpText('after', '\nExample:\n  millrace lint config/demo/*.yaml')
    .action((files: string[], options: LintOptions) =>
      (require('./lint') as typeof import('./lint')).lint(files, options),
    );
}

function addRegistry(millrace: Command): void {
  logOptions(millrace.command('registry'))
    .description('the Schema Registry alone')
    .argument('<file>', "configuration with the keys of Confluent's schema-registry.properties")
    .addHelpText('after', '\nExample:\n  millrace registry config/registry.properties')
    .action((file: string, options: LogOptions) =>
      (require('./registry') as typeof import('./registry')).registry(file, options),
    );
}

/** What a usage error says has been printed by then. */
function codeOf(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.OK : EXIT.USAGE;
  const text = describe(error);
  if (text !== '') printErr(text);
  return exitCodeOf(error);
}

/** Output to a pipe may still be on its way when the last promise settles. */
function exit(code: number): void {
  process.exitCode = code;
  process.stdout.write('', () => process.stderr.write('', () => process.exit(code)));
}

program()
  .parseAsync()
  .then(
    () => exit(EXIT.OK),
    (error: unknown) => exit(codeOf(error)),
  );
