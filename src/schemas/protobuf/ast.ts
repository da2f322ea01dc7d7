/** A .proto file as a tree. Comments are not part of it; the order of declarations is. */

export interface ProtoFile {
  /** `proto2` unless the file says otherwise; an edition as `edition 2023`. */
  readonly syntax: string | null;
  readonly package: string | null;
  readonly imports: readonly ProtoImport[];
  readonly options: readonly ProtoOption[];
  readonly types: readonly ProtoType[];
  readonly extends: readonly ProtoExtend[];
  readonly services: readonly ProtoService[];
}

export interface ProtoImport {
  readonly path: string;
  readonly kind: 'public' | 'weak' | null;
}

/** `java_package`, `(my.option).field` */
export interface ProtoOption {
  readonly name: string;
  readonly value: ProtoValue;
}

export type ProtoValue =
  | { readonly kind: 'string'; readonly text: string }
  /** A number, `true`, or the name of an enum constant, as written. */
  | { readonly kind: 'word'; readonly text: string }
  | { readonly kind: 'list'; readonly items: readonly ProtoValue[] }
  | { readonly kind: 'message'; readonly fields: readonly ProtoOption[] };

export type ProtoType = ProtoMessage | ProtoEnum;

export interface ProtoMessage {
  readonly kind: 'message';
  readonly name: string;
  readonly fields: readonly ProtoField[];
  readonly oneofs: readonly ProtoOneof[];
  readonly types: readonly ProtoType[];
  readonly extends: readonly ProtoExtend[];
  readonly options: readonly ProtoOption[];
  readonly reserved: readonly ProtoReserved[];
  readonly extensions: readonly ProtoExtensions[];
}

export type ProtoLabel = 'optional' | 'required' | 'repeated';

export interface ProtoField {
  /** Null: not written. */
  readonly label: ProtoLabel | null;
  readonly type: ProtoFieldType;
  readonly name: string;
  readonly tag: number;
  readonly options: readonly ProtoOption[];
}

export type ProtoFieldType =
  /** A scalar, or the name of a message or enum as written. */
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'map'; readonly key: string; readonly value: string }
  /** A group of proto2: field and message in one. */
  | { readonly kind: 'group'; readonly message: ProtoMessage };

export interface ProtoOneof {
  readonly name: string;
  readonly fields: readonly ProtoField[];
  readonly options: readonly ProtoOption[];
}

/** Numbers from `from` to `to`, or names. `to` is MAX_TAG for `max`. */
export type ProtoReserved = readonly (ProtoRange | string)[];

export interface ProtoRange {
  readonly from: number;
  readonly to: number;
}

export interface ProtoExtensions {
  readonly ranges: readonly ProtoRange[];
  readonly options: readonly ProtoOption[];
}

export interface ProtoEnum {
  readonly kind: 'enum';
  readonly name: string;
  readonly constants: readonly ProtoConstant[];
  readonly options: readonly ProtoOption[];
  readonly reserved: readonly ProtoReserved[];
}

export interface ProtoConstant {
  readonly name: string;
  readonly tag: number;
  readonly options: readonly ProtoOption[];
}

export interface ProtoExtend {
  /** The message that is extended. */
  readonly name: string;
  readonly fields: readonly ProtoField[];
}

export interface ProtoService {
  readonly name: string;
  readonly rpcs: readonly ProtoRpc[];
  readonly options: readonly ProtoOption[];
}

export interface ProtoRpc {
  readonly name: string;
  readonly request: string;
  readonly requestStream: boolean;
  readonly response: string;
  readonly responseStream: boolean;
  readonly options: readonly ProtoOption[];
}

/** Of fields and extension ranges. */
export const MAX_TAG = 536_870_911;
/** Of enum constants. */
export const MAX_INT32 = 2_147_483_647;

const SCALARS = new Set(
  'double float int32 int64 uint32 uint64 sint32 sint64 fixed32 fixed64 sfixed32 sfixed64 bool string bytes'.split(
    ' ',
  ),
);

export const isScalar = (name: string): boolean => SCALARS.has(name);

/** Those of oneofs included, after the others. */
export const allFields = (message: ProtoMessage): ProtoField[] => [
  ...message.fields,
  ...message.oneofs.flatMap(({ fields }) => fields),
];

export const inScope = (scope: string, name: string): string => (scope === '' ? name : `${scope}.${name}`);

export const optionValue = (options: readonly ProtoOption[], name: string): ProtoValue | undefined =>
  options.find((option) => option.name === name)?.value;

/** Text of a string or word; null: not written. */
export function optionText(options: readonly ProtoOption[], name: string): string | null {
  const value = optionValue(options, name);
  return value?.kind === 'string' || value?.kind === 'word' ? value.text : null;
}

/** Whether an option is written and true. */
export const flagOf = (options: readonly ProtoOption[], name: string): boolean =>
  optionText(options, name) === 'true';

/** `first_name` → `firstName` */
export const jsonName = (field: string): string =>
  field.replace(/_+(.?)/g, (_match, next: string) => next.toUpperCase());
