/**
 * Protobuf schemas: .proto text, or a compiled file in base64, which is stored as text. References are imports; those of
 * Protocol Buffers itself need none.
 */
import { DataError } from '../../kernel';
import { checkProto } from '../../schemas/compatibility/protobuf';
import { describeProtoProblem } from '../../schemas/compatibility/protobuf-text';
import type { ProtoFile } from '../../schemas/protobuf/ast';
import { checkProto as checkDeclarations } from '../../schemas/protobuf/check';
import { encodeDescriptor } from '../../schemas/protobuf/descriptor-encode';
import { withoutExtensions } from '../../schemas/protobuf/extensions';
import { type LinkedProto, linkProto, type NamedFile } from '../../schemas/protobuf/link';
import { normalizeProto } from '../../schemas/protobuf/normalize';
import { printProto } from '../../schemas/protobuf/print';
import { resolvedText } from '../../schemas/protobuf/resolve-text';
import { readProto } from '../../schemas/protobuf/schema-text';
import { type ReferencedText, type SchemaText, schemaType } from './schema-type';

/** What Confluent's registry calls files in descriptors; clients put the name of the reference there. */
const DESCRIPTOR_NAME = 'default';

export const protobuf = schemaType<ProtoSchema>({
  name: 'PROTOBUF',
  read(text, references, { normalize, strict }) {
    const files = references.map((reference) => new Reference(reference));
    const written = readProto(text, files);
    const schema = new ProtoSchema(written, files);
    if (strict) checkDeclarations(schema.linked);
    return new ProtoText(normalize ? normalizeProto(schema.linked) : written, schema);
  },
  check(reader, writer, roles) {
    try {
      return checkProto(reader.linked, writer.linked).map((problem) => describeProtoProblem(problem, roles));
    } catch (error) {
      // Schemas that other registries accepted may lack an import.
      if (!(error instanceof DataError)) throw error;
      return [`The schemas cannot be compared: ${error.message}`];
    }
  },
  format({ schema }, format) {
    if (format === 'serialized') return serialized(schema);
    return format === 'ignore_extensions' ? printProto(withoutExtensions(schema.written)) : null;
  },
});

/** Null, so that the text is the answer, for what another registry stored without its imports. */
function serialized(schema: ProtoSchema): string | null {
  try {
    return encodeDescriptor(schema.linked, DESCRIPTOR_NAME).toString('base64');
  } catch (error) {
    if (!(error instanceof DataError)) throw error;
    return null;
  }
}

/** Linked when somebody asks what its names mean: a producer that registers what is there does not. */
class ProtoSchema {
  #linked: LinkedProto | null = null;

  constructor(
    readonly written: ProtoFile,
    readonly files: readonly NamedFile[],
  ) {}

  /** Throws DataError for a missing import. */
  get linked(): LinkedProto {
    this.#linked ??= linkProto(this.written, this.files);
    return this.#linked;
  }
}

class ProtoText implements SchemaText<ProtoSchema> {
  readonly canonical: string;
  #resolved: string | null = null;

  constructor(
    file: ProtoFile,
    readonly schema: ProtoSchema,
  ) {
    this.canonical = printProto(file);
  }

  /** As written when imports are missing: then nothing else can be said of it. */
  get resolved(): string {
    this.#resolved ??= this.#resolve();
    return this.#resolved;
  }

  #resolve(): string {
    try {
      return resolvedText(this.schema.linked);
    } catch (error) {
      if (!(error instanceof DataError)) throw error;
      return this.canonical;
    }
  }
}

/** Parsed when the schema is linked. */
class Reference implements NamedFile {
  readonly path: string;
  readonly #text: string;
  #file: ProtoFile | null = null;

  constructor({ name, text }: ReferencedText) {
    this.path = name;
    this.#text = text;
  }

  get file(): ProtoFile {
    this.#file ??= readProto(this.#text);
    return this.#file;
  }
}
