/** Record batch v2: where its header fields are. Source: Kafka's documentation, "Message Format". */

export const BASE_OFFSET = 0;
/** Bytes that follow this field. */
export const LENGTH = 8;
export const LEADER_EPOCH = 12;
export const MAGIC = 16;
/** Of everything from the attributes on. */
export const CHECKSUM = 17;
export const ATTRIBUTES = 21;
export const LAST_OFFSET_DELTA = 23;
export const BASE_TIMESTAMP = 27;
export const MAX_TIMESTAMP = 35;
export const PRODUCER_ID = 43;
export const PRODUCER_EPOCH = 51;
export const BASE_SEQUENCE = 53;
export const RECORD_COUNT = 57;
export const RECORDS = 61;

/** Base offset and length: what must be there to know where a batch ends. */
export const PREFIX_BYTES = 12;
export const CURRENT_MAGIC = 2;

export const COMPRESSION_MASK = 0x07;
export const FLAG_APPEND_TIME = 0x08;
export const FLAG_TRANSACTIONAL = 0x10;
export const FLAG_CONTROL = 0x20;

/** Length, attributes, timestamp, offset, key size, value size, header count: a byte each at least. */
export const SMALLEST_RECORD = 7;

/** Exact for safe integers, which offsets, producer ids and timestamps are. */
export const readInt64 = (bytes: Buffer, at: number): number =>
  bytes.readInt32BE(at) * 4294967296 + bytes.readUInt32BE(at + 4);

export function writeInt64(bytes: Buffer, value: number, at: number): void {
  bytes.writeInt32BE(Math.floor(value / 4294967296), at);
  bytes.writeUInt32BE(value >>> 0, at + 4);
}
