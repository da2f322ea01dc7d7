/** JSON texts of Connect values, by writers that are composed once per schema. */
import { DATE, Decimal, type Schema, Struct, TIME, TIMESTAMP } from '../../../src/plugin';
import { dateText, timestampText, timeText } from './time-text';

type Write = (value: unknown) => string;

/** Not so: control characters, quotes, backslashes, and halves of surrogate pairs, which UTF-8 cannot hold. */
const TO_ESCAPE = /[^ !#-[\]-\ud7ff\ue000-\uffff]/;

const quote = (text: string): string => (TO_ESCAPE.test(text) ? JSON.stringify(text) : `"${text}"`);

/** JSON knows no NaN and no infinity: they are strings, as Kafka's JsonConverter writes them. */
const numberText = (value: number): string => (Number.isFinite(value) ? String(value) : `"${value}"`);

export type DecimalFormat = 'string' | 'number';

export class JsonWriter {
  readonly #writers = new Map<Schema, Write>();
  readonly #decimal: Write;

  constructor(decimals: DecimalFormat) {
    this.#decimal = decimals === 'string' ? (value) => `"${value}"` : String;
  }

  /** One JSON text without line ends. */
  text(value: unknown, schema: Schema | null): string {
    return value === null || value === undefined
      ? 'null'
      : schema === null
        ? this.#any(value)
        : this.#of(schema)(value);
  }

  #of(schema: Schema): Write {
    let write = this.#writers.get(schema);
    if (write === undefined) {
      // A schema may contain itself, so it must be known before its parts are composed.
      let composed: Write | null = null;
      this.#writers.set(schema, (value) => composed!(value));
      composed = this.#compose(schema);
      write = composed;
      this.#writers.set(schema, write);
    }
    return write;
  }

  #compose(schema: Schema): Write {
    switch (schema.type) {
      case 'struct':
        return this.#struct(schema);
      case 'array': {
        const item = this.#nullable(schema.valueSchema!);
        return (value) => `[${(value as unknown[]).map(item).join(',')}]`;
      }
      case 'map':
        return this.#map(schema);
      case 'string':
        return (value) => quote(value as string);
      case 'bytes':
        return (value) =>
          value instanceof Decimal ? this.#decimal(value) : `"${(value as Buffer).toString('base64')}"`;
      case 'float32':
      case 'float64':
        return (value) => numberText(value as number);
      case 'boolean':
        return String;
      default:
        return integerWriter(schema);
    }
  }

  #nullable(schema: Schema): Write {
    const write = this.#of(schema);
    return (value) => (value === null || value === undefined ? 'null' : write(value));
  }

  #struct(schema: Schema): Write {
    const prefixes = schema.fields.map(({ name }, i) => `${i === 0 ? '{' : ','}${JSON.stringify(name)}:`);
    const writers = schema.fields.map((field) => this.#of(field.schema));
    const count = writers.length;
    if (count === 0) return () => '{}';
    return (struct) => {
      const { values } = struct as Struct;
      let text = '';
      for (let i = 0; i < count; i++) {
        const value = values[i];
        text += prefixes[i]! + (value === null || value === undefined ? 'null' : writers[i]!(value));
      }
      return `${text}}`;
    };
  }

  /** String keys make an object; other keys pairs, as Kafka's JsonConverter writes them. */
  #map(schema: Schema): Write {
    const item = this.#nullable(schema.valueSchema!);
    if (schema.keySchema!.type === 'string') {
      return (value) =>
        `{${[...(value as Map<string, unknown>)].map(([key, each]) => `${quote(key)}:${item(each)}`).join(',')}}`;
    }
    const keys = this.#nullable(schema.keySchema!);
    return (value) =>
      `[${[...(value as Map<unknown, unknown>)].map(([key, each]) => `[${keys(key)},${item(each)}]`).join(',')}]`;
  }

  /** A value without schema tells its type itself. */
  #any(value: unknown): string {
    switch (typeof value) {
      case 'string':
        return quote(value);
      case 'number':
        return numberText(value);
      case 'object':
        return value === null ? 'null' : this.#object(value);
      case 'undefined':
        return 'null';
      default:
        return String(value);
    }
  }

  #object(value: object): string {
    if (Array.isArray(value)) return `[${value.map((item) => this.#any(item)).join(',')}]`;
    if (value instanceof Struct) return this.text(value, value.schema);
    if (Buffer.isBuffer(value)) return `"${value.toString('base64')}"`;
    if (value instanceof Decimal) return this.#decimal(value);
    const entries = value instanceof Map ? [...value] : Object.entries(value);
    return `{${entries.map(([key, item]) => `${quote(String(key))}:${this.#any(item)}`).join(',')}}`;
  }
}

function integerWriter({ name }: Schema): Write {
  switch (name) {
    case TIMESTAMP:
      return (value) => `"${timestampText(Number(value))}"`;
    case DATE:
      return (value) => `"${dateText(value as number)}"`;
    case TIME:
      return (value) => `"${timeText(value as number)}"`;
    default:
      return String;
  }
}
