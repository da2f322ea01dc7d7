/** What a source would give next: a task of its own from the stored offsets, polled and disposed of, nothing committed. */
import { ConfigError, causeChain, NO_METRICS, SILENT, type SourceRecord } from '../../kernel';
import type { SourceConnector, SourceTask, SourceTaskContext, TaskConfig } from '../../plugin';
import { consumerSettings } from '../client-settings';
import { frameworkDef } from '../connector-config';
import { offsetsOf } from '../source-offsets';
import { offsetParts } from '../task-runner';
import { type Deadline, LATE, startDeadline } from './deadline';
import type { PreviewRecord, PreviewRequest } from './preview';
import {
  applyTransforms,
  attempt,
  dataStep,
  type PreviewStep,
  StepFailure,
  showWire,
  type Walk,
  wireStep,
} from './preview-steps';
import { showValue } from './render';
import type { Subject } from './subject';

const DISPOSE_MS = 5000;
/** Without a record for so long, a task has none. */
const IDLE_MS = 3000;

export interface SourcePreview {
  readonly records: PreviewRecord[];
  readonly remarks: string[];
}

/** @param stored configurations of its tasks, references resolved; null: the connector is asked for them */
export async function previewSource(
  subject: Subject & { readonly plugin: SourceConnector },
  stored: readonly TaskConfig[] | null,
  { count }: PreviewRequest,
  walk: Walk,
): Promise<SourcePreview> {
  const { plugin, config, scrub } = subject;
  const remarks: string[] = [];
  refuseWhereItLeavesTraces(plugin, config);
  const look = new Look(
    subject,
    walk.deadline,
    (remark) => remarks.length < 20 && remarks.push(scrub(remark)),
  );
  const found: SourceRecord[] = [];
  try {
    const tasks = stored ?? (await look.plan());
    for (const [task, taskConfig] of tasks.entries()) {
      if (found.length >= count || walk.deadline.signal.aborted) break;
      found.push(...(await look.poll(task, taskConfig, count - found.length)));
    }
  } finally {
    await look.close();
  }
  const records: PreviewRecord[] = [];
  for (const record of found) records.push(await follow(record, plugin, walk));
  return { records, remarks };
}

function refuseWhereItLeavesTraces(plugin: SourceConnector, config: TaskConfig): void {
  const may = plugin.preview?.(plugin.config.parse(config)) ?? plugin.capabilities?.preview ?? true;
  if (may) return;
  throw new ConfigError(`${plugin.name} cannot show records without leaving a trace in its source`, {
    hint: 'Let it run into a topic of its own, and look at that.',
  });
}

/** Opens tasks one after the other, each with an end to all that it does. */
class Look {
  readonly #subject: Subject & { readonly plugin: SourceConnector };
  readonly #deadline: Deadline;
  readonly #remark: (text: string) => void;
  readonly #offsets: ReturnType<typeof offsetsOf>;

  constructor(
    subject: Subject & { readonly plugin: SourceConnector },
    deadline: Deadline,
    remark: (text: string) => void,
  ) {
    const { config, environment, plugin } = subject;
    this.#subject = subject;
    this.#deadline = deadline;
    this.#remark = remark;
    const framework = frameworkDef(plugin.kind).parse(config);
    const { connection } = consumerSettings(environment.worker, config);
    this.#offsets = offsetsOf(environment.clients.port(connection), offsetParts({ framework }, environment));
  }

  async close(): Promise<void> {
    await this.#offsets.close();
  }

  get #reader(): SourceTaskContext['offsets'] {
    const { name } = this.#subject;
    return {
      offset: async (partition) => (await this.#offsets.get(name, [partition]))[0] ?? null,
      offsets: (partitions) => this.#offsets.get(name, partitions),
    };
  }

  async plan(): Promise<readonly TaskConfig[]> {
    const { plugin, config, name } = this.#subject;
    if (plugin.plan === undefined) return [config];
    // Ends what the plug-in watches for as long as it runs.
    const watching = new AbortController();
    const planned = plugin.plan(
      {
        connector: name,
        logger: SILENT,
        offsets: this.#reader,
        signal: watching.signal,
        requestReplan: () => {},
      },
      plugin.config.parse(config),
      frameworkDef(plugin.kind).parse(config).number('tasks.max'),
    );
    try {
      const tasks = await this.#deadline.within(planned);
      if (tasks !== LATE) return tasks;
      this.#remark('The connector did not say in time which tasks it has.');
      return [];
    } finally {
      watching.abort();
    }
  }

  async poll(task: number, config: TaskConfig, count: number): Promise<SourceRecord[]> {
    const { plugin } = this.#subject;
    const own = startDeadline(this.#deadline.leftMs, this.#deadline.signal);
    const opening = plugin.open(this.#context(task, own.signal), plugin.config.parse(config));
    try {
      const opened = await own.within(opening);
      if (opened === LATE) {
        this.#remark(`Task ${task} did not open in time.`);
        return [];
      }
      return await this.#take(opened, own, task, count);
    } catch (error) {
      this.#remark(`Task ${task} failed: ${causeChain(error).join(': ')}`);
      return [];
    } finally {
      own.end();
      await dispose(opening);
    }
  }

  async #take(opened: SourceTask, deadline: Deadline, task: number, count: number): Promise<SourceRecord[]> {
    const records: SourceRecord[] = [];
    const idle = Date.now() + IDLE_MS;
    while (records.length < count) {
      const polled = await deadline.within(opened.poll(deadline.signal));
      if (polled === LATE) {
        this.#remark(`Task ${task} gave ${records.length} records in the time there was.`);
        break;
      }
      records.push(...(polled ?? []).slice(0, count - records.length));
      const nothing = polled === null || polled.length === 0;
      if (nothing && (records.length > 0 || opened.exhausted?.() === true || Date.now() > idle)) break;
    }
    return records;
  }

  #context(task: number, signal: AbortSignal): SourceTaskContext {
    const { config, name, plugin } = this.#subject;
    const boundary = frameworkDef(plugin.kind).parse(config).string('transaction.boundary').toLowerCase();
    return {
      connector: name,
      task,
      logger: SILENT,
      metrics: NO_METRICS,
      signal,
      offsets: this.#reader,
      skip: (error, where) => this.#remark(`${where}: ${causeChain(error).join(': ')}`),
      transaction: boundary === 'connector' ? { commit: () => {}, abort: () => {} } : null,
      preview: true,
    };
  }
}

/** Also of one that opens late; waited for a little. */
async function dispose(opening: Promise<SourceTask>): Promise<void> {
  const end = startDeadline(DISPOSE_MS);
  const disposed = opening.then((task) => task[Symbol.asyncDispose]());
  await end.within(disposed).catch(() => undefined);
  end.end();
}

async function follow(first: SourceRecord, plugin: SourceConnector, walk: Walk): Promise<PreviewRecord> {
  const { sourcePartition, sourceOffset } = first;
  const origin = {
    sourcePartition: showValue(sourcePartition, null),
    sourceOffset: showValue(sourceOffset, null),
  };
  const steps: PreviewStep[] = [dataStep('TASK_POLL', plugin.name, first)];
  try {
    const record = await applyTransforms(walk, first, steps);
    if (record !== null) steps.push(await convert(record, walk));
  } catch (error) {
    if (!(error instanceof StepFailure)) throw error;
    steps.push(error.step);
  }
  return { origin, steps };
}

async function convert(record: SourceRecord, walk: Walk): Promise<PreviewStep> {
  const { topic, headers, keySchema, valueSchema } = record;
  const { keyConverter, valueConverter, headerConverter, classNames } = walk.pipeline;
  const wireHeaders = await attempt(walk, 'HEADER_CONVERTER', classNames.header, () =>
    headers.map(({ key, schema, value }) => ({
      key,
      value: headerConverter.fromConnectHeader(topic, key, schema, value),
    })),
  );
  // Bytes are a converter's own until it is called again.
  const key = await attempt(walk, 'KEY_CONVERTER', classNames.key, () =>
    copy(keyConverter.fromConnect(topic, headers, keySchema, record.key)),
  );
  const value = await attempt(walk, 'VALUE_CONVERTER', classNames.value, () =>
    copy(valueConverter.fromConnect(topic, headers, valueSchema, record.value)),
  );
  return wireStep(
    'VALUE_CONVERTER',
    classNames.value,
    showWire({ key, value, headers: wireHeaders }, record),
  );
}

const copy = (bytes: Uint8Array | null): Buffer | null => bytes && Buffer.from(bytes);
