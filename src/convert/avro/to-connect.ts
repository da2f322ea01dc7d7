/** Avro schema to Connect schema: the inverse of to-avro.ts, and the reading of schemas that others wrote. */
import {
  DATE,
  DataError,
  DECIMAL,
  Schema,
  type SchemaOptions,
  type SchemaType,
  STRING_SCHEMA,
  setFields,
  TIME,
  TIMESTAMP,
} from '../../kernel';
import {
  type AvroArray,
  type AvroField,
  type AvroRecord,
  type AvroSchema,
  type AvroUnion,
  textProp,
} from '../../schemas/avro/ast';
import { type Json, JsonNumber, printJson } from '../../schemas/json-text';
import { isAnything } from './anything';
import { defaultToConnect } from './default-to-connect';
import * as names from './names';
import { branchFieldName, isMapEntry } from './names';
import type { AvroDataOptions } from './options';

/**
 * The Connect schema of an Avro schema; null for the Anything record, which holds values without a schema. `version`
 * is that of the registry, used where the schema names none. Throws DataError.
 */
export function toConnectSchema(
  avro: AvroSchema,
  options: AvroDataOptions,
  version: number | null = null,
): Schema | null {
  if (avro.kind === 'record' && isAnything(avro)) return null;
  return new ToConnect(options).convert(avro, { ...PLAIN, version });
}

/** What the place of a type adds to it. */
interface Place {
  readonly optional: boolean;
  /** Default of the field; `undefined`: none. */
  readonly default: Json | undefined;
  /** Doc of the field. */
  readonly doc: string | null;
  readonly version: number | null;
}

const PLAIN: Place = { optional: false, default: undefined, doc: null, version: null };
const OPTIONAL: Place = { ...PLAIN, optional: true };

interface Pending {
  readonly schema: Schema;
  /** Copies made while the fields were not known yet. */
  readonly copies: Schema[];
}

class ToConnect {
  /** Records being converted: a schema that holds itself refers to these. */
  readonly #pending = new Map<AvroRecord, Pending>();
  #unions = 0;

  constructor(readonly options: AvroDataOptions) {}

  convert(avro: AvroSchema, place: Place): Schema {
    switch (avro.kind) {
      case 'null':
        throw new DataError('Standalone null schemas are not supported by this converter');
      case 'union':
        return this.#union(avro, place);
      case 'record':
        return this.#record(avro, place);
      case 'array':
        return this.#array(avro, place);
      case 'map':
        return this.#finish('map', avro, place, {}, this.convert(avro.values, PLAIN), STRING_SCHEMA);
      case 'enum':
        return this.#finish('string', avro, place, { name: avro.name.full, parameters: this.#enum(avro) });
      case 'fixed':
      case 'bytes':
        return this.#finish('bytes', avro, place, bytesOptions(avro));
      case 'int':
        return this.#finish(intType(avro), avro, place, logicalOptions(avro, INT_LOGICAL));
      case 'long':
        return this.#finish('int64', avro, place, logicalOptions(avro, LONG_LOGICAL));
      default:
        return this.#finish(SIMPLE[avro.kind], avro, place, {});
    }
  }

  #array(avro: AvroArray, place: Place): Schema {
    if (!isMapEntry(avro.items)) {
      return this.#finish('array', avro, place, {}, this.convert(avro.items, PLAIN));
    }
    const { fields } = avro.items as AvroRecord;
    const key = fields.find((field) => field.name === 'key');
    const value = fields.find((field) => field.name === 'value');
    if (fields.length !== 2 || key === undefined || value === undefined) {
      throw new DataError('A map encoded as array of entries needs entries of key and value');
    }
    return this.#finish(
      'map',
      avro,
      place,
      {},
      this.convert(value.type, PLAIN),
      this.convert(key.type, PLAIN),
    );
  }

  #record(avro: AvroRecord, place: Place): Schema {
    const pending = this.#pending.get(avro);
    if (pending !== undefined) return copyOf(pending, place);
    const ownName = `${names.NAMESPACE}.${names.DEFAULT_NAME}`;
    const name = avro.name.full.startsWith(ownName) ? null : avro.name.full;
    const schema = this.#finish(
      'struct',
      avro,
      { ...place, optional: false, default: undefined },
      {
        name,
        parameters: this.#recordDocs(avro),
      },
    );
    const copies: Schema[] = [];
    this.#pending.set(avro, { schema, copies });
    setFields(
      schema,
      avro.fields.map((field) => [field.name, this.#field(field)] as const),
    );
    for (const copy of copies) copy.fields = schema.fields;
    this.#pending.delete(avro);
    return this.#placed(schema, avro, place);
  }

  /** A record again with the optionality and default of its place; its fields are those already made. */
  #placed(schema: Schema, avro: AvroRecord, place: Place): Schema {
    const { parameters, defaultValue } = this.#default(schema, avro, place);
    if (!place.optional && defaultValue === undefined && parameters === schema.parameters) return schema;
    return schema.with({ optional: place.optional, default: defaultValue, parameters });
  }

  #field(field: AvroField): Schema {
    const schema = this.convert(field.type, { ...PLAIN, default: field.default, doc: field.doc });
    const parameters = field.props.get(names.CONNECT_PARAMETERS);
    if (!this.options.connectMetaData || !(parameters instanceof Map)) return schema;
    const texts = [...parameters].filter((entry): entry is [string, string] => typeof entry[1] === 'string');
    return schema.with({ parameters: new Map([...(schema.parameters ?? []), ...texts]) });
  }

  #recordDocs(avro: AvroRecord): Map<string, string> {
    const docs = new Map<string, string>();
    if (!this.options.connectMetaData || this.options.discardTypeDocDefault) return docs;
    if (avro.doc !== null) docs.set(names.RECORD_DOC, avro.doc);
    for (const field of avro.fields)
      if (field.doc !== null) docs.set(names.FIELD_DOC + field.name, field.doc);
    return docs;
  }

  #enum(avro: Extract<AvroSchema, { kind: 'enum' }>): Map<string, string> {
    const { connectMetaData, discardTypeDocDefault, enhanced, generalizedSums } = this.options;
    const parameters = new Map<string, string>();
    if (connectMetaData && avro.doc !== null) {
      parameters.set(
        discardTypeDocDefault ? names.CONNECT_ENUM_DOC : names.ENUM_DOC + avro.name.short,
        avro.doc,
      );
    }
    if (connectMetaData && !discardTypeDocDefault && avro.default !== null) {
      parameters.set(names.ENUM_DEFAULT + avro.name.short, avro.default);
    }
    if (!enhanced && !generalizedSums) return parameters;
    const parameter = names.enumParameter(this.options);
    parameters.set(parameter, avro.name.full);
    avro.symbols.forEach((symbol, i) => {
      parameters.set(`${parameter}.${symbol}`, generalizedSums ? String(i) : symbol);
    });
    return parameters;
  }

  #union(avro: AvroUnion, place: Place): Schema {
    const values = avro.branches.filter((branch) => branch.kind !== 'null');
    const nullable = values.length < avro.branches.length;
    if (values.length === 0)
      throw new DataError('A union of nothing but null is not supported by this converter');
    if (values.length === 1 && (nullable || this.options.flattenSingletonUnions)) {
      // A default of null says no more than that the schema is optional.
      const byDefault = place.default === null ? undefined : place.default;
      return this.convert(values[0]!, { ...place, optional: place.optional || nullable, default: byDefault });
    }
    return this.#unionStruct(avro, nullable, place);
  }

  #unionStruct(avro: AvroUnion, nullable: boolean, place: Place): Schema {
    const { generalizedSums } = this.options;
    const name = generalizedSums ? `${names.GENERAL_UNION_PREFIX}${this.#unions++}` : names.UNION_NAME;
    const fields = new Map<string, Schema>();
    avro.branches.forEach((branch, i) => {
      if (branch.kind === 'null') return;
      const field = branchFieldName(branch, i, this.options);
      if (fields.has(field)) throw new DataError(`Two branches of a union map to the field ${field}`);
      fields.set(field, this.convert(branch, OPTIONAL));
    });
    const parameters = new Map<string, string>(
      generalizedSums ? [[names.GENERAL_UNION_PARAMETER, name]] : [],
    );
    const schema = new Schema('struct', { name, parameters, optional: place.optional || nullable });
    setFields(schema, [...fields]);
    return this.#withUnionDefault(schema, avro, place);
  }

  #withUnionDefault(schema: Schema, avro: AvroUnion, place: Place): Schema {
    if (place.default === undefined || place.default === null) return schema;
    const value = tryDefault(schema, avro, place.default, this.options);
    const parameters = new Map(schema.parameters ?? []);
    if (!this.options.discardTypeDocDefault && this.options.connectMetaData) {
      parameters.set(names.FIELD_DEFAULT_FLAG, 'true');
    }
    return schema.with({ default: value, parameters });
  }

  /** Adds what every type may carry. `own` is what its kind gives it. */
  #finish(
    type: SchemaType,
    avro: Exclude<AvroSchema, AvroUnion>,
    place: Place,
    own: SchemaOptions,
    valueSchema: Schema | null = null,
    keySchema: Schema | null = null,
  ): Schema {
    const parameters = new Map<string, string>(own.parameters ?? []);
    const doc = this.#doc(avro, place, parameters);
    this.#addParameters(avro, parameters);
    const name = textProp(avro, names.CONNECT_NAME) ?? own.name ?? null;
    const version = integerProp(avro, names.CONNECT_VERSION) ?? own.version ?? place.version;
    const options: SchemaOptions = { name, version, doc, parameters, optional: place.optional };
    const schema = new Schema(type, options, valueSchema, keySchema);
    if (type === 'struct') return schema;
    const { defaultValue, parameters: flagged } = this.#default(schema, avro, place);
    return defaultValue === undefined && flagged === schema.parameters
      ? schema
      : schema.with({ default: defaultValue, parameters: flagged });
  }

  #doc(avro: Exclude<AvroSchema, AvroUnion>, place: Place, parameters: Map<string, string>): string | null {
    const connectDoc = textProp(avro, names.CONNECT_DOC);
    if (!this.options.discardTypeDocDefault) return this.options.connectMetaData ? connectDoc : null;
    const doc = 'doc' in avro ? avro.doc : null;
    if (doc !== null && this.options.connectMetaData) parameters.set(names.CONNECT_RECORD_DOC, doc);
    return place.doc ?? doc ?? connectDoc;
  }

  #addParameters(avro: Exclude<AvroSchema, AvroUnion>, parameters: Map<string, string>): void {
    const given = avro.props.get(names.CONNECT_PARAMETERS);
    if (this.options.connectMetaData && given instanceof Map) {
      for (const [key, value] of given) {
        if (typeof value !== 'string') throw new DataError(`The schema parameter ${key} is not a text`);
        parameters.set(key, value);
      }
    }
    for (const [key, value] of avro.props) {
      if (key.startsWith('avro')) parameters.set(key, typeof value === 'string' ? value : jsonText(value));
    }
  }

  /** The default of the field, else `connect.default`. The flag says that it was the field's. */
  #default(
    schema: Schema,
    avro: Exclude<AvroSchema, AvroUnion>,
    place: Place,
  ): { defaultValue: unknown; parameters: ReadonlyMap<string, string> | null } {
    const { connectMetaData, discardTypeDocDefault } = this.options;
    const connectDefault = avro.props.get(names.CONNECT_DEFAULT);
    const json = place.default ?? connectDefault;
    if (json === undefined || json === null) {
      return { defaultValue: undefined, parameters: schema.parameters };
    }
    const defaultValue = tryDefault(schema, avro, json, this.options);
    const ofField = place.default !== undefined && connectDefault === undefined;
    if (!ofField || !connectMetaData || discardTypeDocDefault)
      return { defaultValue, parameters: schema.parameters };
    return {
      defaultValue,
      parameters: new Map([...(schema.parameters ?? []), [names.FIELD_DEFAULT_FLAG, 'true']]),
    };
  }
}

/** A default that does not fit is no reason to refuse the data: it is as if there were none. */
function tryDefault(schema: Schema, avro: AvroSchema, json: Json, options: AvroDataOptions): unknown {
  try {
    return defaultToConnect(schema, avro, json, options) ?? undefined;
  } catch (error) {
    if (error instanceof DataError) return undefined;
    throw error;
  }
}

function copyOf({ schema, copies }: Pending, place: Place): Schema {
  if (!place.optional) return schema;
  const copy = schema.with({ optional: true });
  copies.push(copy);
  return copy;
}

const SIMPLE = { boolean: 'boolean', float: 'float32', double: 'float64', string: 'string' } as const;
const INT_LOGICAL: Readonly<Record<string, string>> = { date: DATE, 'time-millis': TIME };
const LONG_LOGICAL: Readonly<Record<string, string>> = { 'timestamp-millis': TIMESTAMP };

type Primitive = Extract<AvroSchema, { props: unknown }>;

const logicalTypeOf = (avro: Primitive): string | null =>
  textProp(avro, 'logicalType')?.toLowerCase() ?? null;

function logicalOptions(avro: Primitive, known: Readonly<Record<string, string>>): SchemaOptions {
  const logical = logicalTypeOf(avro);
  return logical !== null && Object.hasOwn(known, logical) ? { name: known[logical], version: 1 } : {};
}

function intType(avro: Primitive): SchemaType {
  const type = textProp(avro, names.CONNECT_TYPE);
  if (type === null || logicalTypeOf(avro) !== null) return 'int32';
  if (type === 'int8' || type === 'int16') return type;
  throw new DataError(`${names.CONNECT_TYPE} ${type} is none of int8 and int16`);
}

function bytesOptions(avro: Extract<AvroSchema, { kind: 'fixed' } | { props: unknown }>): SchemaOptions {
  const parameters = new Map<string, string>();
  const isDecimal = logicalTypeOf(avro) === 'decimal';
  if (isDecimal) {
    parameters.set('scale', String(integerProp(avro, 'scale') ?? 0));
    const precision = integerProp(avro, 'precision');
    if (precision !== null && precision !== names.DEFAULT_PRECISION) {
      parameters.set(names.DECIMAL_PRECISION, String(precision));
    }
  }
  if (avro.kind === 'fixed') parameters.set(names.FIXED_SIZE, String(avro.size));
  if (isDecimal) return { name: DECIMAL, version: 1, parameters };
  return { name: avro.kind === 'fixed' ? avro.name.full : null, parameters };
}

function integerProp(avro: Primitive, name: string): number | null {
  const value = avro.props.get(name);
  return value instanceof JsonNumber && value.isInteger ? Number(value.text) : null;
}

const jsonText = (value: Json): string => (value instanceof JsonNumber ? value.text : printJson(value));
