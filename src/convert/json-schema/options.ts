import type { DecimalFormat } from '../json/write';

/** How Connect schemas and JSON schemas stand for each other: the keys of the converter that change the mapping. */
export interface JsonSchemaDataOptions {
  /** `decimal.format` */
  readonly decimalFormat: DecimalFormat;
  /** `object.additional.properties`: objects may have members that their schema does not know. */
  readonly additionalProperties: boolean;
  /** `use.optional.for.nonrequired`: properties that are not required become optional fields. */
  readonly optionalForNonRequired: boolean;
  /** `generalized.sum.type.support`: enums and unions in the form that all of Connect's schema formats share. */
  readonly generalizedSums: boolean;
  /** `flatten.singleton.unions` */
  readonly flattenSingletonUnions: boolean;
  /** `ignore.default.for.nullables`: a null stays null where the schema has a default. */
  readonly ignoreDefaultForNullables: boolean;
  /** `ignore.modern.dialects`: schemas of 2019-09 and later are read as draft-07. */
  readonly ignoreModernDialects: boolean;
  /** `json.fail.invalid.schema`: data are checked against their schema. */
  readonly validate: boolean;
}

export const DEFAULT_JSON_SCHEMA_DATA_OPTIONS: JsonSchemaDataOptions = {
  decimalFormat: 'base64',
  additionalProperties: true,
  optionalForNonRequired: false,
  generalizedSums: false,
  flattenSingletonUnions: true,
  ignoreDefaultForNullables: false,
  ignoreModernDialects: false,
  validate: false,
};
