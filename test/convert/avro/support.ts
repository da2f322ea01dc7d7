import { type AvroDataOptions, DEFAULT_AVRO_DATA_OPTIONS } from '../../../src/convert/avro/options';
import { compileReader } from '../../../src/convert/avro/reader';
import { toAvroSchema } from '../../../src/convert/avro/to-avro';
import { toConnectSchema } from '../../../src/convert/avro/to-connect';
import { compileWriter } from '../../../src/convert/avro/writer';
import { avroConverter } from '../../../src/convert/avro-converter';
import { NO_METRICS, type Schema, SILENT } from '../../../src/kernel';
import { type Converter, type ConverterContext, Pending } from '../../../src/plugin';
import type { AvroSchema } from '../../../src/schemas/avro/ast';
import { BinaryReader } from '../../../src/schemas/avro/binary-reader';
import { BinaryWriter } from '../../../src/schemas/avro/binary-writer';
import { parseAvro } from '../../../src/schemas/avro/parse';
import { printAvro } from '../../../src/schemas/avro/print';

export const options = (changed: Partial<AvroDataOptions> = {}): AvroDataOptions => ({
  ...DEFAULT_AVRO_DATA_OPTIONS,
  ...changed,
});

export function encode(
  schema: Schema | null,
  value: unknown,
  changed: Partial<AvroDataOptions> = {},
  avro: AvroSchema = toAvroSchema(schema, options(changed)),
): Buffer {
  const writer = new BinaryWriter();
  writer.begin();
  compileWriter(schema, avro, options(changed))(writer, value);
  return writer.end();
}

export function decode(avro: AvroSchema, bytes: Buffer, changed: Partial<AvroDataOptions> = {}): unknown {
  const reader = new BinaryReader();
  reader.reset(bytes, 0, bytes.length);
  const value = compileReader(avro, toConnectSchema(avro, options(changed)), options(changed))(reader);
  reader.finish();
  return value;
}

export const avroText = (schema: Schema | null, changed: Partial<AvroDataOptions> = {}): string =>
  printAvro(toAvroSchema(schema, options(changed)));

/** To Avro text and back, as through a registry. */
export const throughText = (schema: Schema, changed: Partial<AvroDataOptions> = {}): Schema | null =>
  toConnectSchema(parseAvro(avroText(schema, changed)).schema, options(changed));

export const avroOf = (text: string): AvroSchema => parseAvro(text).schema;

export const context: ConverterContext = { logger: SILENT, metrics: NO_METRICS, services: {} };

export const createConverter = (
  config: Record<string, string>,
  isKey = false,
  given: ConverterContext = context,
): Converter => avroConverter.create(given, avroConverter.config.parse(config), isKey);

/** Calls until nothing is pending, as the runtime does. */
export async function settle<T>(call: () => T): Promise<T> {
  for (;;) {
    try {
      return call();
    } catch (thrown) {
      if (!(thrown instanceof Pending)) throw thrown;
      await thrown.ready;
    }
  }
}
