/** Avro as a language of converters. */
import type { Schema } from '../../kernel';
import { type AvroSchema, isNamed } from '../../schemas/avro/ast';
import { BinaryReader } from '../../schemas/avro/binary-reader';
import { parseAvro } from '../../schemas/avro/parse';
import { printAvro } from '../../schemas/avro/print';
import { checkAvro } from '../../schemas/compatibility/avro';
import { avroReason } from '../../schemas/compatibility/avro-text';
import { type Decoder, type OwnSchema, ROLES, type SchemaLanguage } from '../registry/language';
import { CONNECT_VERSION } from './names';
import type { AvroDataOptions } from './options';
import { writeRawBytes } from './primitive-writers';
import { compileReader } from './reader';
import { toAvroSchema } from './to-avro';
import { toConnectSchema } from './to-connect';
import { topLevelBytes, topLevelDecimal } from './top-level';
import { compileWriter, type Write } from './writer';

interface OwnAvro extends OwnSchema<Write> {
  readonly avro: AvroSchema;
}

const recordName = (avro: AvroSchema): string | null => (isNamed(avro) ? avro.name.full : null);

export function avroLanguage(data: AvroDataOptions): SchemaLanguage<Write, OwnAvro> {
  const reader = new BinaryReader();
  return {
    type: 'AVRO',
    nullHasSchema: false,
    own(schema) {
      const avro = toAvroSchema(schema, data);
      return {
        avro,
        text: printAvro(avro),
        recordName: recordName(avro),
        write: compileWrite(schema, avro, data),
      };
    },
    given(schema, text, references) {
      const { schema: avro } = parseAvro(text, references);
      return {
        write: compileWrite(schema, avro, data),
        problem: (own) => problemOf(own.avro, avro),
      };
    },
    readable(text, references) {
      const avro = parseAvro(text, references).schema;
      return {
        recordName: recordName(avro),
        wantsVersion: avro.kind !== 'union' && !avro.props.has(CONNECT_VERSION),
        compile: (version) => compileRead(avro, version, data, reader),
      };
    },
  };
}

function problemOf(own: AvroSchema, given: AvroSchema): string | null {
  const [problem] = checkAvro(given, own);
  return problem === undefined ? null : avroReason(problem, ROLES);
}

/** Bytes at the top have no length before them. */
function compileWrite(schema: Schema | null, avro: AvroSchema, data: AvroDataOptions): Write {
  if (avro.kind !== 'bytes' || schema?.type !== 'bytes') return compileWriter(schema, avro, data);
  return topLevelDecimal(schema, avro) ?? writeRawBytes;
}

function compileRead(
  avro: AvroSchema,
  version: number | null,
  data: AvroDataOptions,
  reader: BinaryReader,
): Decoder {
  const schema = toConnectSchema(avro, data, version);
  if (avro.kind === 'bytes' && schema !== null) return { schema, read: topLevelBytes(schema) };
  const read = compileReader(avro, schema, data);
  return {
    schema,
    read: (bytes, start) => {
      reader.reset(bytes, start, bytes.length);
      const value = read(reader);
      reader.finish();
      reader.release();
      return value;
    },
  };
}
