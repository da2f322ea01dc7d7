/**
 * A look at records before and after each step of a connector. Nothing is committed, produced or put; no group is joined;
 * converters look schemas up and register none.
 */
import { ConfigError, MillraceError, NO_METRICS, SILENT } from '../../kernel';
import type { SourceConnector, TaskConfig } from '../../plugin';
import { classNameOf } from '../catalog';
import type { Core } from '../herding/core';
import { configOf } from '../herding/views';
import { buildPipeline, closePipeline } from '../pipeline';
import { resolveAsConnect } from '../references';
import type { RawConfig } from '../storage/types';
import { startDeadline } from './deadline';
import { previewSink } from './preview-sink';
import { previewSource } from './preview-source';
import type { PreviewStep } from './preview-steps';
import { type Subject, subjectOf } from './subject';

export interface PreviewRequest {
  /** 1 … 100. */
  readonly count: number;
  /** Of a sink: the newest records, the oldest, or those from an offset or a time (ms) on. */
  readonly from: 'latest' | 'earliest' | { readonly offset: number } | { readonly timestamp: number };
  /** Of a sink: one of its topics, one partition; null: all. */
  readonly topic: string | null;
  readonly partition: number | null;
  /** For all of it. */
  readonly timeoutMs: number;
}

export interface PreviewRecord {
  /** Where it lies: topic, partition and offset, or the partition and offset of the source. */
  readonly origin: Readonly<Record<string, unknown>>;
  /** As it came, after the converters, and after each transform. */
  readonly steps: readonly PreviewStep[];
}

export interface Preview {
  readonly type: 'source' | 'sink';
  readonly plugin: string;
  /** Who looked. */
  readonly workerId: string;
  readonly records: readonly PreviewRecord[];
  /** What went wrong beside the records. */
  readonly remarks: readonly string[];
}

export interface Previews {
  /** Of a connector that is there: a source goes on from its stored offsets. NOT_FOUND for another. */
  connector(name: string, request: PreviewRequest): Promise<Preview>;
  /** Throws ConfigError and PLUGIN_UNKNOWN. */
  config(config: RawConfig, request: PreviewRequest): Promise<Preview>;
}

/** Each opens connections of its own. */
const MOST_AT_ONCE = 4;

export function createPreviews(core: Core): Previews {
  let running = 0;
  const run = async (
    written: RawConfig,
    tasks: readonly RawConfig[] | null,
    request: PreviewRequest,
  ): Promise<Preview> => {
    if (running >= MOST_AT_ONCE) {
      throw new MillraceError('CONFLICT', `${running} previews are under way on this worker`, {
        hint: 'Try again when one of them is through.',
      });
    }
    running++;
    try {
      return await preview(core, await subjectOf(core, written), tasks, request);
    } finally {
      running--;
    }
  };
  return {
    connector: async (name, request) => {
      const config = configOf(core, name);
      const tasks = core.configs.state.tasks(name);
      return run({ ...config, name }, tasks.length === 0 ? null : tasks, request);
    },
    config: (config, request) => run(config, null, request),
  };
}

async function preview(
  core: Core,
  subject: Subject,
  tasks: readonly RawConfig[] | null,
  request: PreviewRequest,
): Promise<Preview> {
  const { plugin, environment, scrub } = subject;
  const issues = plugin.config.check(subject.config);
  if (issues.length > 0) throw new ConfigError(scrub(issues.map(({ message }) => message).join(' ')));
  const deadline = startDeadline(request.timeoutMs, core.leaving);
  const context = { logger: SILENT, metrics: NO_METRICS, services: environment.services };
  const { catalog } = environment;
  const pipeline = await buildPipeline({
    connector: withoutRegistering(subject.config),
    worker: withoutRegistering(environment.worker),
    catalog,
    context,
  });
  const walk = { pipeline, deadline, scrub };
  const head = { plugin: classNameOf(plugin), workerId: core.parts.workerId() };
  try {
    if (plugin.kind === 'sink') {
      return { ...head, type: 'sink', records: await previewSink(subject, request, walk), remarks: [] };
    }
    const source = { ...subject, plugin: plugin satisfies SourceConnector };
    return {
      ...head,
      type: 'source',
      ...(await previewSource(source, await resolved(subject, tasks), request, walk)),
    };
  } finally {
    deadline.end();
    await closePipeline(pipeline);
  }
}

async function resolved(
  { environment }: Subject,
  tasks: readonly RawConfig[] | null,
): Promise<readonly TaskConfig[] | null> {
  if (tasks === null) return null;
  const all = await Promise.all(tasks.map((task) => resolveAsConnect(task, environment.providers)));
  return all.map(({ config: { 'task.class': _, ...own } }) => own);
}

/** Converters that know no registry pass the key over. */
const withoutRegistering = (config: RawConfig): RawConfig => ({
  ...config,
  'key.converter.auto.register.schemas': 'false',
  'value.converter.auto.register.schemas': 'false',
});
