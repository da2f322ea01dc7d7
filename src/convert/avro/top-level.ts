/** Bytes as a whole key or value: the record says how long they are, so no length stands before them. */
import { DECIMAL, type Schema } from '../../kernel';
import type { AvroSchema } from '../../schemas/avro/ast';
import { decimalBytes, type Write } from './primitive-writers';
import { bytesDecoder } from './reader';

/** Writes a Decimal without a length; null when the schema is none. */
export function topLevelDecimal(schema: Schema, avro: AvroSchema): Write | null {
  if (schema.name !== DECIMAL) return null;
  const unscaled = decimalBytes(schema, avro);
  return (writer, value) => writer.raw(unscaled(value));
}

/** Reads all bytes there are. They are copied. */
export function topLevelBytes(schema: Schema): (bytes: Buffer, start: number) => unknown {
  const decode = bytesDecoder(schema);
  return (bytes, start) => {
    const copy = Buffer.from(bytes.subarray(start));
    return decode === null ? copy : decode(copy);
  };
}
