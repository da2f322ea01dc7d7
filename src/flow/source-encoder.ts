/** From source records to batches: transforms and converters, synchronous for as long as nothing goes wrong. */
import type { WireHeader } from '../kafka/port';
import { bigintAsText, MillraceError, type SourceRecord } from '../kernel';
import type { OffsetTracker, Poll } from './offset-tracker';
import type { Outbox } from './outbox';
import { type Failure, SKIPPED, type Stage, type StageOperator } from './stage';
import {
  HEADER_CONVERTER,
  KEY_CONVERTER,
  PRODUCE,
  type StageClock,
  TRANSFORMATION,
  VALUE_CONVERTER,
} from './stage-clock';
import { orAborted, type TaskStatus, yieldToLoop } from './task-status';
import type { SourceRunOptions } from './types';

const SLICE_MS = 10;
const NO_WIRE_HEADERS: readonly WireHeader[] = Object.freeze([]);

export class SourceEncoder {
  readonly #options: SourceRunOptions;
  readonly #operator: StageOperator;
  readonly #outbox: Outbox;
  readonly #tracker: OffsetTracker;
  readonly #clock: StageClock;
  readonly #status: TaskStatus;
  readonly #signal: AbortSignal;

  constructor(
    options: SourceRunOptions,
    operator: StageOperator,
    outbox: Outbox,
    tracker: OffsetTracker,
    clock: StageClock,
  ) {
    this.#options = options;
    this.#operator = operator;
    this.#outbox = outbox;
    this.#tracker = tracker;
    this.#clock = clock;
    this.#status = operator.status;
    this.#signal = operator.signal;
  }

  /** Hands the records to the outbox. False when the task was stopped before the last. */
  async encode(records: readonly SourceRecord[]): Promise<boolean> {
    const poll = this.#tracker.open();
    let index = 0;
    try {
      while (index < records.length && !this.#signal.aborted) {
        const reached = this.#convert(records, index, poll);
        index = reached.index;
        if (reached.failed) await this.#convertWithCare(records[index++]!, poll);
        else if (index < records.length) await this.#breathe();
      }
    } finally {
      // Also when cut short: only what was sent or dropped is tracked, in order.
      poll.closed = true;
    }
    return index >= records.length;
  }

  async #breathe(): Promise<void> {
    const room = this.#outbox.ready();
    if (room === null) return yieldToLoop();
    const began = performance.now();
    await orAborted(room, this.#signal);
    this.#clock.metrics.spent('KAFKA_PRODUCE', performance.now() - began);
  }

  /** The fast way: synchronous, until the end, a problem, or a slice of time is over. */
  #convert(records: readonly SourceRecord[], start: number, poll: Poll): { index: number; failed: boolean } {
    const { transforms, keyConverter, valueConverter } = this.#options.pipeline;
    const clock = this.#clock;
    clock.beginLoop();
    const now = Date.now();
    const sliceEnd = performance.now() + SLICE_MS;
    let index = start;
    try {
      for (; index < records.length; index++) {
        if ((index & 127) === 0 && index > start && performance.now() > sliceEnd) break;
        const original = records[index]!;
        const timed = clock.beginRecord();
        let record: SourceRecord | null = original;
        for (let t = 0; t < transforms.length && record !== null; t++) record = transforms[t]!.apply(record);
        if (timed) clock.mark(TRANSFORMATION);
        if (record === null) {
          this.#status.skipped++;
        } else {
          const { topic, headers } = record;
          const wireHeaders = headers.length === 0 ? NO_WIRE_HEADERS : this.#wireHeaders(record);
          if (timed) clock.mark(HEADER_CONVERTER);
          const key = keyConverter.fromConnect(topic, headers, record.keySchema, record.key);
          if (timed) clock.mark(KEY_CONVERTER);
          const value = valueConverter.fromConnect(topic, headers, record.valueSchema, record.value);
          if (timed) clock.mark(VALUE_CONVERTER);
          this.#outbox.append(record, key, value, this.#framed(wireHeaders, key, value), now, poll);
          if (timed) clock.mark(PRODUCE);
        }
        this.#tracker.track(original);
      }
    } catch {
      // The record is taken again stage by stage, which finds out what is wrong and whether it passes.
      return { index, failed: true };
    } finally {
      clock.endLoop();
    }
    return { index, failed: false };
  }

  #wireHeaders(record: SourceRecord): WireHeader[] {
    const { headerConverter } = this.#options.pipeline;
    return record.headers.map(({ key, schema, value }) => ({
      key,
      value: headerConverter.fromConnectHeader(record.topic, key, schema, value),
    }));
  }

  /** With what the converters of key and value put into headers. */
  #framed(
    headers: readonly WireHeader[],
    key: Uint8Array | null,
    value: Uint8Array | null,
  ): readonly WireHeader[] {
    const { keyConverter, valueConverter } = this.#options.pipeline;
    if (keyConverter.header === undefined && valueConverter.header === undefined) return headers;
    const own = [key === null ? null : keyConverter.header, value === null ? null : valueConverter.header];
    return [...headers, ...own.filter((header) => header !== null && header !== undefined)];
  }

  /** One record stage by stage, waiting, retrying and tolerating as configured. */
  async #convertWithCare(original: SourceRecord, poll: Poll): Promise<void> {
    assertRecord(original, this.#options.plugin.name);
    const record = await this.#transformWithCare(original);
    if (record === null) return;
    const { keyConverter, valueConverter, classNames } = this.#options.pipeline;
    const { topic, headers } = record;
    const steps = [
      ['HEADER_CONVERTER', classNames.header, () => this.#wireHeaders(record)],
      [
        'KEY_CONVERTER',
        classNames.key,
        () => keyConverter.fromConnect(topic, headers, record.keySchema, record.key),
      ],
      [
        'VALUE_CONVERTER',
        classNames.value,
        () => valueConverter.fromConnect(topic, headers, record.valueSchema, record.value),
      ],
    ] as const;
    const results: unknown[] = [];
    for (const [stage, className, convert] of steps) {
      const result = await this.#guard<unknown>(stage, className, original, convert);
      if (result === SKIPPED) return this.#drop(original, false);
      results.push(result);
    }
    const [wireHeaders, key, value] = results as [WireHeader[], Uint8Array | null, Uint8Array | null];
    const framed = this.#framed(wireHeaders, key, value);
    const sent = await this.#guard('KAFKA_PRODUCE', 'producer', original, () =>
      this.#outbox.append(record, key, value, framed, Date.now(), poll),
    );
    if (sent === SKIPPED) return this.#drop(original, false);
    this.#tracker.track(original);
  }

  /** Null when dropped or skipped, which is then taken note of. */
  async #transformWithCare(original: SourceRecord): Promise<SourceRecord | null> {
    let record: SourceRecord = original;
    for (const { apply, className } of this.#options.pipeline.transforms) {
      const current = record;
      const next = await this.#guard('TRANSFORMATION', className, original, () => apply(current));
      if (next === SKIPPED || next === null) {
        this.#drop(original, next === null);
        return null;
      }
      record = next;
    }
    return record;
  }

  /** An aborted wait leaves the record untracked, so that it is read again after the restart. */
  #drop(record: SourceRecord, byTransform: boolean): void {
    if (this.#signal.aborted && !byTransform) return;
    if (byTransform) this.#status.skipped++;
    this.#tracker.track(record);
  }

  async #guard<T>(
    stage: Stage,
    className: string,
    record: SourceRecord,
    run: () => T,
  ): Promise<T | typeof SKIPPED> {
    try {
      return run();
    } catch (thrown) {
      return this.#operator.recover(stage, className, thrown, run, () => whereIs(record));
    }
  }
}

function whereIs(record: SourceRecord): Pick<Failure, 'at' | 'where'> {
  const shown = (map: object): string => JSON.stringify(map, bigintAsText);
  const at = `topic='${record.topic}', sourcePartition=${shown(record.sourcePartition)}, sourceOffset=${shown(record.sourceOffset)}`;
  return { at, where: `source record is {${at}}` };
}

const isMap = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const badRecord = (plugin: string, what: string): MillraceError =>
  new MillraceError('TASK_FAILED', `poll of ${plugin} returned ${what}`, {
    hint: 'This is a defect of the connector.',
  });

function assertRecord(record: SourceRecord, plugin: string): void {
  if (!isMap(record)) throw badRecord(plugin, `${nameOf(record)} in place of a record`);
  const { topic, sourcePartition, sourceOffset } = record;
  if (typeof topic !== 'string' || topic === '')
    throw badRecord(plugin, `a record whose topic is ${nameOf(topic)}`);
  if (!isMap(sourcePartition) || !isMap(sourceOffset))
    throw badRecord(plugin, 'a record without source partition and offset');
}

const nameOf = (value: unknown): string =>
  typeof value === 'string' ? JSON.stringify(value) : Array.isArray(value) ? 'an array' : String(value);

/**
 * What a poll returned, as far as two looks tell: a defect that only some records have shows when it makes one fail.
 * Null when there is nothing.
 */
export function checkPolled(polled: unknown, plugin: string): readonly SourceRecord[] | null {
  if (polled === null || polled === undefined) return null;
  if (!Array.isArray(polled)) throw badRecord(plugin, `${nameOf(polled)} in place of an array of records`);
  if (polled.length === 0) return null;
  assertRecord(polled[0], plugin);
  assertRecord(polled.at(-1), plugin);
  return polled;
}
