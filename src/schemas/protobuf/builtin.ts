/**
 * Files that may be imported without a reference. Messages that people use as field types, and those of options, are whole; of
 * the rest the names are enough, as nothing is ever encoded by them. Source: the published APIs of Protocol Buffers.
 */
import type { ProtoFile } from './ast';
import { parseProto } from './parse';

const wrapper = (name: string, type: string): string => `message ${name}Value { ${type} value = 1; }`;

const empty = (names: string): string =>
  names
    .split(' ')
    .map((name) => `message ${name} {}`)
    .join('\n');

const enumOf = (name: string, constants: string, start = 0): string =>
  `enum ${name} { ${constants
    .split(' ')
    .map((constant, i) => `${constant} = ${i + start};`)
    .join(' ')} }`;

/** Options are read and written by these messages; their order is the one that registries print options of descriptors in. */
const DESCRIPTOR = `
  message FileOptions {
    string java_package = 1; string java_outer_classname = 8; bool java_multiple_files = 10;
    bool java_generate_equals_and_hash = 20; bool java_string_check_utf8 = 27; OptimizeMode optimize_for = 9;
    string go_package = 11; bool cc_generic_services = 16; bool java_generic_services = 17; bool py_generic_services = 18;
    bool deprecated = 23; bool cc_enable_arenas = 31; string objc_class_prefix = 36; string csharp_namespace = 37;
    string swift_prefix = 39; string php_class_prefix = 40; string php_namespace = 41; string php_metadata_namespace = 44;
    string ruby_package = 45; FeatureSet features = 50;
    ${enumOf('OptimizeMode', 'SPEED CODE_SIZE LITE_RUNTIME', 1)} }
  message MessageOptions {
    bool message_set_wire_format = 1; bool no_standard_descriptor_accessor = 2; bool deprecated = 3; bool map_entry = 7;
    bool deprecated_legacy_json_field_conflicts = 11; FeatureSet features = 12; }
  message FieldOptions {
    CType ctype = 1; bool packed = 2; JSType jstype = 6; bool deprecated = 3; bool debug_redact = 16;
    OptionRetention retention = 17; repeated OptionTargetType targets = 19; repeated EditionDefault edition_defaults = 20;
    FeatureSet features = 21; FeatureSupport feature_support = 22; bool lazy = 5; bool unverified_lazy = 15; bool weak = 10;
    message EditionDefault { Edition edition = 3; string value = 2; }
    message FeatureSupport { Edition edition_introduced = 1; Edition edition_deprecated = 2; string deprecation_warning = 3;
      Edition edition_removed = 4; }
    ${enumOf('CType', 'STRING CORD STRING_PIECE')} ${enumOf('JSType', 'JS_NORMAL JS_STRING JS_NUMBER')}
    ${enumOf('OptionRetention', 'RETENTION_UNKNOWN RETENTION_RUNTIME RETENTION_SOURCE')}
    ${enumOf(
      'OptionTargetType',
      'TARGET_TYPE_UNKNOWN TARGET_TYPE_FILE TARGET_TYPE_EXTENSION_RANGE TARGET_TYPE_MESSAGE TARGET_TYPE_FIELD TARGET_TYPE_ONEOF TARGET_TYPE_ENUM TARGET_TYPE_ENUM_ENTRY TARGET_TYPE_SERVICE TARGET_TYPE_METHOD',
    )} }
  message OneofOptions { FeatureSet features = 1; }
  message EnumOptions { bool allow_alias = 2; bool deprecated = 3; bool deprecated_legacy_json_field_conflicts = 6;
    FeatureSet features = 7; }
  message EnumValueOptions { bool deprecated = 1; bool debug_redact = 3; FeatureSet features = 2;
    FieldOptions.FeatureSupport feature_support = 4; }
  message ServiceOptions { bool deprecated = 33; FeatureSet features = 34; }
  message MethodOptions { bool deprecated = 33; IdempotencyLevel idempotency_level = 34; FeatureSet features = 35;
    ${enumOf('IdempotencyLevel', 'IDEMPOTENCY_UNKNOWN NO_SIDE_EFFECTS IDEMPOTENT')} }
  message ExtensionRangeOptions { repeated Declaration declaration = 2; FeatureSet features = 50;
    VerificationState verification = 3;
    message Declaration { int32 number = 1; string full_name = 2; string type = 3; bool reserved = 5; bool repeated = 6; }
    ${enumOf('VerificationState', 'DECLARATION UNVERIFIED')} }
  message FeatureSet {
    FieldPresence field_presence = 1; EnumType enum_type = 2; RepeatedFieldEncoding repeated_field_encoding = 3;
    Utf8Validation utf8_validation = 4; MessageEncoding message_encoding = 5; JsonFormat json_format = 6;
    ${enumOf('FieldPresence', 'FIELD_PRESENCE_UNKNOWN EXPLICIT IMPLICIT LEGACY_REQUIRED')}
    ${enumOf('EnumType', 'ENUM_TYPE_UNKNOWN OPEN CLOSED')}
    ${enumOf('RepeatedFieldEncoding', 'REPEATED_FIELD_ENCODING_UNKNOWN PACKED EXPANDED')}
    enum Utf8Validation { UTF8_VALIDATION_UNKNOWN = 0; VERIFY = 2; NONE = 3; }
    ${enumOf('MessageEncoding', 'MESSAGE_ENCODING_UNKNOWN LENGTH_PREFIXED DELIMITED')}
    ${enumOf('JsonFormat', 'JSON_FORMAT_UNKNOWN ALLOW LEGACY_BEST_EFFORT')} }
  enum Edition { EDITION_UNKNOWN = 0; EDITION_LEGACY = 900; EDITION_PROTO2 = 998; EDITION_PROTO3 = 999; EDITION_2023 = 1000;
    EDITION_2024 = 1001; }
  ${empty(
    'FileDescriptorSet FileDescriptorProto DescriptorProto FieldDescriptorProto OneofDescriptorProto EnumDescriptorProto EnumValueDescriptorProto ServiceDescriptorProto MethodDescriptorProto UninterpretedOption FeatureSetDefaults SourceCodeInfo GeneratedCodeInfo',
  )}`;

const PROTOBUF: Readonly<Record<string, string>> = {
  any: 'message Any { string type_url = 1; bytes value = 2; }',
  api: empty('Api Method Mixin'),
  descriptor: DESCRIPTOR,
  duration: 'message Duration { int64 seconds = 1; int32 nanos = 2; }',
  empty: 'message Empty {}',
  field_mask: 'message FieldMask { repeated string paths = 1; }',
  source_context: 'message SourceContext { string file_name = 1; }',
  struct: `message Struct { map<string, Value> fields = 1; }
    message Value { oneof kind { NullValue null_value = 1; double number_value = 2; string string_value = 3;
      bool bool_value = 4; Struct struct_value = 5; ListValue list_value = 6; } }
    enum NullValue { NULL_VALUE = 0; }
    message ListValue { repeated Value values = 1; }`,
  timestamp: 'message Timestamp { int64 seconds = 1; int32 nanos = 2; }',
  type: `${empty('Type Field Enum EnumValue Option')} enum Syntax { SYNTAX_PROTO2 = 0; SYNTAX_PROTO3 = 1; SYNTAX_EDITIONS = 2; }`,
  // Plain values at the top of a record register this file as their schema, so it is as the registries print it.
  wrappers: [
    `option java_package = "com.google.protobuf"; option java_outer_classname = "WrappersProto"; option java_multiple_files = true;
    option go_package = "google.golang.org/protobuf/types/known/wrapperspb"; option cc_enable_arenas = true;
    option objc_class_prefix = "GPB"; option csharp_namespace = "Google.Protobuf.WellKnownTypes";`,
    wrapper('Double', 'double'),
    wrapper('Float', 'float'),
    wrapper('Int64', 'int64'),
    wrapper('UInt64', 'uint64'),
    wrapper('Int32', 'int32'),
    wrapper('UInt32', 'uint32'),
    wrapper('Bool', 'bool'),
    wrapper('String', 'string'),
    wrapper('Bytes', 'bytes'),
  ].join('\n'),
};

const TYPE: Readonly<Record<string, string>> = {
  calendar_period:
    'enum CalendarPeriod { CALENDAR_PERIOD_UNSPECIFIED = 0; DAY = 1; WEEK = 2; FORTNIGHT = 3; MONTH = 4; QUARTER = 5; HALF = 6; YEAR = 7; }',
  color:
    'import "google/protobuf/wrappers.proto"; message Color { float red = 1; float green = 2; float blue = 3; google.protobuf.FloatValue alpha = 4; }',
  date: 'message Date { int32 year = 1; int32 month = 2; int32 day = 3; }',
  datetime: `import "google/protobuf/duration.proto";
    message DateTime { int32 year = 1; int32 month = 2; int32 day = 3; int32 hours = 4; int32 minutes = 5; int32 seconds = 6;
      int32 nanos = 7; oneof time_offset { google.protobuf.Duration utc_offset = 8; TimeZone time_zone = 9; } }
    message TimeZone { string id = 1; string version = 2; }`,
  dayofweek:
    'enum DayOfWeek { DAY_OF_WEEK_UNSPECIFIED = 0; MONDAY = 1; TUESDAY = 2; WEDNESDAY = 3; THURSDAY = 4; FRIDAY = 5; SATURDAY = 6; SUNDAY = 7; }',
  decimal: 'message Decimal { string value = 1; }',
  expr: 'message Expr { string expression = 1; string title = 2; string description = 3; string location = 4; }',
  fraction: 'message Fraction { int64 numerator = 1; int64 denominator = 2; }',
  interval:
    'import "google/protobuf/timestamp.proto"; message Interval { google.protobuf.Timestamp start_time = 1; google.protobuf.Timestamp end_time = 2; }',
  latlng: 'message LatLng { double latitude = 1; double longitude = 2; }',
  localized_text: 'message LocalizedText { string text = 1; string language_code = 2; }',
  money: 'message Money { string currency_code = 1; int64 units = 2; int32 nanos = 3; }',
  month:
    'enum Month { MONTH_UNSPECIFIED = 0; JANUARY = 1; FEBRUARY = 2; MARCH = 3; APRIL = 4; MAY = 5; JUNE = 6; JULY = 7; AUGUST = 8; SEPTEMBER = 9; OCTOBER = 10; NOVEMBER = 11; DECEMBER = 12; }',
  phone_number: `message PhoneNumber { message ShortCode { string region_code = 1; string number = 2; }
    oneof kind { string e164_number = 1; ShortCode short_code = 2; } string extension = 3; }`,
  postal_address: `message PostalAddress { int32 revision = 1; string region_code = 2; string language_code = 3; string postal_code = 4;
    string sorting_code = 5; string administrative_area = 6; string locality = 7; string sublocality = 8;
    repeated string address_lines = 9; repeated string recipients = 10; string organization = 11; }`,
  quaternion: 'message Quaternion { double x = 1; double y = 2; double z = 3; double w = 4; }',
  timeofday: 'message TimeOfDay { int32 hours = 1; int32 minutes = 2; int32 seconds = 3; int32 nanos = 4; }',
};

export const META_PATH = 'confluent/meta.proto';

/** What Connect's Protobuf converter writes into schemas. */
const CONFLUENT: Readonly<Record<string, string>> = {
  [META_PATH]: `package confluent; import "google/protobuf/descriptor.proto";
    message Meta { string doc = 1; map<string, string> params = 2; repeated string tags = 3; repeated Rule rules = 4; }
    message Rule { string name = 1; string doc = 2; string expr = 3; string sql = 4; }
    extend google.protobuf.FileOptions { Meta file_meta = 1088; }
    extend google.protobuf.MessageOptions { Meta message_meta = 1088; }
    extend google.protobuf.FieldOptions { Meta field_meta = 1088; }
    extend google.protobuf.EnumOptions { Meta enum_meta = 1088; }
    extend google.protobuf.EnumValueOptions { Meta enum_value_meta = 1088; }`,
  'confluent/type/decimal.proto':
    'package confluent.type; message Decimal { bytes value = 1; uint32 precision = 2; int32 scale = 3; }',
  'confluent/type/variant.proto':
    'package confluent.type; message Variant { bytes metadata = 1; bytes value = 2; }',
};

const SOURCES: ReadonlyMap<string, string> = new Map([
  ...Object.entries(PROTOBUF).map(
    ([name, text]) => [`google/protobuf/${name}.proto`, `package google.protobuf; ${text}`] as const,
  ),
  ...Object.entries(TYPE).map(
    ([name, text]) => [`google/type/${name}.proto`, `package google.type; ${text}`] as const,
  ),
  ...Object.entries(CONFLUENT),
]);

const parsed = new Map<string, ProtoFile>();

export const BUILTIN_PATHS: readonly string[] = [...SOURCES.keys()];

/** Undefined for a path that is not built in. */
export function builtinProto(path: string): ProtoFile | undefined {
  const source = SOURCES.get(path);
  if (source === undefined) return undefined;
  const known = parsed.get(path) ?? parseProto(`syntax = "proto3"; ${source}`);
  parsed.set(path, known);
  return known;
}
