import {
  DataError,
  type Header,
  type Headers,
  INT64_SCHEMA,
  NO_HEADERS,
  type SourceOffset,
  type SourcePartition,
  SourceRecord,
  type SourceTaskContext,
  STRING_SCHEMA,
  Struct,
} from '../../../src/plugin';
import type { Layout, Progress } from './layout';
import type { DirectoryOptions } from './options';

/** Where a file's records come from; the constant part of their offsets. */
export interface Origin {
  readonly partition: SourcePartition;
  /** Path below the directory, with slashes. */
  readonly path: string;
  /** See identity.ts. */
  readonly identity: string;
}

/** Makes the source records of one file, and counts what it is given. */
export class RecordBuilder {
  records: SourceRecord[] = [];
  /** A bad record waits until the good ones before it are delivered; see `refuse`. */
  blocked = false;
  origin: Origin;
  record: number;
  line: number;
  readonly #layout: Layout;
  readonly #options: DirectoryOptions;
  readonly #context: SourceTaskContext;
  readonly #metadata: Headers;
  /** Progress that the offset tells: that of the last record, as bad lines after it come again. */
  #reached: Progress;
  #tolerant = false;

  constructor(
    context: SourceTaskContext,
    options: DirectoryOptions,
    origin: Origin,
    layout: Layout,
    start: Progress,
  ) {
    this.#context = context;
    this.#options = options;
    this.origin = origin;
    this.#layout = layout;
    this.#reached = start;
    this.record = start.record;
    this.line = start.line;
    const name = origin.path.slice(origin.path.lastIndexOf('/') + 1);
    this.#metadata = [
      { key: 'file.name', schema: STRING_SCHEMA, value: name },
      { key: 'file.path', schema: STRING_SCHEMA, value: origin.path },
    ];
  }

  /** One more than a batch, so that the last record can be held back until it is known whether it ends its file. */
  get full(): boolean {
    return this.records.length > this.#options.batchSize || this.blocked;
  }

  /** A record that ends at `position` and took `lines` lines. */
  add(value: unknown, position: number, lines: number): void {
    const { origin } = this;
    const { keySchema, valueSchema, timestampIndex } = this.#layout;
    const headers = this.#options.headers ? this.#headers() : NO_HEADERS;
    this.record++;
    this.line += lines;
    this.reach(position);
    const values = value instanceof Struct ? value.values : null;
    const timestamp =
      values !== null && timestampIndex >= 0 ? (values[timestampIndex] as number | null) : null;
    this.records.push(
      new SourceRecord(
        origin.partition,
        this.offset(null),
        this.#options.topic,
        null,
        keySchema,
        values !== null && keySchema !== null ? this.#key(values) : this.#plainKey(value),
        valueSchema,
        value,
        timestamp,
        headers,
      ),
    );
  }

  #key(values: readonly unknown[]): Struct {
    const { keySchema, keyIndexes } = this.#layout;
    const key = new Array<unknown>(keyIndexes.length);
    for (let i = 0; i < key.length; i++) key[i] = values[keyIndexes[i]!];
    return new Struct(keySchema!, key);
  }

  /** Key of a value without schema: an object of its key fields. */
  #plainKey(value: unknown): unknown {
    const { keyFields } = this.#options;
    if (keyFields.length === 0 || this.#layout.columns !== null) return null;
    const fields = value as Readonly<Record<string, unknown>> | null;
    return Object.fromEntries(keyFields.map((name) => [name, fields?.[name] ?? null]));
  }

  #headers(): Header[] {
    return [...this.#metadata, { key: 'file.line', schema: INT64_SCHEMA, value: this.line + 1 }];
  }

  /** How far the file is read. `end` when that is all of it. */
  offset(end: string | null): SourceOffset {
    const { path, identity } = this.origin;
    return {
      path,
      position: this.#reached.position,
      record: this.#reached.record,
      line: this.#reached.line,
      done: end !== null,
      identity,
      end,
      columns: this.#layout.text,
    };
  }

  /** All up to `position` is done with, records or not. */
  reach(position: number): void {
    this.#reached = { position, record: this.record, line: this.line };
  }

  /** Lines without a record. */
  skipLines(lines: number): void {
    this.line += lines;
  }

  /**
   * Reports a bad record that begins at `position` and takes `lines` lines. False: come again with the same record, the
   * ones before it must be delivered first, for the report may end the task.
   */
  refuse(error: unknown, position: number, lines: number): boolean {
    if (!(error instanceof DataError)) throw error;
    if (this.records.length > 0 && !this.#tolerant) {
      this.blocked = true;
      return false;
    }
    const where = `file='${this.origin.path}', line=${this.line + 1}, position=${position}`;
    this.#context.skip(error, where);
    this.#tolerant = true;
    this.record++;
    this.line += lines;
    return true;
  }

  /** Makes the last record the one that ends its file, read up to `position`; `end` says how the file looked then. */
  finish(position: number, end: string): void {
    this.reach(position);
    const last = this.records.pop();
    if (last === undefined) return;
    this.records.push(
      new SourceRecord(
        last.sourcePartition,
        this.offset(end),
        last.topic,
        null,
        last.keySchema,
        last.key,
        last.valueSchema,
        last.value,
        last.timestamp,
        last.headers,
      ),
    );
  }

  /** The records so far, but for the last `hold`. */
  take(hold: number): SourceRecord[] {
    const { records } = this;
    this.blocked = false;
    if (hold === 0) {
      this.records = [];
      return records;
    }
    this.records = records.splice(records.length - hold);
    return records;
  }
}
