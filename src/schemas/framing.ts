/**
 * How a record names the schema of its bytes: a prefix (magic 0, schema id as int32) or, since registries have guids,
 * a header (magic 1, guid) beside bytes that stand alone.
 */
import { DataError, type Headers } from '../kernel';
import { formatGuid } from './identity';

export const MAGIC = 0;
export const HEADER_MAGIC = 1;
export const PREFIX_BYTES = 5;
const GUID_BYTES = 16;

export const VALUE_SCHEMA_HEADER = '__value_schema_id';
export const KEY_SCHEMA_HEADER = '__key_schema_id';

/** The five bytes before a payload. */
export function framePrefix(id: number): Buffer {
  const prefix = Buffer.alloc(PREFIX_BYTES, MAGIC);
  prefix.writeInt32BE(id, 1);
  return prefix;
}

/** Schema id of framed bytes. Throws DataError when they are not framed. */
export function frameId(bytes: Buffer): number {
  if (bytes.length < PREFIX_BYTES) {
    throw notFramed(`Truncated: ${bytes.length} bytes, but magic byte and schema id take ${PREFIX_BYTES}`);
  }
  if (bytes[0] !== MAGIC) {
    throw notFramed(`Unknown magic byte ${bytes[0]} where ${MAGIC} is expected`);
  }
  return (bytes[1]! << 24) | (bytes[2]! << 16) | (bytes[3]! << 8) | bytes[4]!;
}

const notFramed = (message: string): DataError =>
  new DataError(message, {
    hint: 'The record was not written with a Schema Registry: choose the converter that fits the topic.',
  });

/** Bytes of the schema header when there is one. The last one wins, as everywhere in Kafka. */
export function schemaHeader(headers: Headers, isKey: boolean): Uint8Array | null {
  const name = isKey ? KEY_SCHEMA_HEADER : VALUE_SCHEMA_HEADER;
  for (let i = headers.length - 1; i >= 0; i--) {
    const header = headers[i]!;
    if (header.key === name) return headerBytes(header.value);
  }
  return null;
}

/** Header converters that guess types make text of bytes that are UTF-8; others may be left as they are. */
function headerBytes(value: unknown): Uint8Array | null {
  if (value instanceof Uint8Array) return value;
  return typeof value === 'string' ? Buffer.from(value, 'utf8') : null;
}

export interface HeaderFrame {
  /** As registries print it. */
  readonly guid: string;
  /** What follows the guid: the message indexes of Protobuf. */
  readonly rest: Buffer;
}

/** Throws DataError when the header is none. */
export function parseSchemaHeader(header: Uint8Array): HeaderFrame {
  const bytes = Buffer.from(header);
  if (bytes[0] !== HEADER_MAGIC || bytes.length < 1 + GUID_BYTES) {
    throw new DataError(
      `The schema header is no guid: ${bytes.length} bytes, the first is ${bytes[0] ?? 'missing'}`,
    );
  }
  return { guid: formatGuid(bytes.subarray(1, 1 + GUID_BYTES)), rest: bytes.subarray(1 + GUID_BYTES) };
}

/** The header's value for a guid of 16 bytes. */
export const frameHeader = (guid: Buffer): Buffer => Buffer.concat([Buffer.from([HEADER_MAGIC]), guid]);
