/**
 * Files that may be imported without a reference. Messages that people use as field types are whole; of the rest the names
 * are enough, as nothing here is ever printed or encoded from them. Source: the published APIs of Protocol Buffers.
 */
import type { ProtoFile } from './ast';
import { parseProto } from './parse';

const wrapper = (name: string, type: string): string => `message ${name}Value { ${type} value = 1; }`;

const empty = (names: string): string =>
  names
    .split(' ')
    .map((name) => `message ${name} {}`)
    .join('\n');

const PROTOBUF: Readonly<Record<string, string>> = {
  any: 'message Any { string type_url = 1; bytes value = 2; }',
  api: empty('Api Method Mixin'),
  descriptor: empty(
    'FileDescriptorSet FileDescriptorProto DescriptorProto ExtensionRangeOptions FieldDescriptorProto OneofDescriptorProto EnumDescriptorProto EnumValueDescriptorProto ServiceDescriptorProto MethodDescriptorProto FileOptions MessageOptions FieldOptions OneofOptions EnumOptions EnumValueOptions ServiceOptions MethodOptions UninterpretedOption FeatureSet FeatureSetDefaults SourceCodeInfo GeneratedCodeInfo',
  ),
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
  wrappers: [
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

/** What Connect's Protobuf converter writes into schemas. */
const CONFLUENT: Readonly<Record<string, string>> = {
  'confluent/meta.proto': `package confluent; import "google/protobuf/descriptor.proto";
    message Meta { string doc = 1; map<string, string> params = 2; repeated string tags = 3; }
    extend google.protobuf.FileOptions { Meta file_meta = 1088; }
    extend google.protobuf.MessageOptions { Meta message_meta = 1088; }
    extend google.protobuf.FieldOptions { Meta field_meta = 1088; }
    extend google.protobuf.EnumOptions { Meta enum_meta = 1088; }
    extend google.protobuf.EnumValueOptions { Meta enum_value_meta = 1088; }`,
  'confluent/type/decimal.proto':
    'package confluent.type; message Decimal { bytes value = 1; uint32 precision = 2; int32 scale = 3; }',
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
