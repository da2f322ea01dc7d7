/** Names and members that Confluent's JsonSchemaConverter writes into schemas: part of the data format. */
import type { Schema } from '../../kernel';

export const NAMESPACE = 'io.confluent.connect.json';

export const CONNECT_TYPE = 'connect.type';
export const CONNECT_VERSION = 'connect.version';
export const CONNECT_PARAMETERS = 'connect.parameters';
/** Place of a field in its struct: JSON objects have no order. */
export const CONNECT_INDEX = 'connect.index';

/** Members of an entry of a map whose keys JSON objects cannot have. */
export const KEY = 'key';
export const VALUE = 'value';

/** Parameter of a struct that is referred to: the anchor it has. */
export const ID_PARAMETER = `${NAMESPACE}.Id`;
export const ID_PREFIX = '#id';

const ENUM = `${NAMESPACE}.Enum`;
const GENERAL_ENUM = 'org.apache.kafka.connect.data.Enum';
/** Stands for null among the symbols of an enum. */
export const NULL_SYMBOL = '<NULL>';

export const ONE_OF = `${NAMESPACE}.OneOf`;
export const GENERAL_UNION = 'org.apache.kafka.connect.data.Union';
export const GENERAL_UNION_PREFIX = 'connect_union_';

export const enumParameter = (generalizedSums: boolean): string => (generalizedSums ? GENERAL_ENUM : ENUM);

/** Whether a string schema is an enum. */
export const isEnum = ({ type, parameters }: Schema): boolean =>
  type === 'string' && parameters !== null && (parameters.has(ENUM) || parameters.has(GENERAL_ENUM));

/** Whether a scalar is among the symbols of an enum. */
export const hasSymbol = ({ parameters }: Schema, scalar: unknown): boolean =>
  [ENUM, GENERAL_ENUM].some((parameter) => parameters!.has(`${parameter}.${String(scalar)}`));

/** Whether a struct stands for one of several schemas: one optional field for each. */
export const isUnion = ({ type, name, parameters }: Schema): boolean =>
  type === 'struct' && (name === ONE_OF || (parameters?.has(GENERAL_UNION) ?? false));

/** Name of the field for the alternative at `index`. */
export const alternativeName = (index: number, generalizedSums: boolean): string =>
  generalizedSums ? `${GENERAL_UNION_PREFIX}field_${index}` : `${ONE_OF}.field.${index}`;

/** Whether a map becomes an object; otherwise it is an array of entries. */
export const hasTextKeys = ({ keySchema }: Schema): boolean =>
  keySchema!.type === 'string' && !keySchema!.optional;
