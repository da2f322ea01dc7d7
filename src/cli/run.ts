/** `millrace run pipeline.yaml…`: pipelines of one file each, with sensible defaults for the worker around them. */
import { createPrometheus } from '../http/prometheus';
import { ConfigError, parseDurationMs } from '../kernel';
import {
  type ConnectorSpec,
  type FlatFile,
  loadWorkerConfig,
  type PipelineFile,
  readDocument,
  readFlatFile,
  readPipeline,
  type StandaloneWorker,
  type WorkerConfig,
} from '../worker';
import { EXIT, Exit, printOut, throwIssues } from './exit';
import { type LogOptions, openLogger } from './logging';
import { untilEnded } from './once';
import { watchSignals } from './signals';
import { grouped, rate, textTable } from './text-table';
import { startWorker } from './worker-process';

export interface RunOptions extends LogOptions {
  readonly once?: boolean;
  /** Worker file below the `worker:` sections of the pipelines. */
  readonly worker?: string;
  readonly brokers?: string;
  /** How long a service may be away under `once`. */
  readonly wait: string;
}

/** Connect requires these; a pipeline file need not say them. */
export const PIPELINE_DEFAULTS = {
  'key.converter': 'org.apache.kafka.connect.json.JsonConverter',
  'value.converter': 'org.apache.kafka.connect.json.JsonConverter',
} as const;
const OFFSET_TOPIC = 'connect-offsets';

export async function run(files: readonly string[], options: RunOptions): Promise<void> {
  const interruption = watchSignals();
  const patienceMs = durationOf(options.wait);
  const pipelines = await readPipelines(files);
  const worker = await workerFor(pipelines, {
    base: options.worker === undefined ? null : readFlatFile(await readDocument(options.worker)),
    arguments: options.brokers === undefined ? {} : { 'bootstrap.servers': options.brokers },
  });
  const logger = openLogger(options, worker);
  const { once = false } = options;
  const specs = pipelines.flatMap(({ connectors }) => connectors);
  const running = await startWorker({ worker, specs, logger, prometheus: createPrometheus(), once });
  logger.info({}, `Pipelines ${pipelines.map(({ name }) => name).join(', ')} run; REST at ${running.url}`);
  try {
    if (once) await untilEnded(running.worker, patienceMs, interruption.aborted);
    else await interruption.signalled;
  } finally {
    await running.stop();
    logger.flush();
  }
  if (once) printOut(summary(running.worker, specs));
  if (once && interruption.aborted.aborted) throw new Exit(EXIT.FAILED);
}

export function durationOf(text: string): number {
  const milliseconds = parseDurationMs(text);
  if (milliseconds === null)
    throw new ConfigError(`--wait ${text} is no duration`, { hint: 'Write it as 30s or 5m.' });
  return milliseconds;
}

/** Throws FileIssuesError with everything that is wrong in any of them. */
export async function readPipelines(files: readonly string[]): Promise<PipelineFile[]> {
  const pipelines = (await Promise.all(files.map(readDocument))).map(readPipeline);
  throwIssues(pipelines.flatMap(({ issues }) => issues));
  for (const { file, connectors } of pipelines) {
    if (connectors.length === 0) {
      throw new ConfigError(`${file} has neither sources nor sinks`, {
        hint: 'millrace standalone runs Connect files.',
      });
    }
  }
  return pipelines;
}

interface WorkerLayers {
  readonly base: FlatFile | null;
  readonly arguments: Readonly<Record<string, string>>;
  readonly defaults?: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/** One worker for all pipelines; the same key with two values in two files is refused. */
export async function workerFor(
  pipelines: readonly PipelineFile[],
  layers: WorkerLayers,
): Promise<WorkerConfig> {
  const { base } = layers;
  const values: Record<string, string> = { ...base?.values };
  const origins = new Map<string, PipelineFile>();
  for (const pipeline of pipelines) {
    for (const [key, value] of Object.entries(pipeline.worker)) {
      const before = origins.get(key);
      if (before !== undefined && values[key] !== value) {
        throw new ConfigError(`${key} differs between ${before.file} and ${pipeline.file}`, {
          hint: 'Pipelines that run together share one worker: give the key once, or run them apart.',
        });
      }
      values[key] = value;
      origins.set(key, pipeline);
    }
  }
  const first = origins.values().next().value ?? null;
  const lineOf = (key: string): number | null =>
    origins.get(key)?.workerLineOf(key) ?? base?.lineOf(key) ?? null;
  const storage: Record<string, string> =
    values['offset.storage.file.filename'] === undefined ? { 'offset.storage.topic': OFFSET_TOPIC } : {};
  return loadWorkerConfig({
    file: { name: first?.file ?? base?.name ?? 'worker', values, lineOf },
    arguments: layers.arguments,
    defaults: { ...PIPELINE_DEFAULTS, ...storage, ...layers.defaults },
    env: layers.env,
  });
}

function summary(worker: StandaloneWorker, specs: readonly ConnectorSpec[]): string {
  const rows = specs.map(({ name }) => {
    const { records, skipped, firstRecordAt, lastRecordAt } = worker.progress(name);
    const seconds = ((lastRecordAt ?? 0) - (firstRecordAt ?? 0)) / 1000;
    return [name, grouped(records), grouped(skipped), seconds.toFixed(1), rate(records, seconds)];
  });
  const right = 'right' as const;
  const columns = [
    { title: 'connector' },
    { title: 'records', align: right },
    { title: 'skipped', align: right },
    { title: 'seconds', align: right },
    { title: 'records/s', align: right },
  ];
  return textTable(columns, rows);
}
