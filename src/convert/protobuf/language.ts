/** Protobuf as a language of converters. */
import { DataError, type Schema } from '../../kernel';
import { BinaryReader } from '../../schemas/protobuf/binary-reader';
import { type LinkedProto, linkProto } from '../../schemas/protobuf/link';
import { decodeIndexes, encodeIndexes, indexesOf, messageAt } from '../../schemas/protobuf/message-indexes';
import { type MessageType, MessageTypes } from '../../schemas/protobuf/message-type';
import { printProto } from '../../schemas/protobuf/print';
import { readProto } from '../../schemas/protobuf/schema-text';
import type { ResolvedReference } from '../../schemas/references';
import type { Decoder, OwnSchema, SchemaLanguage } from '../registry/language';
import type { ProtobufDataOptions } from './options';
import { compileReader } from './reader';
import type { Put } from './scalar-writers';
import { toConnectSchema } from './to-connect';
import { toProtoSchema } from './to-proto';
import { compileWriter } from './writer';

export interface ProtobufWrite {
  /** Message indexes as bytes, behind the id or guid of the schema. */
  readonly indexes: Buffer;
  readonly write: Put;
}

interface OwnProtobuf extends OwnSchema<ProtobufWrite> {
  readonly message: string;
}

export function protobufLanguage(data: ProtobufDataOptions): SchemaLanguage<ProtobufWrite, OwnProtobuf> {
  return {
    type: 'PROTOBUF',
    nullHasSchema: false,
    own: (schema) => ownSchema(schema, data),
    given: (schema, text, references) => givenSchema(schema, text, references, data),
    readable(text, references) {
      const linked = link(text, references);
      const first = messageAt(linked.written, [0]);
      return {
        recordName: first,
        wantsVersion: true,
        compile: (version) => new MessageDecoder(linked, data, version),
      };
    },
    frameSuffix: ({ indexes }) => indexes,
  };
}

function link(text: string, references: readonly ResolvedReference[]): LinkedProto {
  const files = references.map((reference) => ({ path: reference.name, file: readProto(reference.text) }));
  return linkProto(readProto(text, files), files);
}

function ownSchema(schema: Schema | null, data: ProtobufDataOptions): OwnProtobuf {
  const { file, message } = toProtoSchema(schema, data);
  const linked = linkProto(file, []);
  return {
    message,
    text: printProto(file),
    recordName: message,
    write: writerOf(schema!, linked, message, data).compiled,
  };
}

function givenSchema(
  schema: Schema | null,
  text: string,
  references: readonly ResolvedReference[],
  data: ProtobufDataOptions,
) {
  const linked = link(text, references);
  const own = toProtoSchema(schema, data).message;
  const { compiled, missing } = writerOf(schema!, linked, messageLike(linked, own), data);
  const lacking = missing.length === 0 ? null : `it has no field for ${missing.slice(0, 10).join(', ')}`;
  return { write: compiled, problem: () => lacking };
}

function writerOf(schema: Schema, linked: LinkedProto, message: string, data: ProtobufDataOptions) {
  const indexes = indexesOf(linked.written, message);
  const type = new MessageTypes(linked).message(message);
  if (indexes === null || type === undefined) throw new DataError(`The schema has no message ${message}`);
  const { write, missing } = compileWriter(schema, type, data);
  return { compiled: { indexes: encodeIndexes(indexes), write }, missing };
}

/** The message that data are written as: of the same full name, else of the same name, else the only one. */
function messageLike(linked: LinkedProto, own: string): string {
  if (indexesOf(linked.written, own) !== null) return own;
  const messages = [...linked.own.values()].filter(({ type }) => type.kind === 'message');
  const short = own.slice(own.lastIndexOf('.') + 1);
  const [named, ...others] = messages.filter(({ type }) => type.name === short);
  if (named !== undefined && others.length === 0) return named.fullName;
  const outermost = linked.file.types.filter(({ kind }) => kind === 'message');
  if (outermost.length === 1) return messages[0]!.fullName;
  throw new DataError(`The schema has no message ${own}`, {
    hint: 'Name the Connect schema as the message that the data are.',
  });
}

/** A record says which message of the schema it is: each has a Connect schema of its own. */
class MessageDecoder implements Decoder {
  /** Of the record that was read last. */
  schema: Schema | null = null;
  readonly #types: MessageTypes;
  readonly #reader = new BinaryReader();
  readonly #compiled = new Map<string, CompiledMessage>();
  /** The message that has the indexes [0]. */
  #first: CompiledMessage | null = null;

  constructor(
    readonly linked: LinkedProto,
    readonly data: ProtobufDataOptions,
    readonly version: number | null,
  ) {
    this.#types = new MessageTypes(linked);
  }

  read(bytes: Buffer, start: number, suffix: Buffer | null): unknown {
    const { message, at } = suffix === null ? this.#message(bytes, start) : this.#message(suffix, 0);
    const from = suffix === null ? at : start;
    this.schema = message.schema;
    const reader = this.#reader;
    reader.reset(bytes, from, bytes.length);
    const value = message.read(reader);
    reader.release();
    return value;
  }

  #message(bytes: Buffer, start: number): { message: CompiledMessage; at: number } {
    if (bytes[start] === 0) {
      this.#first ??= this.#compile([0]);
      return { message: this.#first, at: start + 1 };
    }
    const { indexes, end } = decodeIndexes(bytes, start);
    const key = indexes.join();
    let message = this.#compiled.get(key);
    if (message === undefined) this.#compiled.set(key, (message = this.#compile(indexes)));
    return { message, at: end };
  }

  #compile(indexes: readonly number[]): CompiledMessage {
    const name = messageAt(this.linked.written, indexes);
    const type: MessageType | undefined = this.#types.message(name);
    if (type === undefined) throw new DataError(`${name} is the entry of a map, not a record`);
    const schema = toConnectSchema(type, this.data, this.version);
    return { schema, read: compileReader(type, schema, this.data) };
  }
}

interface CompiledMessage {
  readonly schema: Schema;
  readonly read: (reader: BinaryReader) => unknown;
}
