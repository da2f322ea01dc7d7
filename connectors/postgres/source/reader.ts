/** Reads one relation: pass after pass, each in pages, handing out records with their offsets. */
import type { Client } from 'pg';
import {
  DataError,
  type Int64,
  isRetriable,
  type Logger,
  MillraceError,
  SILENT,
  type SourceOffset,
  SourceRecord,
  Struct,
} from '../../../src/plugin';
import { type Cursor, toOffset } from './cursor';
import { type Layout, readLayout, unreadable } from './layout';
import type { SourceOptions } from './options';
import { type Observation, Observer } from './pass';
import type { Relation } from './relation';
import { RowStream } from './row-stream';
import { type Bounds, selectPage } from './select';

/** A full reading has no position to go on from. */
const NO_OFFSET: SourceOffset = Object.freeze({});
const RETRY_FIRST_MS = 20;
const RETRY_MAX_MS = 1000;

export interface ReaderContext {
  readonly logger: Logger;
  skip(error: Error, where: string): void;
}

interface Row {
  readonly values: unknown[];
  readonly micros: Int64;
}

export class RelationReader {
  /** When the next pass is due, by the monotonic clock. */
  dueAt = 0;
  /** When it was read last; the one that waits longest comes first. */
  readAt = 0;
  /** A pass took everything that was there when it began. */
  exhausted = false;

  readonly #observer: Observer;
  #layout: Layout | null = null;
  #signature: string | null = null;
  #warned = false;
  #pass: Bounds | null = null;
  #observation: Observation | null = null;
  #stream: RowStream | null = null;
  /** What ended the reading behind records that were handed out. */
  #failure: unknown = null;
  #pageRows = 0;
  #passRows = 0;
  #retryMs = RETRY_FIRST_MS;
  /** Where a statement that begins now has to go on. */
  #cursor: Cursor;
  /** The last row of `timestamp` mode: its offset depends on the one after it. */
  #held: Row | null = null;
  #offset: SourceOffset;

  constructor(
    readonly relation: Relation,
    private readonly options: SourceOptions,
    readerName: string,
    cursor: Cursor,
    private readonly context: ReaderContext,
  ) {
    this.#cursor = cursor;
    this.#offset = options.mode === 'bulk' ? NO_OFFSET : toOffset(cursor);
    this.#observer = new Observer(relation, options, readerName, context.logger);
  }

  /** A pass is under way. */
  get reading(): boolean {
    return this.#pass !== null;
  }

  /** Forgets what is under way: the connection is gone. Rows that were handed out are not read again. */
  reset(): void {
    this.#stream = null;
    this.#pass = null;
    this.#layout = null;
    this.#held = null;
    this.#failure = null;
  }

  /** The next records, at most `batchRows`; null when the pass is through. */
  async next(client: Client): Promise<SourceRecord[] | null> {
    const records: SourceRecord[] = [];
    try {
      if (this.#failure !== null) throw this.#failure;
      return (await this.#read(client, records)) ? records : null;
    } catch (error) {
      // The cursor is past the rows that were taken: they go out first.
      const first = this.#failure === null && records.length > 0;
      this.#failure = first ? error : null;
      if (first) return records;
      this.reset();
      throw error instanceof MillraceError ? error : unreadable(this.relation, error);
    }
  }

  /** False when the pass is through and had nothing more. */
  async #read(client: Client, records: SourceRecord[]): Promise<boolean> {
    if (this.#pass === null && !(await this.#begin(client))) {
      this.#end();
      return false;
    }
    while (records.length < this.options.batchRows) {
      this.#stream ??= this.#openPage(client);
      const stream = this.#stream;
      await stream.ready();
      this.#take(stream, records);
      if (!stream.done) continue;
      this.#stream = null;
      // All rows of the page's last time were in it.
      this.#release(null, records);
      if (this.#hasMorePages()) continue;
      // What is due next is settled with the last records, so that nobody waits to hear of it.
      this.#end();
      return records.length > 0;
    }
    return true;
  }

  async #begin(client: Client): Promise<boolean> {
    let observation: Observation;
    do {
      this.#layout ??= await this.#readLayout(client);
      observation = await this.#observer.observe(client, this.#layout);
      // The first observation after a change describes what the layout may not know yet.
      if (observation.signature === this.#signature) break;
      if (this.#signature !== null) this.#warned = false;
      this.#signature = observation.signature;
      this.#layout = null;
    } while (this.#layout === null);
    this.#observation = observation;
    this.#passRows = 0;
    if (observation.blocked) return false;
    this.#pass = { from: this.#cursor, id: observation.id, micros: observation.micros };
    return true;
  }

  /** Warns once of what a shape of the table costs. */
  #readLayout(client: Client): Promise<Layout> {
    const logger = this.#warned ? SILENT : this.context.logger;
    this.#warned = true;
    return readLayout(client, this.relation, this.options, logger);
  }

  #openPage(client: Client): RowStream {
    const layout = this.#layout!;
    this.#pageRows = 0;
    const text = selectPage(layout, { ...this.#pass!, from: this.#cursor });
    return new RowStream(client, text, layout.decoders);
  }

  #take(stream: RowStream, records: SourceRecord[]): void {
    const room = this.options.batchRows;
    while (records.length < room) {
      const values = stream.take();
      if (values === null) return;
      this.#pageRows++;
      const bad = stream.fault !== null;
      if (bad) this.#skip(stream.fault!.error, stream.fault!.field, values);
      this.#accept(values, bad, records);
    }
  }

  #accept(values: unknown[], bad: boolean, records: SourceRecord[]): void {
    const { idAt, timeAt, width } = this.#layout!;
    if (timeAt < 0) {
      if (idAt >= 0) this.#cursor = { id: values[idAt] as Int64, micros: null };
    } else if (idAt >= 0) {
      this.#cursor = { id: values[idAt] as Int64, micros: values[timeAt] as Int64 };
    } else {
      this.#hold(values, bad, records);
      return;
    }
    if (values.length > width) values.length = width;
    if (bad) return;
    this.#passRows++;
    records.push(this.#record(values, idAt < 0 ? NO_OFFSET : toOffset(this.#cursor)));
  }

  /** Rows of one time share the offset before them, but for the last: read again, none of them is missed. */
  #hold(values: unknown[], bad: boolean, records: SourceRecord[]): void {
    const { timeAt, width } = this.#layout!;
    const micros = values[timeAt] as Int64;
    this.#release(micros, records);
    values.length = width;
    if (bad) return;
    this.#passRows++;
    this.#held = { values, micros };
  }

  /** Hands out the row held; `next` is the time of the row after it, null when none comes. */
  #release(next: Int64 | null, records: SourceRecord[]): void {
    const held = this.#held;
    if (held === null) return;
    this.#held = null;
    if (held.micros !== next) {
      this.#cursor = { id: null, micros: held.micros };
      this.#offset = toOffset(this.#cursor);
    }
    records.push(this.#record(held.values, this.#offset));
  }

  #record(values: unknown[], offset: SourceOffset): SourceRecord {
    const { keySchema, keyFields, valueSchema } = this.#layout!;
    const key =
      keySchema === null
        ? null
        : new Struct(
            keySchema,
            keyFields.map((at) => values[at]),
          );
    const { partition, topic } = this.relation;
    return new SourceRecord(
      partition,
      offset,
      topic,
      null,
      keySchema,
      key,
      valueSchema,
      new Struct(valueSchema, values),
    );
  }

  #skip(error: Error, field: number, values: readonly unknown[]): void {
    if (isRetriable(error)) throw error;
    const { names, idAt } = this.#layout!;
    const hint = error instanceof MillraceError ? (error.hint ?? undefined) : undefined;
    const where = idAt < 0 ? this.relation.name : `${this.relation.name}, ${names[idAt]}=${values[idAt]}`;
    this.context.skip(
      new DataError(`${this.relation.name}.${names[field]}: ${error.message}`, { cause: error, hint }),
      where,
    );
  }

  #hasMorePages(): boolean {
    const { mode, suffix, pageRows } = this.options;
    return mode !== 'bulk' && suffix === '' && this.#pageRows >= pageRows;
  }

  #end(): void {
    const { heldBack } = this.#observation!;
    const now = performance.now();
    this.#pass = null;
    this.exhausted = !heldBack;
    this.readAt = now;
    // What is held back mostly clears up within milliseconds.
    const soon = heldBack && this.#passRows === 0;
    this.dueAt =
      now + (soon ? Math.min(this.#retryMs, this.options.pollIntervalMs) : this.options.pollIntervalMs);
    this.#retryMs = soon ? Math.min(this.#retryMs * 2, RETRY_MAX_MS) : RETRY_FIRST_MS;
  }
}
