/** Connect values to the JSON text that Confluent's converter writes, by writers composed once per schema. */
import { DataError, type Schema, Struct } from '../../kernel';
import { type DecimalFormat, writerOf as plainWriterOf } from '../json/write';
import { hasTextKeys, isUnion, KEY, VALUE } from './names';

/** The text of a value; null for no value at all, which a struct leaves out. */
type Write = (value: unknown) => string | null;

export interface JsonWriters {
  /** Text of a value of the schema; `null` when there is none. */
  writerOf(schema: Schema): (value: unknown) => string;
}

interface WriteOptions {
  readonly decimalFormat: DecimalFormat;
  readonly ignoreDefaultForNullables: boolean;
}

const SETS = new Map<string, Writers>();

/** The same ones for the same options. */
export function jsonWriters({ decimalFormat, ignoreDefaultForNullables }: WriteOptions): JsonWriters {
  const key = `${decimalFormat} ${ignoreDefaultForNullables}`;
  let writers = SETS.get(key);
  if (writers === undefined) SETS.set(key, (writers = new Writers(decimalFormat, ignoreDefaultForNullables)));
  return writers;
}

const mismatch = (type: string, value: unknown): never => {
  const given = typeof value === 'object' && value !== null ? `a ${value.constructor?.name}` : typeof value;
  throw new DataError(`${given} is not a ${type}`);
};

class Writers implements JsonWriters {
  /** Recursive schemas find themselves here. */
  readonly #known = new WeakMap<Schema, Write>();

  constructor(
    readonly format: DecimalFormat,
    readonly ignoreDefaults: boolean,
  ) {}

  writerOf(schema: Schema): (value: unknown) => string {
    const write = this.#writer(schema);
    return (value) => write(value) ?? 'null';
  }

  #writer(schema: Schema): Write {
    const known = this.#known.get(schema);
    if (known !== undefined) return known;
    let inner: Write | null = null;
    const { optional } = schema;
    const byDefault = this.ignoreDefaults ? null : (schema.defaultValue ?? null);
    const write: Write = (value) => {
      if (value !== null && value !== undefined) return (inner ??= this.#compose(schema))(value);
      if (byDefault !== null) return (inner ??= this.#compose(schema))(byDefault);
      return optional ? 'null' : null;
    };
    this.#known.set(schema, write);
    return write;
  }

  #compose(schema: Schema): Write {
    switch (schema.type) {
      case 'array':
        return this.#array(schema);
      case 'map':
        return hasTextKeys(schema) ? this.#object(schema) : this.#entries(schema);
      case 'struct':
        return isUnion(schema) ? this.#union(schema) : this.#struct(schema);
      default:
        return plainWriterOf(schema, this.format);
    }
  }

  #array(schema: Schema): Write {
    const item = this.#writer(schema.valueSchema!);
    return (value) => {
      if (!Array.isArray(value)) return mismatch('array', value);
      let text = '[';
      for (let i = 0; i < value.length; i++) text += `${i === 0 ? '' : ','}${item(value[i])}`;
      return `${text}]`;
    };
  }

  #object(schema: Schema): Write {
    const item = this.#writer(schema.valueSchema!);
    return (value) => {
      if (!(value instanceof Map)) return mismatch('map', value);
      const members: string[] = [];
      for (const [key, entry] of value) {
        if (typeof key !== 'string') return mismatch('string', key);
        members.push(`${JSON.stringify(key)}:${item(entry)}`);
      }
      return `{${members.join(',')}}`;
    };
  }

  #entries(schema: Schema): Write {
    const keys = this.#writer(schema.keySchema!);
    const values = this.#writer(schema.valueSchema!);
    return (value) => {
      if (!(value instanceof Map)) return mismatch('map', value);
      const entries: string[] = [];
      for (const [key, entry] of value) {
        entries.push(`{"${KEY}":${keys(key)},"${VALUE}":${values(entry)}}`);
      }
      return `[${entries.join(',')}]`;
    };
  }

  /** The alternative that is set; one at most is. */
  #union(schema: Schema): Write {
    const writers = schema.fields.map((field) => this.#writer(field.schema));
    return (value) => {
      if (!(value instanceof Struct)) return mismatch('struct', value);
      const index = value.values.findIndex((each) => each !== null && each !== undefined);
      if (index < 0) return schema.optional ? 'null' : null;
      return writers[index]!(value.values[index]);
    };
  }

  #struct(schema: Schema): Write {
    const heads = schema.fields.map(({ name }) => `${JSON.stringify(name)}:`);
    const writers = schema.fields.map((field) => this.#writer(field.schema));
    const names = schema.fields.map(({ name }) => name);
    return (value) => {
      if (!(value instanceof Struct)) return mismatch('struct', value);
      const { values } = value;
      let text = '';
      for (let i = 0; i < heads.length; i++) {
        const member = memberText(writers[i]!, values[i], names[i]!);
        if (member !== null) text += (text === '' ? '{' : ',') + heads[i]! + member;
      }
      return text === '' ? '{}' : `${text}}`;
    };
  }
}

function memberText(write: Write, value: unknown, name: string): string | null {
  try {
    return write(value);
  } catch (error) {
    throw error instanceof DataError
      ? new DataError(`field ${name}: ${error.message}`, { cause: error.cause })
      : error;
  }
}
