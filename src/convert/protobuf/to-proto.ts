/**
 * Connect schema to .proto file, as Confluent's converter writes it, so that the same data registers as the same schema: one
 * message, in which everything else is declared; maps as repeated messages of key and value.
 */
import { DataError, DECIMAL, type Field, type Schema, sameFields, sameSchema, struct } from '../../kernel';
import type {
  ProtoEnum,
  ProtoField,
  ProtoFile,
  ProtoImport,
  ProtoLabel,
  ProtoMessage,
  ProtoOneof,
  ProtoOption,
  ProtoType,
  ProtoValue,
} from '../../schemas/protobuf/ast';
import { inScope } from '../../schemas/protobuf/ast';
import { builtinProto } from '../../schemas/protobuf/builtin';
import * as names from './names';
import { enumParameter, isUnion, scrub } from './names';
import type { ProtobufDataOptions } from './options';

export interface ProtoSchema {
  readonly file: ProtoFile;
  /** Full name of the message that records are. */
  readonly message: string;
}

/** Throws DataError for a schema that has no form in Protobuf. */
export function toProtoSchema(schema: Schema | null, options: ProtobufDataOptions): ProtoSchema {
  if (schema === null) {
    throw new DataError('Protobuf needs a schema, and these data have none', {
      hint: 'Read the source with a converter that gives schemas, or choose one that does without.',
    });
  }
  return schema.type === 'struct' && !isUnion(schema)
    ? new ToProto(options).file(schema)
    : plainValue(schema);
}

const SCALARS: Readonly<Record<string, string>> = {
  int8: 'int32',
  int16: 'int32',
  int32: 'int32',
  int64: 'int64',
  float32: 'float',
  float64: 'double',
  boolean: 'bool',
  string: 'string',
  bytes: 'bytes',
};

/** Types of numbers that a Connect type was read from. */
const NUMBERS: Readonly<Record<string, readonly string[]>> = {
  int32: ['sint32', 'sfixed32'],
  int64: ['uint32', 'fixed32', 'uint64', 'sint64', 'fixed64', 'sfixed64'],
};

/** Types without a wrapper message have that of another. */
const WRAPPED_AS: Readonly<Record<string, string>> = {
  sint32: 'int32',
  sfixed32: 'int32',
  fixed32: 'uint32',
  sint64: 'int64',
  sfixed64: 'int64',
  fixed64: 'uint64',
};

/** A value that is no struct has a message that comes with Protocol Buffers. */
function plainValue(schema: Schema): ProtoSchema {
  const logical = logicalMessage(schema);
  const scalar = SCALARS[schema.type];
  if (scalar === undefined || logical?.message === names.DECIMAL_MESSAGE) {
    const what = logical === undefined ? schema.type.toUpperCase() : 'Decimal';
    throw new DataError(`A record of type ${what} has no form in Protobuf`, {
      hint: 'Put it into a field of a struct, with the transform HoistField for one.',
    });
  }
  const { message, path } = logical ?? { message: names.wrapperOf(scalar), path: names.WRAPPERS_PATH };
  return { file: builtinProto(path)!, message };
}

export const logicalMessage = (schema: Schema) =>
  schema.name === null || !Object.hasOwn(names.LOGICAL_MESSAGES, schema.name)
    ? undefined
    : names.LOGICAL_MESSAGES[schema.name];

/** A message that is being made. */
interface Draft {
  readonly name: string;
  readonly schema: Schema;
  readonly types: ProtoType[];
  /** Of the structs declared in it, to tell whether one of the same name is the same. */
  readonly declared: Map<string, Schema>;
  readonly outer: Draft | null;
}

/** Where a field is declared. */
interface Place {
  readonly draft: Draft;
  readonly name: string;
  readonly tag: number;
  readonly inOneof: boolean;
}

class ToProto {
  readonly #imports = new Set<string>();
  /** Names given to schemas without one. */
  #unnamed = 0;

  constructor(readonly options: ProtobufDataOptions) {}

  file(schema: Schema): ProtoSchema {
    const parts = this.#nameOf(schema)
      .split('.')
      .map((part) => this.#name(part));
    const name = parts.pop()!;
    const scope = parts.join('.');
    const message = this.#message(name, schema, null);
    const file: ProtoFile = {
      syntax: 'proto3',
      package: scope === '' ? null : scope,
      imports: [...this.#imports].map((path): ProtoImport => ({ path, kind: null })),
      options: [],
      types: [message],
      extends: [],
      services: [],
    };
    return { file, message: inScope(scope, name) };
  }

  #nameOf(schema: Schema): string {
    return schema.name === null || schema.name === ''
      ? `${names.DEFAULT_NAME}${++this.#unnamed}`
      : schema.name;
  }

  #shortName(schema: Schema): string {
    const name = this.#nameOf(schema);
    return this.#name(name.slice(name.lastIndexOf('.') + 1));
  }

  #name(name: string): string {
    const scrubbed = scrub(name, this.options);
    if (/^[A-Za-z_][A-Za-z0-9_]*$/.test(scrubbed)) return scrubbed;
    throw new DataError(`${JSON.stringify(name)} is no name in Protobuf`, {
      hint: 'scrub.invalid.names=true replaces the characters that are not allowed.',
    });
  }

  #message(name: string, schema: Schema, outer: Draft | null, options: ProtoOption[] = []): ProtoMessage {
    const draft: Draft = { name, schema, types: [], declared: new Map(), outer };
    const fields: ProtoField[] = [];
    const oneofs: ProtoOneof[] = [];
    const nextTag = tagsOf(schema);
    for (const field of schema.fields) {
      if (isUnion(field.schema)) oneofs.push(this.#oneof(field.schema, draft, nextTag));
      else {
        const place = { draft, name: this.#name(field.name), tag: nextTag(field), inOneof: false };
        fields.push(this.#field(field.schema, place));
      }
    }
    return newMessage(name, { fields, oneofs, types: draft.types, options });
  }

  #oneof(union: Schema, draft: Draft, nextTag: (field: Field) => number): ProtoOneof {
    const fields = union.fields.map((field) =>
      this.#field(field.schema, {
        draft,
        name: this.#name(field.name),
        tag: nextTag(field),
        inOneof: true,
      }),
    );
    return { name: this.#unionName(union), fields, options: [] };
  }

  #unionName(union: Schema): string {
    const general = union.parameters?.get(names.GENERAL_UNION_PARAMETER);
    const name = general ?? union.name!.slice(names.UNION_NAME.length + 1);
    return this.#name(name.slice(name.lastIndexOf('.') + 1));
  }

  #field(schema: Schema, place: Place): ProtoField {
    const isList = schema.type === 'array' && !place.inOneof;
    const params: [string, string][] = [];
    const type = this.#type(isList ? schema.valueSchema! : schema, place, isList, params);
    return {
      label: isList ? 'repeated' : this.#label(schema, place),
      type: { kind: 'name', name: type },
      name: place.name,
      tag: place.tag,
      options: params.length === 0 ? [] : [metaOption('confluent.field_meta', params)],
    };
  }

  #label(schema: Schema, { inOneof }: Place): ProtoLabel | null {
    if (inOneof) return null;
    if (schema.type === 'map') return 'repeated';
    return this.options.optionalForNullables && schema.optional ? 'optional' : null;
  }

  #type(schema: Schema, place: Place, isItem: boolean, params: [string, string][]): string {
    const logical = logicalMessage(schema);
    if (logical !== undefined) {
      if (schema.name === DECIMAL) decimalParams(schema, params);
      this.#imports.add(logical.path);
      return logical.message;
    }
    if (isUnion(schema) || (isItem || place.inOneof ? isCollection(schema) : schema.type === 'array'))
      return this.#nested(schema, place);
    if (schema.type === 'struct') return this.#struct(schema, place);
    if (schema.type === 'map') return this.#map(schema, place);
    if (enumParameter(schema) !== null) return this.#enum(schema, place.draft);
    return this.#scalar(schema, place, params);
  }

  #scalar(schema: Schema, { inOneof }: Place, params: [string, string][]): string {
    if (schema.type === 'int8' || schema.type === 'int16') params.push([names.CONNECT_TYPE, schema.type]);
    const scalar = scalarOf(schema);
    if (!wantsWrapper(schema, inOneof, this.options)) return scalar;
    this.#imports.add(names.WRAPPERS_PATH);
    return names.wrapperOf(WRAPPED_AS[scalar] ?? scalar);
  }

  #struct(schema: Schema, { draft, name: field }: Place): string {
    const short = this.#shortName(schema);
    const name = short === field ? `${short}Message` : short;
    for (let at: Draft | null = draft; at !== null; at = at.outer) {
      if (at.name === name && sameStruct(at.schema, schema)) return name;
    }
    this.#declare(name, schema, draft, () => this.#message(name, schema, draft));
    return name;
  }

  /** A message that only holds what a field cannot hold: a list of lists, say. */
  #nested(schema: Schema, { draft }: Place): string {
    const name = `${names.DEFAULT_NAME}${++this.#unnamed}`;
    const options = [metaOption('confluent.message_meta', [[names.INTERNAL_TYPE, names.NESTED]])];
    draft.types.push(this.#message(name, nestedStruct(schema), draft, options));
    return name;
  }

  #map(schema: Schema, { draft }: Place): string {
    const name = names.entryName(this.#shortName(schema));
    this.#declare(name, schema, draft, () => {
      const inner: Draft = { name, schema, types: [], declared: new Map(), outer: draft };
      const fields = [
        this.#member('key', 1, schema.keySchema!, inner),
        this.#member('value', 2, schema.valueSchema!, inner),
      ];
      return newMessage(name, { fields, oneofs: [], types: inner.types, options: [] });
    });
    return name;
  }

  /** Key or value of a map, which are what an item of a list can be. */
  #member(name: string, tag: number, schema: Schema, draft: Draft): ProtoField {
    const params: [string, string][] = [];
    const type = this.#type(schema, { draft, name, tag, inOneof: false }, true, params);
    return {
      label: this.options.optionalForNullables && schema.optional ? 'optional' : null,
      type: { kind: 'name', name: type },
      name,
      tag,
      options: params.length === 0 ? [] : [metaOption('confluent.field_meta', params)],
    };
  }

  /** Once in a message; another schema of the same name is refused. */
  #declare(name: string, schema: Schema, draft: Draft, make: () => ProtoMessage): void {
    const known = draft.declared.get(name);
    if (known === undefined) {
      draft.declared.set(name, schema);
      draft.types.push(make());
    } else if (!sameStruct(known, schema)) {
      throw new DataError(
        `Two different schemas in ${draft.name} are named ${name}: Protobuf allows one of a name`,
      );
    }
  }

  #enum(schema: Schema, draft: Draft): string {
    const parameter = enumParameter(schema)!;
    const full = schema.parameters!.get(parameter)!;
    const name = this.#name(full.slice(full.lastIndexOf('.') + 1));
    const known = draft.types.some((type) => type.kind === 'enum' && type.name === name);
    if (!known) draft.types.push(newEnum(name, enumConstants(schema, parameter)));
    return name;
  }
}

const isCollection = (schema: Schema): boolean => schema.type === 'array' || schema.type === 'map';

/** What a message of `NESTED` holds, as a struct. */
export const nestedStruct = (schema: Schema): Schema => struct([[names.NESTED_FIELD, schema]]);

/** Scalar type of a Connect type, or the one that it was read from. */
function scalarOf(schema: Schema): string {
  const asked = schema.parameters?.get(names.TYPE_PARAMETER);
  const known = asked !== undefined && NUMBERS[schema.type]?.includes(asked);
  return known ? asked : SCALARS[schema.type]!;
}

/** Members of a oneof may always be null: only those that say so were wrapper messages. */
const wantsWrapper = (schema: Schema, inOneof: boolean, options: ProtobufDataOptions): boolean =>
  options.wrapperForNullables &&
  schema.optional &&
  (!inOneof || schema.parameters?.get(names.WRAPPER_PARAMETER) === 'true');

/** Symbols and their numbers; those that came without numbers are counted. */
export function enumConstants(schema: Schema, parameter: string): [name: string, tag: number][] {
  const constants: [string, number][] = [];
  for (const [key, value] of schema.parameters!) {
    if (!key.startsWith(`${parameter}.`)) continue;
    const tag = /^-?\d+$/.test(value) ? Number(value) : constants.length;
    constants.push([key.slice(parameter.length + 1), tag]);
  }
  return constants;
}

/** Numbers that the schema asks for, and for all else the lowest that are free. */
function tagsOf(schema: Schema): (field: Field) => number {
  const asked = (field: Field) => Number(field.schema.parameters?.get(names.TAG_PARAMETER) ?? Number.NaN);
  const fields = schema.fields.flatMap((field) => (isUnion(field.schema) ? field.schema.fields : [field]));
  const taken = new Set(fields.map(asked));
  let last = 0;
  return (field) => {
    const tag = asked(field);
    if (Number.isInteger(tag)) return tag;
    do last = last === 18_999 ? 20_000 : last + 1;
    while (taken.has(last));
    return last;
  };
}

/** The same struct or map, whether optional or not and whatever its number. */
const sameStruct = (a: Schema, b: Schema): boolean =>
  a === b ||
  (a.type === b.type &&
    sameSchema(a.keySchema, b.keySchema) &&
    sameSchema(a.valueSchema, b.valueSchema) &&
    sameFields(a.fields, b.fields));

function decimalParams(schema: Schema, params: [string, string][]): void {
  const precision = schema.parameters?.get(names.DECIMAL_PRECISION);
  if (precision !== undefined) params.push(['precision', precision]);
  const scale = schema.parameters?.get('scale');
  if (scale !== undefined) params.push(['scale', scale]);
}

const text = (value: string): ProtoValue => ({ kind: 'string', text: value });

/** Precision and scale have their value before their key, as Confluent's first release wrote them. */
function metaOption(name: string, params: readonly [string, string][]): ProtoOption {
  const items = params.map(([key, value]): ProtoValue => {
    const pair = [
      { name: 'key', value: text(key) },
      { name: 'value', value: text(value) },
    ];
    const isDecimal = key === 'precision' || key === 'scale';
    return { kind: 'message', fields: isDecimal ? pair.reverse() : pair };
  });
  return {
    name: `(${name})`,
    value: { kind: 'message', fields: [{ name: 'params', value: { kind: 'list', items } }] },
  };
}

const newMessage = (
  name: string,
  parts: Pick<ProtoMessage, 'fields' | 'oneofs' | 'types' | 'options'>,
): ProtoMessage => ({ kind: 'message', name, extends: [], reserved: [], extensions: [], ...parts });

const newEnum = (name: string, constants: readonly [string, number][]): ProtoEnum => ({
  kind: 'enum',
  name,
  constants: constants.map(([constant, tag]) => ({ name: constant, tag, options: [] })),
  options: [],
  reserved: [],
});
