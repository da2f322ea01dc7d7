import type { ProtobufDataOptions } from '../../../src/convert/protobuf/options';
import { DEFAULT_PROTOBUF_DATA_OPTIONS } from '../../../src/convert/protobuf/options';
import { compileReader } from '../../../src/convert/protobuf/reader';
import { toConnectSchema } from '../../../src/convert/protobuf/to-connect';
import { toProtoSchema } from '../../../src/convert/protobuf/to-proto';
import { compileWriter } from '../../../src/convert/protobuf/writer';
import { protobufConverter } from '../../../src/convert/protobuf-converter';
import { NO_METRICS, type Schema, SILENT, Struct } from '../../../src/kernel';
import type { Converter, ConverterContext } from '../../../src/plugin';
import { BinaryReader } from '../../../src/schemas/protobuf/binary-reader';
import { BinaryWriter } from '../../../src/schemas/protobuf/binary-writer';
import { linkProto } from '../../../src/schemas/protobuf/link';
import { type MessageType, MessageTypes } from '../../../src/schemas/protobuf/message-type';
import { parseProto } from '../../../src/schemas/protobuf/parse';
import { printProto } from '../../../src/schemas/protobuf/print';

export { settle } from '../avro/support';

export const options = (changed: Partial<ProtobufDataOptions> = {}): ProtobufDataOptions => ({
  ...DEFAULT_PROTOBUF_DATA_OPTIONS,
  ...changed,
});

/** A message of a .proto file; its first one unless named. */
export function messageOf(text: string, name?: string): MessageType {
  const linked = linkProto(parseProto(text), []);
  const first = [...linked.own.values()].find(({ type }) => type.kind === 'message')!.fullName;
  return new MessageTypes(linked).message(name ?? first)!;
}

/** The message of a Connect schema, through text as through a registry. */
export function ownMessage(schema: Schema, changed: Partial<ProtobufDataOptions> = {}): MessageType {
  const { file, message } = toProtoSchema(schema, options(changed));
  return messageOf(printProto(file), message);
}

export const protoText = (schema: Schema, changed: Partial<ProtobufDataOptions> = {}): string =>
  printProto(toProtoSchema(schema, options(changed)).file);

export function encode(
  schema: Schema,
  value: unknown,
  changed: Partial<ProtobufDataOptions> = {},
  message: MessageType = ownMessage(schema, changed),
): Buffer {
  const writer = new BinaryWriter();
  writer.begin();
  compileWriter(schema, message, options(changed)).write(writer, value);
  return Buffer.from(writer.end());
}

export function decode(
  message: MessageType,
  bytes: Buffer,
  changed: Partial<ProtobufDataOptions> = {},
): unknown {
  const schema = toConnectSchema(message, options(changed));
  const reader = new BinaryReader();
  reader.reset(bytes, 0, bytes.length);
  return compileReader(message, schema, options(changed))(reader);
}

export const connectOf = (text: string, changed: Partial<ProtobufDataOptions> = {}): Schema =>
  toConnectSchema(messageOf(text), options(changed));

/** Structs as objects, at all depths: what they hold, not which schema they have. */
export function plain(value: unknown): unknown {
  if (value instanceof Struct)
    return Object.fromEntries(
      value.schema.fields.map(({ name, index }) => [name, plain(value.values[index])]),
    );
  if (Array.isArray(value)) return value.map(plain);
  if (value instanceof Map) return new Map([...value].map(([key, item]) => [plain(key), plain(item)]));
  return value;
}

export const context: ConverterContext = { logger: SILENT, metrics: NO_METRICS, services: {} };

export const createConverter = (
  config: Record<string, string>,
  isKey = false,
  given: ConverterContext = context,
): Converter => protobufConverter.create(given, protobufConverter.config.parse(config), isKey);
