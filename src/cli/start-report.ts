/** What `millrace start` tells of its pipelines: how far they are, what came out, whether all of it is there. */
import type { PipelineFile, StandaloneWorker } from '../worker';
import type { Demo, DemoTarget } from './demo/demo';
import type { Meter } from './progress';
import type { Services } from './services/services';
import { grouped, rate, textTable } from './text-table';

export interface Session {
  readonly pipelines: readonly PipelineFile[];
  readonly services: Services;
  readonly demo: Demo | null;
  readonly worker: StandaloneWorker;
  readonly urls: { readonly worker: string; readonly registry: string };
}

export interface PipelineResult {
  readonly name: string;
  /** Records that this run has brought to the end of the pipeline. */
  readonly records: number;
  readonly seconds: number;
}

const targetOf = ({ name }: PipelineFile, { demo }: Session): DemoTarget | null =>
  demo?.targets.get(name) ?? null;

export async function arrivals(session: Session): Promise<Map<string, number>> {
  const counts = session.pipelines.map(async (pipeline) => {
    const target = targetOf(pipeline, session);
    return [pipeline.name, target === null ? 0 : await target.arrived()] as const;
  });
  return new Map(await Promise.all(counts));
}

export function meterOf(
  pipeline: PipelineFile,
  session: Session,
  before: ReadonlyMap<string, number>,
): Meter {
  const target = targetOf(pipeline, session);
  const names = pipeline.connectors.map(({ name }) => name);
  return {
    name: pipeline.name,
    total: target?.expected ?? null,
    done: () =>
      Math.min(
        target?.expected ?? Number.POSITIVE_INFINITY,
        (before.get(pipeline.name) ?? 0) + resultOf(pipeline, session.worker).records,
      ),
    problem: () =>
      session.worker.problems().find((problem) => names.some((name) => problem.includes(` ${name}`))) ?? null,
  };
}

/** What came out at the end of a pipeline: of its sinks, or of its sources when it has none. */
export function resultOf({ name, connectors }: PipelineFile, worker: StandaloneWorker): PipelineResult {
  const sinks = connectors.filter(({ kind }) => kind === 'sink');
  const last = (sinks.length > 0 ? sinks : connectors).map((spec) => worker.progress(spec.name));
  const all = connectors.map((spec) => worker.progress(spec.name));
  const begin = Math.min(...all.map(({ firstRecordAt }) => firstRecordAt ?? Number.POSITIVE_INFINITY));
  const end = Math.max(...last.map(({ lastRecordAt }) => lastRecordAt ?? 0));
  const records = last.reduce((sum, progress) => sum + progress.records, 0);
  return { name, records, seconds: Math.max(0, end - Math.min(begin, end)) / 1000 };
}

export function tableOf(session: Session, results: readonly PipelineResult[]): string {
  const right = 'right' as const;
  const columns = [
    { title: 'pipeline' },
    { title: 'records', align: right },
    { title: 'seconds', align: right },
    { title: 'records/s', align: right },
    { title: 'look at' },
  ];
  const rows = results.map(({ name, records, seconds }, i) => {
    const pipeline = session.pipelines[i]!;
    const last = pipeline.connectors.at(-1)!.name;
    const where = targetOf(pipeline, session)?.where ?? '';
    return [
      name,
      grouped(records),
      seconds.toFixed(1),
      rate(records, seconds),
      `${where}  ${session.urls.worker}/connectors/${last}/status`.trim(),
    ];
  });
  return `${textTable(columns, rows)}\nSchemas: ${session.urls.registry}/subjects`;
}

/**
 * From the end of the installation of packages, or the start of the process when none were installed, to the first record
 * in Postgres; null when there were some before.
 */
export function firstRecordSeconds({ demo, services }: Session): number | null {
  const at = demo?.arrival.at() ?? null;
  if (at === null) return null;
  const begin = Number(process.env.MILLRACE_INSTALLED_AT) || performance.timeOrigin;
  return Math.round(at - Math.max(begin, services.installedAt ?? 0)) / 1000;
}

/** Whether every target has as much as was written. */
export async function isComplete(session: Session): Promise<boolean> {
  const counts = await arrivals(session);
  return session.pipelines.every(
    (pipeline) => (counts.get(pipeline.name) ?? 0) >= (targetOf(pipeline, session)?.expected ?? 0),
  );
}

/** One sentence per pipeline whose target does not hold exactly what was written: too little, or something twice. */
export async function differences(session: Session): Promise<string[]> {
  const counts = await arrivals(session);
  return session.pipelines.flatMap((pipeline) => {
    const target = targetOf(pipeline, session);
    const arrived = counts.get(pipeline.name) ?? 0;
    if (target === null || arrived === target.expected) return [];
    return [
      `${pipeline.name}: ${grouped(arrived)} records in ${target.where}, ${grouped(target.expected)} expected. Delete the folder of its state to begin anew.`,
    ];
  });
}

/** One sentence per pipeline whose target holds something more than once: no defect after a kill, but worth knowing. */
export async function repetitions(session: Session): Promise<string[]> {
  const remarks = session.pipelines.map(async (pipeline) => {
    const target = targetOf(pipeline, session);
    const count = (await target?.repeated()) ?? 0;
    if (target === null || count === 0) return [];
    return [
      `${pipeline.name}: ${grouped(count)} records are more than once in ${target.where}, as after a run that was killed: files get them at least once`,
    ];
  });
  return (await Promise.all(remarks)).flat();
}
