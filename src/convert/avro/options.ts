/** How Connect schemas and Avro schemas stand for each other: the keys of the converter that change the mapping. */
export interface AvroDataOptions {
  /** `connect.meta.data`: keep names, versions, docs, parameters and defaults as `connect.*` attributes. */
  readonly connectMetaData: boolean;
  /** `enhanced.avro.schema.support`: enums stay enums, union fields carry full names. */
  readonly enhanced: boolean;
  /** `generalized.sum.type.support`: enums and unions in the form that all of Connect's schema formats share. */
  readonly generalizedSums: boolean;
  /** `scrub.invalid.names` */
  readonly scrubNames: boolean;
  /** `discard.type.doc.default`: docs of fields become docs of schemas, not parameters. */
  readonly discardTypeDocDefault: boolean;
  /** `allow.optional.map.keys`: a map with optional string keys is an Avro map all the same. */
  readonly optionalMapKeys: boolean;
  /** `flatten.singleton.unions` */
  readonly flattenSingletonUnions: boolean;
  /** `ignore.default.for.nullables`: a null stays null where the schema has a default. */
  readonly ignoreDefaultForNullables: boolean;
}

export const DEFAULT_AVRO_DATA_OPTIONS: AvroDataOptions = {
  connectMetaData: true,
  enhanced: false,
  generalizedSums: false,
  scrubNames: false,
  discardTypeDocDefault: false,
  optionalMapKeys: false,
  flattenSingletonUnions: true,
  ignoreDefaultForNullables: false,
};
