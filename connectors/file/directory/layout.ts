/** What the records of a file look like: its columns, and the schemas made of them. */
import { DataError, INT64_SCHEMA, type Schema, STRING_SCHEMA, struct, TIMESTAMP } from '../../../src/plugin';
import { type Column, schemaOf } from '../values/column-type';
import type { DirectoryOptions } from './options';

export interface Layout {
  /** Columns of the value, in order; null: values without schema, or plain lines. */
  readonly columns: readonly Column[] | null;
  /** `columns` as JSON, as offsets keep them; null without columns. */
  readonly text: string | null;
  readonly valueSchema: Schema | null;
  readonly keySchema: Schema | null;
  /** Places of the key fields among the columns. */
  readonly keyIndexes: readonly number[];
  readonly timestampIndex: number;
}

/** How far a file is read: bytes (unpacked), records and lines before that point. */
export interface Progress {
  readonly position: number;
  readonly record: number;
  readonly line: number;
}

/** What the beginning of a file tells. */
export interface Discovery {
  readonly columns: readonly Column[];
  /** Where the data begins. */
  readonly start: Progress;
}

export interface Sample extends Discovery {
  /** Rows seen, bad ones too. */
  readonly rows: number;
}

const NOT_STRUCTURED = { columns: null, text: null, keySchema: null, keyIndexes: [], timestampIndex: -1 };
export const LINES: Layout = { ...NOT_STRUCTURED, valueSchema: STRING_SCHEMA };
export const SCHEMALESS: Layout = { ...NOT_STRUCTURED, valueSchema: null };

/** Makes layouts; equal columns share one, so that files of one kind share their schema objects. */
export class Layouts {
  readonly #options: DirectoryOptions;
  readonly #known = new Map<string, Layout>();

  constructor(options: DirectoryOptions) {
    this.#options = options;
  }

  /** Throws DataError when a key or timestamp field is not among the columns. */
  of(found: readonly Column[]): Layout {
    const { keyFields } = this.#options;
    const columns = this.#declared(found).map((column) =>
      keyFields.includes(column.name) ? { ...column, type: { ...column.type, required: true } } : column,
    );
    const text = JSON.stringify(columns);
    let layout = this.#known.get(text);
    if (layout === undefined) {
      layout = this.#compose(columns, text);
      this.#known.set(text, layout);
    }
    return layout;
  }

  /** From the text an offset keeps. */
  parse(text: string): Layout {
    return this.of(JSON.parse(text) as Column[]);
  }

  /** Declared types win over found ones; declared columns that a file lacks come last and are null. */
  #declared(found: readonly Column[]): Column[] {
    const declared = new Map(this.#options.columns.map((column) => [column.name, column]));
    const columns = found.map((column) => ({
      ...column,
      type: declared.get(column.name)?.type ?? column.type,
    }));
    const names = new Set(found.map(({ name }) => name));
    const missing = this.#options.columns.filter(({ name }) => !names.has(name));
    return [...columns, ...missing.map((column) => ({ ...column, absent: true as const }))];
  }

  #compose(columns: readonly Column[], text: string): Layout {
    if (this.#options.format === 'csv') checkRequired(columns);
    const { schemaName, keyFields, timestampField } = this.#options;
    const fields = columns.map(({ name, type }) => [name, schemaOf(type)] as const);
    const indexOf = (field: string, key: string): number => {
      const index = columns.findIndex(({ name }) => name === field);
      if (index >= 0) return index;
      throw new DataError(
        `${key} names ${field}, but the columns are ${columns.map(({ name }) => name).join(', ')}`,
      );
    };
    const keyIndexes = keyFields.map((field) => indexOf(field, 'key.fields'));
    const keyName = schemaName === null ? null : `${schemaName}Key`;
    const timestampIndex = timestampField === null ? -1 : indexOf(timestampField, 'timestamp.field');
    if (timestampIndex >= 0) checkTimestamp(fields[timestampIndex]![1], timestampField!);
    return {
      columns,
      text,
      valueSchema: struct(fields, { name: schemaName }),
      keySchema:
        keyIndexes.length === 0
          ? null
          : struct(
              keyIndexes.map((index) => fields[index]!),
              { name: keyName },
            ),
      keyIndexes,
      timestampIndex,
    };
  }
}

/** Fields of JSON may come later; columns of a CSV file do not. */
function checkRequired(columns: readonly Column[]): void {
  const lacking = columns.find(({ absent, type }) => absent && type.required);
  if (lacking !== undefined) throw new DataError(`the file has no column ${lacking.name}, which is required`);
}

function checkTimestamp(schema: Schema, field: string): void {
  if (schema.type === INT64_SCHEMA.type && (schema.name === null || schema.name === TIMESTAMP)) return;
  throw new DataError(`timestamp.field names ${field}, which is neither a timestamp nor an int64`, {
    hint: `Declare it: columns=${field}:timestamp.`,
  });
}
