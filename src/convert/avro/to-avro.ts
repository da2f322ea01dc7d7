/**
 * Connect schema to Avro schema, attribute for attribute in the order Confluent's converter writes them, so that the
 * same data registers as the same schema.
 */
import {
  DATE,
  DataError,
  DECIMAL,
  type Field,
  type Schema,
  sameFields,
  sameSchema,
  TIME,
  TIMESTAMP,
} from '../../kernel';
import type {
  AvroField,
  AvroName,
  AvroNamed,
  AvroPrimitiveKind,
  AvroProps,
  AvroRecord,
  AvroSchema,
} from '../../schemas/avro/ast';
import { defaultProblem } from '../../schemas/avro/defaults';
import { type Json, JsonNumber } from '../../schemas/json-text';
import { ANYTHING_SCHEMA } from './anything';
import { defaultToAvro } from './default-to-avro';
import * as names from './names';
import { avroNameOf, hasAvroMapKeys, isEnum, isFixed, isUnion, scrub } from './names';
import type { AvroDataOptions } from './options';

/** The Avro schema of a Connect schema; null (no schema) is the Anything record. Throws DataError. */
export const toAvroSchema = (schema: Schema | null, options: AvroDataOptions): AvroSchema =>
  schema === null ? ANYTHING_SCHEMA : new ToAvro(options).convert(schema);

const PRIMITIVES = {
  int8: 'int',
  int16: 'int',
  int32: 'int',
  int64: 'long',
  float32: 'float',
  float64: 'double',
  boolean: 'boolean',
} as const;

interface Defined {
  readonly schema: Schema;
  readonly avro: AvroNamed;
}

class ToAvro {
  /** Named types by full name; a second use is by name. */
  readonly #defined = new Map<string, Defined>();
  /** Structs without a name, which are told apart by what they hold. */
  readonly #unnamed: Defined[] = [];
  readonly #seenNames = new Set<string>();

  constructor(readonly options: AvroDataOptions) {}

  convert(schema: Schema | null): AvroSchema {
    if (schema === null) return ANYTHING_SCHEMA;
    if (isUnion(schema)) return this.#union(schema);
    const base = this.#base(schema);
    if (!schema.optional) return base;
    const none: AvroSchema = { kind: 'null', props: new Map() };
    // The default of a union is one of its first branch.
    return { kind: 'union', branches: hasDefault(schema) ? [base, none] : [none, base] };
  }

  /** The schema as if it were not optional. */
  #base(schema: Schema): AvroSchema {
    switch (schema.type) {
      case 'struct':
        return this.#struct(schema);
      case 'array':
        return { kind: 'array', items: this.convert(schema.valueSchema), props: this.#props(schema) };
      case 'map':
        return this.#map(schema);
      case 'string':
        return isEnum(schema, this.options) ? this.#enum(schema) : this.#primitive('string', schema);
      case 'bytes':
        return isFixed(schema) ? this.#fixed(schema) : this.#primitive('bytes', schema);
      default:
        return this.#primitive(PRIMITIVES[schema.type], schema);
    }
  }

  #primitive(kind: AvroPrimitiveKind, schema: Schema): AvroSchema {
    return { kind, props: this.#props(schema) };
  }

  #union(schema: Schema): AvroSchema {
    const branches: AvroSchema[] = schema.optional ? [{ kind: 'null', props: new Map() }] : [];
    for (const field of schema.fields) branches.push(this.#base(field.schema));
    return { kind: 'union', branches };
  }

  #struct(schema: Schema): AvroSchema {
    const known = this.#find(schema);
    if (known !== undefined) return known;
    const name = this.#structName(schema);
    const { discardTypeDocDefault } = this.options;
    const doc = schema.parameters?.get(discardTypeDocDefault ? names.CONNECT_RECORD_DOC : names.RECORD_DOC);
    const record = newRecord(name, doc ?? null, this.#props(schema));
    this.#define(schema, record);
    for (const field of schema.fields) record.fields.push(this.#field(schema, field));
    checkFieldNames(record);
    return record;
  }

  #find(schema: Schema): AvroNamed | undefined {
    if (schema.name === null) return this.#unnamed.find((known) => sameStruct(known.schema, schema))?.avro;
    const name = avroNameOf(schema.name, this.options).full;
    const known = this.#defined.get(name);
    if (known !== undefined && !sameStruct(known.schema, schema)) {
      throw new DataError(`Two different schemas are named ${name}: Avro allows one of a name`);
    }
    return known?.avro;
  }

  #define(schema: Schema, avro: AvroNamed): void {
    this.#defined.set(avro.name.full, { schema, avro });
    if (schema.name === null) this.#unnamed.push({ schema, avro });
  }

  #structName(schema: Schema): AvroName {
    if (schema.name !== null) return avroNameOf(schema.name, this.options);
    const number = this.#unnamed.length + 1;
    const short = `${names.DEFAULT_NAME}${number > 1 ? number : ''}`;
    return { full: `${names.NAMESPACE}.${short}`, short, space: names.NAMESPACE };
  }

  #field(struct: Schema, field: Field): AvroField {
    const doc = this.options.discardTypeDocDefault
      ? field.schema.doc
      : struct.parameters?.get(names.FIELD_DOC + field.name);
    return this.#recordField(scrub(field.name, this.options), field.schema, doc ?? null);
  }

  #recordField(name: string, schema: Schema | null, doc: string | null): AvroField {
    const repeated = schema?.name != null && this.#seen(schema.name);
    const type = this.convert(schema);
    const props: AvroProps = new Map();
    // A type named a second time cannot carry parameters of its own: the field carries them.
    if (repeated && this.options.connectMetaData && isNamedType(type)) {
      const parameters = this.#parameters(schema!);
      if (parameters.size > 0) props.set(names.CONNECT_PARAMETERS, parameters);
    }
    return {
      name,
      type,
      doc,
      default: this.#fieldDefault(schema, type),
      order: 'ascending',
      aliases: [],
      props,
    };
  }

  #seen(name: string): boolean {
    const { full } = avroNameOf(name, this.options);
    if (this.#seenNames.has(full)) return true;
    this.#seenNames.add(full);
    return false;
  }

  /** A default that Avro cannot hold (a map with other keys) is left to `connect.default`. */
  #fieldDefault(schema: Schema | null, type: AvroSchema): Json | undefined {
    if (schema === null) return undefined;
    if (!hasDefault(schema)) return schema.optional ? null : undefined;
    const value = defaultToAvro(schema, schema.defaultValue, this.options);
    return defaultProblem(type, value) === null ? value : undefined;
  }

  #map(schema: Schema): AvroSchema {
    const props = this.#props(schema);
    if (hasAvroMapKeys(schema, this.options)) {
      return { kind: 'map', values: this.convert(schema.valueSchema), props };
    }
    return { kind: 'array', items: this.#entry(schema), props };
  }

  #entry(schema: Schema): AvroNamed {
    const own = schema.name === null ? null : avroNameOf(schema.name, this.options);
    for (let number = 1; ; number++) {
      const short = own?.short ?? `${names.MAP_ENTRY}${number > 1 ? number : ''}`;
      const space = own === null ? names.NAMESPACE : own.space;
      const name = { full: space === null ? short : `${space}.${short}`, short, space };
      const known = this.#defined.get(name.full);
      if (known === undefined) return this.#newEntry(schema, name);
      if (sameEntries(known.schema, schema)) return known.avro;
      if (own !== null) throw new DataError(`Two different schemas are named ${name.full}`);
    }
  }

  #newEntry(schema: Schema, name: AvroName): AvroNamed {
    const record = newRecord(name, null, new Map());
    if (name.full !== `${names.NAMESPACE}.${names.MAP_ENTRY}`) {
      record.props.set(names.CONNECT_INTERNAL_TYPE, names.MAP_ENTRY);
    }
    this.#defined.set(name.full, { schema, avro: record });
    record.fields.push(this.#recordField('key', schema.keySchema, null));
    record.fields.push(this.#recordField('value', schema.valueSchema, null));
    return record;
  }

  #enum(schema: Schema): AvroSchema {
    const parameter = names.enumParameter(this.options);
    const parameters = schema.parameters!;
    const name = avroNameOf(parameters.get(parameter)!, this.options);
    const symbols = [...parameters.keys()]
      .filter((key) => key.startsWith(`${parameter}.`))
      .map((key) => key.slice(parameter.length + 1));
    const discard = this.options.discardTypeDocDefault;
    const doc = parameters.get(discard ? names.CONNECT_ENUM_DOC : names.ENUM_DOC + name.short) ?? null;
    const byDefault = discard ? null : (parameters.get(names.ENUM_DEFAULT + name.short) ?? null);
    return this.#once(schema, name, () => ({
      kind: 'enum',
      name,
      doc,
      symbols,
      default: byDefault,
      aliases: [],
      props: this.#props(schema),
    }));
  }

  #fixed(schema: Schema): AvroSchema {
    const name = avroNameOf(schema.name!, this.options);
    const size = Number(schema.parameters!.get(names.FIXED_SIZE));
    if (!Number.isInteger(size) || size < 0) {
      throw new DataError(
        `${names.FIXED_SIZE} of ${schema.name} is not a size: ${schema.parameters!.get(names.FIXED_SIZE)}`,
      );
    }
    const props = this.#props(schema);
    return this.#once(schema, name, () => ({ kind: 'fixed', name, doc: null, size, aliases: [], props }));
  }

  /** An enum or fixed, defined where it is met first. */
  #once(schema: Schema, name: AvroName, create: () => AvroNamed): AvroNamed {
    const known = this.#defined.get(name.full)?.avro;
    const created = create();
    if (known === undefined) {
      this.#defined.set(name.full, { schema, avro: created });
      return created;
    }
    if (!sameShape(known, created)) throw new DataError(`Two different schemas are named ${name.full}`);
    return known;
  }

  #props(schema: Schema): AvroProps {
    const props: AvroProps = new Map();
    const decimal = schema.name === DECIMAL && schema.type === 'bytes' ? decimalShape(schema) : null;
    if (decimal !== null) {
      props.set('scale', integer(decimal.scale));
      props.set('precision', integer(decimal.precision));
    }
    if (this.options.connectMetaData) this.#metadata(schema, props);
    const logical = decimal === null ? logicalName(schema) : 'decimal';
    if (logical !== null) props.set('logicalType', logical);
    for (const [key, value] of schema.parameters ?? []) if (key.startsWith('avro')) props.set(key, value);
    return props;
  }

  #metadata(schema: Schema, props: AvroProps): void {
    if (schema.doc !== null) props.set(names.CONNECT_DOC, schema.doc);
    if (schema.version !== null) props.set(names.CONNECT_VERSION, integer(schema.version));
    const parameters = this.#parameters(schema);
    if (parameters.size > 0) props.set(names.CONNECT_PARAMETERS, parameters);
    if (hasDefault(schema) && !this.#isFieldDefault(schema)) {
      props.set(names.CONNECT_DEFAULT, defaultToAvro(schema, schema.defaultValue, this.options));
    }
    if (schema.name !== null) props.set(names.CONNECT_NAME, schema.name);
    if (schema.type === 'int8' || schema.type === 'int16') props.set(names.CONNECT_TYPE, schema.type);
  }

  /** Whether the default came from a field of an Avro schema, where alone it goes back to. */
  #isFieldDefault(schema: Schema): boolean {
    return !this.options.discardTypeDocDefault && (schema.parameters?.has(names.FIELD_DEFAULT_FLAG) ?? false);
  }

  #parameters(schema: Schema): Map<string, Json> {
    const parameters = new Map<string, Json>(schema.parameters ?? []);
    if (!this.options.discardTypeDocDefault) parameters.delete(names.FIELD_DEFAULT_FLAG);
    return parameters;
  }
}

const integer = (value: number): JsonNumber => new JsonNumber(String(value));

const hasDefault = (schema: Schema): boolean =>
  schema.defaultValue !== undefined && schema.defaultValue !== null;

const LOGICAL: Readonly<Record<string, readonly [type: string, logical: string]>> = {
  [DATE]: ['int32', 'date'],
  [TIME]: ['int32', 'time-millis'],
  [TIMESTAMP]: ['int64', 'timestamp-millis'],
};

function logicalName(schema: Schema): string | null {
  const logical =
    schema.name !== null && Object.hasOwn(LOGICAL, schema.name) ? LOGICAL[schema.name] : undefined;
  return logical?.[0] === schema.type ? logical[1] : null;
}

/** Scale and precision as Confluent writes them; a scale outside 0..precision breaks Avro's rule and readers then ignore it. */
function decimalShape(schema: Schema): { scale: number; precision: number } {
  const scale = Number(schema.parameters?.get('scale') ?? Number.NaN);
  const precision = Number(schema.parameters?.get(names.DECIMAL_PRECISION) ?? names.DEFAULT_PRECISION);
  if (!Number.isInteger(scale) || !Number.isInteger(precision)) {
    throw new DataError('A Decimal schema needs the parameter scale, an integer');
  }
  return { scale, precision };
}

const newRecord = (name: AvroName, doc: string | null, props: AvroProps): AvroRecord => ({
  kind: 'record',
  isError: false,
  name,
  doc,
  fields: [],
  aliases: [],
  props,
});

function checkFieldNames(record: AvroRecord): void {
  const seen = new Set<string>();
  for (const { name } of record.fields) {
    if (seen.has(name)) throw new DataError(`Two fields of ${record.name.full} are named ${name} in Avro`);
    seen.add(name);
  }
}

const isNamedType = (schema: AvroSchema): boolean =>
  schema.kind === 'union'
    ? schema.branches.some(isNamedType)
    : schema.kind === 'record' || schema.kind === 'enum' || schema.kind === 'fixed';

/** The same struct, whether optional or not and whatever its default. */
const sameStruct = (a: Schema, b: Schema): boolean =>
  a === b || a.fields === b.fields || (a.type === b.type && sameFields(a.fields, b.fields));

const sameEntries = (a: Schema, b: Schema): boolean =>
  sameSchema(a.keySchema, b.keySchema) && sameSchema(a.valueSchema, b.valueSchema);

const sameShape = (a: AvroNamed, b: AvroNamed): boolean =>
  a.kind === 'enum'
    ? b.kind === 'enum' && a.symbols.join() === b.symbols.join()
    : a.kind === 'fixed' && b.kind === 'fixed' && a.size === b.size;
