/** Dead letters once more: to the topics they came from, or through the connector that could not take them. */
import { type BatchProducer, createRecordBatchBuilder, type KafkaPort } from '../../kafka';
import { ConfigError, causeChain, type SinkRecord, type TopicPartition } from '../../kernel';
import type { Core } from '../herding/core';
import { errorPolicy } from '../task-runner';
import { type DeadLetter, deadLetterOf, isWanted, revived } from './dead-letter';
import { deadLetterPlace } from './dead-letters';
import { fenceOf } from './fence';
import type { RedriveRequest } from './jobs';
import { memoryReader } from './range-port';
import { PutFailure, type RunnableSink, runnableSink, runRange } from './range-run';
import { keyOf, type Range, readRanges, type WireRecord, wholeOf } from './ranges';

export interface RedrivePlan extends RedriveRequest {
  readonly connector: string;
  readonly fence: string;
  readonly topic: string;
  /** What was in the topic when it was asked for: what fails again comes behind it. */
  readonly ranges: readonly Range[];
}

export interface RedriveProgress {
  /** Next offset by partition of the dead-letter topic. */
  readonly positions: Readonly<Record<number, number>>;
  readonly sent: number;
  /** Redriven before. */
  readonly skipped: number;
  readonly failed: number;
  /** The first of those that failed; they stay where they are. */
  readonly failures: readonly { readonly id: string; readonly error: string }[];
}

/** Which dead letters were redriven, kept over runs. */
export interface RedriveMarks {
  has(topic: string, ids: readonly string[]): Promise<ReadonlySet<string>>;
  add(topic: string, ids: readonly string[]): Promise<void>;
}

export interface RedriveControl {
  readonly id: string;
  readonly signal: AbortSignal;
  isPaused(): boolean;
  readonly marks: RedriveMarks;
  readonly progress: RedriveProgress | null;
  reached(progress: RedriveProgress): Promise<void>;
}

export interface RedrivePreview {
  readonly matching: number;
  /** By the topic they came from. */
  readonly topics: Readonly<Record<string, number>>;
  /** Without the headers that tell where they came from: these cannot be redriven. */
  readonly withoutOrigin: number;
}

export interface Redrives {
  /** Throws NOT_FOUND and CONFIG_INVALID. */
  plan(connector: string, request: RedriveRequest): Promise<RedrivePlan>;
  preview(plan: RedrivePlan): Promise<RedrivePreview>;
  /**
   * At least once: what was sent is marked after each stretch, so a run that takes over one that died sends that stretch
   * again, and nothing else.
   */
  run(plan: RedrivePlan, control: RedriveControl): Promise<RedriveProgress>;
}

/** Held in memory at once. */
const STRETCH = 100;
const MOST_FAILURES = 100;

export const createRedrives = (core: Core): Redrives => ({
  plan: (connector, request) => plan(core, connector, request),
  preview: (planned) => preview(core, planned),
  run: (planned, control) => new Redrive(core, planned, control).run(),
});

async function plan(core: Core, connector: string, request: RedriveRequest): Promise<RedrivePlan> {
  const { topic, kafka } = await deadLetterPlace(core, connector);
  const whole = await wholeOf(kafka, [topic]);
  const ranges = request.ids === null ? whole : whole.flatMap((range) => narrowed(range, request.ids!));
  return { ...request, connector, topic, ranges, fence: fenceOf(core, connector)! };
}

function narrowed(range: Range, ids: readonly string[]): Range[] {
  const offsets = ids.map(readId).flatMap((id) => (id.partition === range.partition ? [id.offset] : []));
  if (offsets.length === 0) return [];
  const from = Math.max(range.from, Math.min(...offsets));
  return [{ ...range, from, to: Math.max(from, Math.min(range.to, Math.max(...offsets) + 1)) }];
}

function readId(id: string): { readonly partition: number; readonly offset: number } {
  const [, partition, offset] = /^(\d{1,9})-(\d{1,15})$/.exec(id) ?? [];
  if (partition !== undefined) return { partition: Number(partition), offset: Number(offset) };
  throw new ConfigError(`${id} is not the id of a dead letter`, {
    hint: 'Ids are partition-offset, such as 0-17.',
  });
}

const isSelected = (letter: DeadLetter, { ids, filter, connector }: RedrivePlan): boolean =>
  isWanted(letter, connector, filter) && (ids === null || ids.includes(letter.id));

async function preview(core: Core, planned: RedrivePlan): Promise<RedrivePreview> {
  const { kafka } = await deadLetterPlace(core, planned.connector);
  const topics: Record<string, number> = {};
  let matching = 0;
  let withoutOrigin = 0;
  const count = (raw: WireRecord): void => {
    const letter = deadLetterOf(raw);
    if (!isSelected(letter, planned)) return;
    matching++;
    const origin = letter.context.origin?.topic;
    if (origin === undefined) withoutOrigin++;
    else topics[origin] = (topics[origin] ?? 0) + 1;
  };
  await readRanges(kafka, planned.ranges, count, core.leaving);
  return { matching, topics, withoutOrigin };
}

/** Ids that did not make it, and why. */
type Failures = Map<string, string>;

class Redrive {
  readonly #core: Core;
  readonly #plan: RedrivePlan;
  readonly #control: RedriveControl;
  #progress: RedriveProgress;

  constructor(core: Core, planned: RedrivePlan, control: RedriveControl) {
    this.#core = core;
    this.#plan = planned;
    this.#control = control;
    this.#progress = control.progress ?? { positions: {}, sent: 0, skipped: 0, failed: 0, failures: [] };
  }

  async run(): Promise<RedriveProgress> {
    const { kafka } = await deadLetterPlace(this.#core, this.#plan.connector);
    const producer = this.#plan.to === 'topic' ? kafka.producer({ idempotent: true }) : null;
    // What Kafka does not acknowledge would be waited for without end.
    const giveUp = (): void => void producer?.close();
    this.#control.signal.addEventListener('abort', giveUp, { once: true });
    const sink = producer === null ? await runnableSink(this.#core, this.#plan.connector) : null;
    try {
      for (const stretch of this.#stretches()) {
        await this.#whilePaused();
        if (this.#control.signal.aborted) break;
        await this.#redrive(kafka, stretch, (letters) =>
          producer === null ? this.#throughSink(sink!, letters) : toTopics(kafka, producer, letters),
        );
      }
    } finally {
      this.#control.signal.removeEventListener('abort', giveUp);
      await producer?.close();
    }
    return this.#progress;
  }

  *#stretches(): Generator<Range> {
    for (const range of this.#plan.ranges) {
      const begin = Math.max(range.from, this.#progress.positions[range.partition] ?? 0);
      for (let from = begin; from < range.to; from += STRETCH) {
        yield { ...range, from, to: Math.min(range.to, from + STRETCH) };
      }
    }
  }

  async #whilePaused(): Promise<void> {
    const { signal } = this.#control;
    while (this.#control.isPaused() && !signal.aborted)
      await new Promise((resolve) => setTimeout(resolve, 250));
  }

  async #redrive(
    kafka: KafkaPort,
    stretch: Range,
    send: (letters: readonly DeadLetter[]) => Promise<Failures>,
  ): Promise<void> {
    const { marks, signal, reached } = this.#control;
    const { topic, again } = this.#plan;
    const found: DeadLetter[] = [];
    const take = (raw: WireRecord): void => {
      const letter = deadLetterOf(raw);
      if (isSelected(letter, this.#plan)) found.push(letter);
    };
    await readRanges(kafka, [stretch], take, signal);
    if (signal.aborted) return;
    const before = again
      ? new Set<string>()
      : await marks.has(
          topic,
          found.map(({ id }) => id),
        );
    const due = found.filter(({ id }) => !before.has(id));
    const failures: Failures = new Map();
    for (const { id, context } of due) if (context.origin === null) failures.set(id, NO_ORIGIN);
    const whole = due.filter(({ context }) => context.origin !== null);
    if (whole.length > 0) for (const [id, why] of await send(whole)) failures.set(id, why);
    if (signal.aborted) return;
    await marks.add(
      topic,
      due.filter(({ id }) => !failures.has(id)).map(({ id }) => id),
    );
    this.#count(stretch, due.length, before.size, failures);
    await reached(this.#progress);
  }

  #count({ partition, to }: Range, due: number, skipped: number, failures: Failures): void {
    const { positions, sent, failed, failures: known, skipped: before } = this.#progress;
    const told = [...failures].map(([id, error]) => ({ id, error }));
    this.#progress = {
      positions: { ...positions, [partition]: to },
      sent: sent + due - failures.size,
      skipped: before + skipped,
      failed: failed + failures.size,
      failures: [...known, ...told].slice(0, MOST_FAILURES),
    };
  }

  /** A batch that cannot be put is put record by record, so that only those fail that do. */
  async #throughSink(sink: RunnableSink, letters: readonly DeadLetter[]): Promise<Failures> {
    const failures: Failures = new Map();
    let rest = latestOfEach(letters);
    let maxPollRecords: number | undefined;
    while (rest.size > 0 && !this.#control.signal.aborted) {
      const positions = new Map<string, number>();
      try {
        await this.#runOnce(sink, rest, { failures, positions, maxPollRecords });
        break;
      } catch (error) {
        if (!(error instanceof PutFailure)) throw error;
        const [{ originalTopic: topic, partition, offset }] = error.records as [SinkRecord];
        const letter = rest.get(placeOf({ topic, partition, offset }));
        if (letter === undefined) throw error;
        if (maxPollRecords === 1) failures.set(letter.id, causeChain(error.cause).join(': '));
        rest = remaining(rest, positions, failures);
        maxPollRecords = 1;
      }
    }
    return failures;
  }

  async #runOnce(
    sink: RunnableSink,
    letters: ReadonlyMap<string, DeadLetter>,
    run: { failures: Failures; positions: Map<string, number>; maxPollRecords: number | undefined },
  ): Promise<void> {
    const records = [...letters.values()]
      .map((letter) => revived(letter)!)
      .sort((a, b) => a.offset - b.offset);
    await runRange({
      core: this.#core,
      sink,
      runName: `${sink.connector}-redrive-${this.#control.id}`,
      errors: { ...errorPolicy(sink), tolerance: 'all', deadLetter: null },
      maxPollRecords: run.maxPollRecords,
      signal: this.#control.signal,
      onGivenUp: (record, error) => {
        const letter = letters.get(placeOf(record));
        if (letter !== undefined) run.failures.set(letter.id, causeChain(error).join(': '));
      },
      view: {
        ranges: rangesOf(records),
        positions: [],
        reader: () => memoryReader(records),
        async commit(moved) {
          for (const position of moved) run.positions.set(keyOf(position), position.offset);
        },
      },
    });
  }
}

const NO_ORIGIN =
  'It does not say where it came from: errors.deadletterqueue.context.headers.enable was off when it was written';

const placeOf = ({ topic, partition, offset }: TopicPartition & { readonly offset: number }): string =>
  `${offset} ${partition} ${topic}`;

/** A record may have died twice: it is put once. */
const latestOfEach = (letters: readonly DeadLetter[]): Map<string, DeadLetter> =>
  new Map(letters.map((letter) => [placeOf(letter.context.origin!), letter]));

function remaining(
  letters: ReadonlyMap<string, DeadLetter>,
  positions: ReadonlyMap<string, number>,
  failures: Failures,
): Map<string, DeadLetter> {
  const isLeft = ({ id, context }: DeadLetter): boolean =>
    !failures.has(id) && context.origin!.offset >= (positions.get(keyOf(context.origin!)) ?? 0);
  return new Map([...letters].filter(([, letter]) => isLeft(letter)));
}

function rangesOf(records: readonly WireRecord[]): Range[] {
  const ranges = new Map<string, Range>();
  for (const { topic, partition, offset } of records) {
    const known = ranges.get(keyOf({ topic, partition }));
    ranges.set(keyOf({ topic, partition }), {
      topic,
      partition,
      from: known?.from ?? offset,
      to: offset + 1,
    });
  }
  return [...ranges.values()];
}

/** The bytes and headers they had, into the partitions they came from, so that the order of keys is kept. */
async function toTopics(
  kafka: KafkaPort,
  producer: BatchProducer,
  letters: readonly DeadLetter[],
): Promise<Failures> {
  const failures: Failures = new Map();
  const groups = new Map<string, DeadLetter[]>();
  for (const letter of letters) {
    const key = keyOf(letter.context.origin!);
    groups.set(key, [...(groups.get(key) ?? []), letter]);
  }
  const topics = [...new Set(letters.map(({ context }) => context.origin!.topic))];
  const views = new Map((await kafka.metadata(topics)).map((view) => [view.topic, view]));
  const sends = [...groups.values()].map(async (group) => {
    const { topic, partition } = group[0]!.context.origin!;
    try {
      if (views.get(topic)?.error === 3) throw new Error(`topic ${topic} is not there any more`);
      await sendAll(producer, { topic, partition }, group);
    } catch (error) {
      for (const { id } of group) failures.set(id, causeChain(error).join(': '));
    }
  });
  await Promise.all(sends);
  return failures;
}

/** Kafka refuses batches that are too large. */
const BATCH_BYTES = 256 * 1024;

async function sendAll(
  producer: BatchProducer,
  { topic, partition }: TopicPartition,
  letters: readonly DeadLetter[],
): Promise<void> {
  const batch = createRecordBatchBuilder();
  const sends: Promise<unknown>[] = [];
  for (const { timestamp, key, value, headers } of letters.map((letter) => revived(letter)!)) {
    const bytes = (key?.length ?? 0) + (value?.length ?? 0);
    if (batch.count > 0 && batch.sizeBytes + bytes > BATCH_BYTES)
      sends.push(producer.send(topic, partition, batch.build('none')));
    batch.append(timestamp, key, value, headers);
  }
  sends.push(producer.send(topic, partition, batch.build('none')));
  await Promise.all(sends);
}
