/** Turns raw batches into sink records as late as possible: bytes are what is queued, records live for one `put`. */
import type { RawBatch, RecordCursor } from '../kafka/port';
import type { Headers, Position, SchemaAndValue } from '../kernel';
// Not through the index: its getters cost a call per record.
import { NO_HEADERS, SinkRecord } from '../kernel/record';
import { type Failure, SKIPPED, type Stage, type StageOperator } from './stage';
import {
  HEADER_CONVERTER,
  KEY_CONVERTER,
  type StageClock,
  TRANSFORMATION,
  VALUE_CONVERTER,
} from './stage-clock';
import { yieldToLoop } from './task-status';
import type { Pipeline } from './types';

const SLICE_MS = 10;

/** Records for one `put`, the positions after them, and the bytes they came from. */
export interface Chunk {
  readonly records: SinkRecord[];
  /** Next offset per partition once the chunk is written; records that were dropped count as well. */
  readonly positions: Map<string, Position>;
  readonly batches: RawBatch[];
  /** Timestamp of the newest record per partition. */
  readonly newest: Map<string, number>;
  /** Records taken from Kafka, those included that did not become records of the task. */
  read: number;
}

export const emptyChunk = (): Chunk => ({
  records: [],
  positions: new Map(),
  batches: [],
  newest: new Map(),
  read: 0,
});

/** Coordinates and bytes of the record a failure is about. */
export interface RawRecord {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly timestamp: number;
  readonly timestampType: 'create' | 'append';
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: RecordCursor['headers'];
}

export type RawFailureReporter = (failure: Failure, raw: RawRecord) => Promise<void>;

export class SinkDecoder {
  #batch: RawBatch | null = null;
  #cursor: RecordCursor | null = null;
  /** The cursor stands on a record that is not dealt with yet. */
  #held = false;
  readonly #queue: RawBatch[] = [];
  readonly #pipeline: Pipeline;
  readonly #operator: StageOperator;
  readonly #report: RawFailureReporter;
  readonly #clock: StageClock;

  constructor(pipeline: Pipeline, operator: StageOperator, clock: StageClock, report: RawFailureReporter) {
    this.#pipeline = pipeline;
    this.#operator = operator;
    this.#clock = clock;
    this.#report = report;
  }

  get empty(): boolean {
    return this.#batch === null && this.#queue.length === 0;
  }

  push(batches: readonly RawBatch[]): void {
    for (const batch of batches) this.#queue.push(batch);
  }

  /** Forgets what is queued, e.g. when partitions are revoked. */
  clear(): void {
    this.#queue.length = 0;
    this.#batch = null;
    this.#cursor = null;
    this.#held = false;
  }

  /** Adds to the chunk from what is queued, up to `max` records; yields to the event loop in between. */
  async decode(chunk: Chunk, max: number, signal: AbortSignal): Promise<void> {
    while (chunk.records.length < max && !signal.aborted) {
      if (this.#batch === null && !this.#nextBatch(chunk)) break;
      if (chunk.batches.at(-1) !== this.#batch) chunk.batches.push(this.#batch!);
      const end = await this.#decodeBatch(chunk, max, signal);
      if (end === 'slice') await yieldToLoop();
    }
  }

  #nextBatch(chunk: Chunk): boolean {
    const batch = this.#queue.shift();
    if (batch === undefined) return false;
    this.#batch = batch;
    this.#cursor = batch.records();
    chunk.batches.push(batch);
    return true;
  }

  async #decodeBatch(chunk: Chunk, max: number, signal: AbortSignal): Promise<'end' | 'slice'> {
    const batch = this.#batch!;
    const end = this.#fast(batch, this.#cursor!, chunk, max);
    if (end === 'failed') {
      const record = await this.#withCare(batch, this.#cursor!);
      if (signal.aborted) return 'end';
      if (record !== null) chunk.records.push(record);
      this.#held = false;
    }
    const done = end === 'done';
    const next = done ? batch.lastOffset + 1 : this.#cursor!.offset + 1;
    const key = `${batch.partition} ${batch.topic}`;
    if (this.#cursor!.timestamp > 0) chunk.newest.set(key, this.#cursor!.timestamp);
    chunk.positions.set(key, {
      topic: batch.topic,
      partition: batch.partition,
      offset: next,
    });
    if (done) {
      this.#batch = null;
      this.#cursor = null;
    }
    return end === 'slice' ? 'slice' : 'end';
  }

  /** Synchronous until the batch ends, the chunk is full, a slice of time is over, or a record fails (then it is held). */
  #fast(
    batch: RawBatch,
    cursor: RecordCursor,
    chunk: Chunk,
    max: number,
  ): 'done' | 'full' | 'slice' | 'failed' {
    const { keyConverter, valueConverter, transforms } = this.#pipeline;
    const into = chunk.records;
    const clock = this.#clock;
    clock.beginLoop();
    const { topic, partition, timestampType } = batch;
    const sliceEnd = performance.now() + SLICE_MS;
    let count = 0;
    try {
      while (into.length < max) {
        if ((count & 127) === 127 && performance.now() > sliceEnd) return 'slice';
        if (!cursor.next()) return 'done';
        count++;
        this.#held = true;
        const timed = clock.beginRecord();
        const headers = cursor.headers.length === 0 ? NO_HEADERS : this.#headers(topic, cursor);
        const raw = cursor.headers.length === 0 ? NO_HEADERS : rawHeaders(cursor);
        if (timed) clock.mark(HEADER_CONVERTER);
        const key = keyConverter.toConnect(topic, raw, cursor.key);
        if (timed) clock.mark(KEY_CONVERTER);
        const value = valueConverter.toConnect(topic, raw, cursor.value);
        if (timed) clock.mark(VALUE_CONVERTER);
        let record: SinkRecord | null = new SinkRecord(
          topic,
          partition,
          cursor.offset,
          key.schema,
          key.value,
          value.schema,
          value.value,
          cursor.timestamp,
          timestampType,
          headers,
          topic,
        );
        for (let t = 0; t < transforms.length && record !== null; t++) record = transforms[t]!.apply(record);
        if (timed) clock.mark(TRANSFORMATION);
        if (record === null) this.#operator.status.skipped++;
        else into.push(record);
        this.#held = false;
      }
      return 'full';
    } catch (error) {
      // A batch that cannot be read at all is not a matter of one record.
      if (!this.#held) throw error;
      return 'failed';
    } finally {
      chunk.read += count;
      clock.endLoop();
    }
  }

  #headers(topic: string, cursor: RecordCursor): Headers {
    const { headerConverter } = this.#pipeline;
    return cursor.headers.map(({ key, value }) => {
      const converted = headerConverter.toConnectHeader(topic, key, value);
      return { key, schema: converted.schema, value: converted.value };
    });
  }

  /** The held record stage by stage, waiting, retrying and tolerating as configured. Null when dropped or skipped. */
  async #withCare(batch: RawBatch, cursor: RecordCursor): Promise<SinkRecord | null> {
    const { keyConverter, valueConverter, transforms, classNames } = this.#pipeline;
    const { topic, partition, timestampType } = batch;
    const raw = rawRecord(batch, cursor);
    const guard = <T>(stage: Stage, className: string, run: () => T): Promise<T | typeof SKIPPED> =>
      this.#guard(stage, className, raw, run);

    const headers = await guard('HEADER_CONVERTER', classNames.header, () => this.#headers(topic, cursor));
    if (headers === SKIPPED) return null;
    const key = await guard<SchemaAndValue>('KEY_CONVERTER', classNames.key, () =>
      keyConverter.toConnect(topic, rawHeaders(raw), raw.key),
    );
    if (key === SKIPPED) return null;
    const value = await guard<SchemaAndValue>('VALUE_CONVERTER', classNames.value, () =>
      valueConverter.toConnect(topic, rawHeaders(raw), raw.value),
    );
    if (value === SKIPPED) return null;
    let record = new SinkRecord(
      topic,
      partition,
      raw.offset,
      key.schema,
      key.value,
      value.schema,
      value.value,
      raw.timestamp,
      timestampType,
      headers,
      topic,
    );
    for (const { apply, className } of transforms) {
      const current = record;
      const next = await guard('TRANSFORMATION', className, () => apply(current));
      if (next === SKIPPED || next === null) return null;
      record = next;
    }
    return record;
  }

  async #guard<T>(
    stage: Stage,
    className: string,
    raw: RawRecord,
    run: () => T,
  ): Promise<T | typeof SKIPPED> {
    try {
      return run();
    } catch (thrown) {
      const report = this.#report;
      return this.#operator.recover(
        stage,
        className,
        thrown,
        run,
        () => whereIs(raw),
        (failure) => report(failure, raw),
      );
    }
  }
}

export function rawRecord(batch: RawBatch, cursor: RecordCursor): RawRecord {
  const { topic, partition, timestampType } = batch;
  const { offset, timestamp, key, value, headers } = cursor;
  return { topic, partition, offset, timestamp, timestampType, key, value, headers };
}

/** Headers as they are in Kafka, for converters that look for the schema there. */
const rawHeaders = ({ headers }: Pick<RecordCursor, 'headers'>): Headers =>
  headers.map(({ key, value }) => ({ key, schema: null, value }));

/** Coordinates as Connect writes them into its error log; for the failure of a task, the key is added. */
export function whereIs(raw: RawRecord): Pick<Failure, 'at' | 'where'> {
  const type = raw.timestampType === 'create' ? 'CreateTime' : 'LogAppendTime';
  const at = `topic='${raw.topic}', partition=${raw.partition}, offset=${raw.offset}, timestamp=${raw.timestamp}, timestampType=${type}`;
  return { at: `${at}, key=${keyText(raw.key)}`, where: `consumed record is {${at}}` };
}

const MAX_KEY_CHARS = 64;

/** Printable keys as text, others as hex, both cut. */
function keyText(key: Buffer | null): string {
  if (key === null) return 'null';
  const text = key.toString('utf8', 0, MAX_KEY_CHARS);
  if (!/[\p{Cc}\ufffd]/u.test(text)) return JSON.stringify(text);
  return `0x${key.toString('hex', 0, MAX_KEY_CHARS / 2)}`;
}
