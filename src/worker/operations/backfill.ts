/** Records of a time or offset range through a sink once more, beside its tasks. */
import type { KafkaPort } from '../../kafka/port';
import { ConfigError, type Position } from '../../kernel';
import type { Core } from '../herding/core';
import { listOf, wholeName } from '../topic-keys';
import { fenceOf } from './fence';
import type { BackfillRequest, Point } from './jobs';
import { boundedReader } from './range-port';
import { type RunnableSink, runnableSink, runRange } from './range-run';
import { keyOf, type Range, wholeOf } from './ranges';

export interface BackfillPlan {
  readonly connector: string;
  readonly fence: string;
  readonly ranges: readonly Range[];
  readonly ratePerSecond: number | null;
}

export interface BackfillProgress {
  /** How far it is: where somebody else would go on. */
  readonly positions: readonly Position[];
  /** Offsets, not records: compacted topics have fewer. */
  readonly done: number;
  readonly total: number;
}

export interface BackfillControl {
  readonly id: string;
  readonly signal: AbortSignal;
  isPaused(): boolean;
  /** Of an earlier run; null: there was none. */
  readonly progress: BackfillProgress | null;
  /** What is told here is put and flushed. */
  reached(progress: BackfillProgress): Promise<void>;
}

export interface Backfills {
  /** Throws NOT_FOUND and CONFIG_INVALID, for sources and ranges without records too. */
  plan(connector: string, request: BackfillRequest): Promise<BackfillPlan>;
  run(plan: BackfillPlan, control: BackfillControl): Promise<void>;
}

export const createBackfills = (core: Core): Backfills => ({
  plan: (connector, request) => plan(core, connector, request),
  run: (planned, control) => run(core, planned, control),
});

async function plan(core: Core, connector: string, request: BackfillRequest): Promise<BackfillPlan> {
  const sink = await runnableSink(core, connector);
  const whole = (await wholeOf(sink.kafka, await topicsOf(sink, request.topics))).filter(
    ({ partition }) => request.partition === null || partition === request.partition,
  );
  const [starts, ends] = await Promise.all([
    resolvePoint(sink.kafka, whole, request.from),
    request.to === null ? whole.map(({ to }) => to) : resolvePoint(sink.kafka, whole, request.to),
  ]);
  const ranges = whole
    .map((range, i) => ({
      ...range,
      from: Math.max(range.from, starts[i]!),
      to: Math.min(range.to, ends[i]!),
    }))
    .filter(({ from, to }) => from < to);
  if (ranges.length === 0) {
    throw new ConfigError(`There are no records of ${connector} in that range`, {
      hint: 'from and to are offsets, or times as ISO 8601 or milliseconds; GET /connectors/{c}/offsets tells where it stands.',
    });
  }
  return { connector, fence: fenceOf(core, connector)!, ranges, ratePerSecond: request.ratePerSecond };
}

async function topicsOf(
  { connector, connectorConfig, kafka }: RunnableSink,
  wanted: readonly string[] | null,
): Promise<readonly string[]> {
  const pattern = connectorConfig['topics.regex']?.trim() ?? '';
  const own =
    pattern === ''
      ? listOf(connectorConfig['topics'])
      : (await kafka.admin.listTopics()).filter((topic) => wholeName(pattern).test(topic));
  const other = wanted?.find((topic) => !own.includes(topic));
  if (other === undefined) return wanted ?? own;
  throw new ConfigError(`${other} is none of the topics of ${connector}`, {
    hint: `It has ${own.join(', ') || 'none that is there'}.`,
  });
}

/** The end of a partition where no record is that young. */
async function resolvePoint(kafka: KafkaPort, whole: readonly Range[], point: Point): Promise<number[]> {
  if ('offset' in point) return whole.map(() => point.offset);
  if (whole.length === 0) return [];
  const found = await kafka.offsets(whole, point);
  return found.map(({ offset }, i) => (offset < 0 ? whole[i]!.to : offset));
}

async function run(core: Core, planned: BackfillPlan, control: BackfillControl): Promise<void> {
  const { connector, ranges, ratePerSecond } = planned;
  const sink = await runnableSink(core, connector);
  const positions = new Map(
    (control.progress?.positions ?? []).map((position) => [keyOf(position), position]),
  );
  const progress = (): BackfillProgress => ({
    positions: [...positions.values()],
    done: ranges.reduce((sum, range) => sum + reachedOf(range, positions), 0),
    total: ranges.reduce((sum, { from, to }) => sum + to - from, 0),
  });
  await runRange({
    core,
    sink,
    runName: `${connector}-backfill-${control.id}`,
    ratePerSecond,
    signal: control.signal,
    isPaused: () => control.isPaused(),
    view: {
      ranges,
      positions: [...positions.values()],
      reader: (kafka, options) => boundedReader(kafka.reader(options), ranges),
      async commit(moved) {
        for (const position of moved) positions.set(keyOf(position), position);
        await control.reached(progress());
      },
    },
  });
}

function reachedOf(range: Range, positions: ReadonlyMap<string, Position>): number {
  const { from, to } = range;
  return Math.max(0, Math.min(to, positions.get(keyOf(range))?.offset ?? from) - from);
}
