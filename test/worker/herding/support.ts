/** A worker alone with plug-ins that tests steer. */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type Metrics, NO_METRICS, SILENT, SourceRecord, STRING_SCHEMA } from '../../../src/kernel';
import type {
  ConfigProvider,
  PlanContext,
  SourceConnector,
  SourceTask,
  TaskConfig,
} from '../../../src/plugin';
import { createStandalone, loadWorkerConfig, type StandaloneWorker } from '../../../src/worker';
import { type FakeKafka, fakeKafka } from '../fake-kafka';
import { catalogOf, linesSource } from '../fakes';

export interface Steered {
  readonly plugin: SourceConnector;
  /** Times each task was opened, by number. */
  readonly opened: Map<number, number>;
  readonly plans: PlanContext[];
  /** The secret of each plan. */
  readonly tokens: (string | null)[];
  /** Thrown by the next polls. */
  fail: Error | null;
  /** Number of tasks a plan has. */
  tasks: number;
}

/** A source that gives a record every few milliseconds. */
export function steeredSource(): Steered {
  const steered: Steered = {
    plugin: {
      ...linesSource,
      name: 'steered',
      aliases: ['com.example.SteeredSourceConnector'],
      plan: async (context, config, most) => {
        steered.plans.push(context);
        steered.tokens.push(config.optionalString('token'));
        const count = Math.min(most, steered.tasks);
        return Array.from(
          { length: count },
          (_, task) => ({ ...config.raw, task: String(task) }) as TaskConfig,
        );
      },
      open: async (context) => {
        steered.opened.set(context.task, (steered.opened.get(context.task) ?? 0) + 1);
        return pollingTask(steered, context.task);
      },
    },
    opened: new Map(),
    plans: [],
    tokens: [],
    fail: null,
    tasks: 1,
  };
  return steered;
}

function pollingTask(steered: Steered, task: number): SourceTask {
  let given = 0;
  return {
    poll: async (signal) => {
      if (steered.fail !== null) throw steered.fail;
      await new Promise((resolve) => setTimeout(resolve, 5));
      if (signal.aborted) return null;
      given++;
      const value = `v${given}`;
      return [new SourceRecord({ task }, { n: given }, 't', null, null, null, STRING_SCHEMA, value)];
    },
    [Symbol.asyncDispose]: async () => {},
  };
}

export const CLASS = 'com.example.SteeredSourceConnector';

export const configOf = (name: string, more: Record<string, string> = {}) => ({
  name,
  'connector.class': CLASS,
  topic: 't',
  ...more,
});

/** @param providers by the name that references use */
export async function startAlone(
  plugins: readonly SourceConnector[],
  providers: Readonly<Record<string, ConfigProvider>> = {},
  metrics: Metrics = NO_METRICS,
): Promise<{ worker: StandaloneWorker; fake: FakeKafka }> {
  const dir = mkdtempSync(path.join(tmpdir(), 'herding-'));
  const config = await loadWorkerConfig({
    defaults: {
      'key.converter': 'Text',
      'value.converter': 'Text',
      'offset.storage.file.filename': path.join(dir, 'offsets'),
    },
    env: {},
  });
  const fake = fakeKafka();
  const worker = await createStandalone({
    worker: { ...config, providers: new Map([...config.providers, ...Object.entries(providers)]) },
    catalog: catalogOf(...plugins),
    openKafka: () => fake.kafka,
    logger: SILENT,
    metrics,
  });
  await worker.start([]);
  return { worker, fake };
}
