/** How Connect schemas and Protobuf schemas stand for each other: the keys of the converter that change the mapping. */
export interface ProtobufDataOptions {
  /** `enhanced.protobuf.schema.support`: names of messages and enums keep their package. */
  readonly enhanced: boolean;
  /** `generalized.sum.type.support`: enums and unions in the form that all of Connect's schema formats share. */
  readonly generalizedSums: boolean;
  /** `ignore.default.for.nullables`: a null stays null where the schema has a default. */
  readonly ignoreDefaultForNullables: boolean;
  /** `scrub.invalid.names` */
  readonly scrubNames: boolean;
  /** `int.for.enums` */
  readonly intForEnums: boolean;
  /** `optional.for.nullables`: `optional` is what tells a field that may be null. */
  readonly optionalForNullables: boolean;
  /** `optional.for.proto2`: an `optional` field of proto2 that is not there is null, not its default. */
  readonly optionalForProto2: boolean;
  /** `wrapper.for.nullables`: google.protobuf.StringValue and so on are what tells a field that may be null. */
  readonly wrapperForNullables: boolean;
  /** `wrapper.for.raw.primitives`: such a message at the top is the plain value. */
  readonly wrapperForRawPrimitives: boolean;
  /** `generate.struct.for.nulls`: a message that is not there is a struct of defaults. */
  readonly structForNulls: boolean;
  /** `generate.index.for.unions`: the field of a oneof is called by its name and index. */
  readonly indexForUnions: boolean;
  /** `flatten.unions`: members of a oneof are fields of the struct itself. */
  readonly flattenUnions: boolean;
}

export const DEFAULT_PROTOBUF_DATA_OPTIONS: ProtobufDataOptions = {
  enhanced: false,
  generalizedSums: false,
  ignoreDefaultForNullables: false,
  scrubNames: false,
  intForEnums: false,
  optionalForNullables: false,
  optionalForProto2: true,
  wrapperForNullables: false,
  wrapperForRawPrimitives: true,
  structForNulls: false,
  indexForUnions: true,
  flattenUnions: false,
};
