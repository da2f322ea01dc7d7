/** Rows of RFC 4180 out of Connect values: nothing between commas is null, "" is the empty text. */
import { DataError, type Schema, Struct } from '../../../src/plugin';
import { JsonWriter } from './jsonl-writer';

const TO_QUOTE = /[",\r\n]/;

const cell = (text: string): string =>
  text === '' || TO_QUOTE.test(text) ? `"${text.replaceAll('"', '""')}"` : text;

export class CsvWriter {
  readonly #end: string;
  /** Cells are what JSON has between the quotes: ISO times, exact decimals; nested values are JSON texts. */
  readonly #json = new JsonWriter('number');
  readonly #headers = new Map<Schema, string>();

  constructor(lineEnd: string) {
    this.#end = lineEnd;
  }

  /** The header row for a value; rows of one file share it. Throws DataError for a null, which has no columns. */
  header(value: unknown, schema: Schema | null): string {
    if (value === null || value === undefined)
      throw new DataError('a null value (tombstone) has no columns for csv');
    if (!(value instanceof Struct)) {
      return this.#row(schema === null && isPlainObject(value) ? Object.keys(value).map(cell) : ['value']);
    }
    let header = this.#headers.get(value.schema);
    if (header === undefined) {
      header = this.#row(value.schema.fields.map(({ name }) => cell(name)));
      this.#headers.set(value.schema, header);
    }
    return header;
  }

  row(value: unknown, schema: Schema | null): string {
    if (value instanceof Struct) {
      const { fields } = value.schema;
      let text = '';
      for (let i = 0; i < fields.length; i++) {
        if (i > 0) text += ',';
        text += this.#cell(value.values[i], fields[i]!.schema);
      }
      return text + this.#end;
    }
    const cells = schema === null && isPlainObject(value) ? Object.values(value) : [value];
    return this.#row(cells.map((each) => this.#cell(each, cells.length === 1 ? schema : null)));
  }

  #row(cells: string[]): string {
    return cells.join(',') + this.#end;
  }

  #cell(value: unknown, schema: Schema | null): string {
    if (value === null || value === undefined) return '';
    if (typeof value === 'string') return cell(value);
    if (typeof value === 'number' && (schema === null || schema.name === null)) return String(value);
    const json = this.#json.text(value, schema);
    // Times and bytes come in quotes, without escapes.
    return cell(json.startsWith('"') ? json.slice(1, -1) : json);
  }
}

const isPlainObject = (value: unknown): value is Record<string, unknown> =>
  value !== null && typeof value === 'object' && Object.getPrototypeOf(value) === Object.prototype;
