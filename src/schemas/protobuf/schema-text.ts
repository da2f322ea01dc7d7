/** A Protobuf schema as clients send it: .proto text, or, in base64, the FileDescriptorProto of a compiled file. */
import { DataError } from '../../kernel';
import type { ProtoFile } from './ast';
import { decodeDescriptor } from './descriptor-decode';
import type { NamedFile } from './link';
import { parseProto } from './parse';
import { printProto } from './print';

/** What a descriptor in base64 can look like; no .proto text that says anything does. */
const BASE64 = /^[A-Za-z0-9+/\s]+={0,2}$/;

/**
 * @param files what it imports; extensions may be there that a descriptor uses
 * @throws DataError with the place in the text, or what is wrong with the descriptor
 */
export function readProto(text: string, files: readonly NamedFile[] = []): ProtoFile {
  if (!BASE64.test(text.trimEnd())) return parseProto(text);
  try {
    return parseProto(text);
  } catch (error) {
    return descriptorFile(text, files, error as Error);
  }
}

function descriptorFile(text: string, files: readonly NamedFile[], problem: Error): ProtoFile {
  try {
    const file = decodeDescriptor(Buffer.from(text, 'base64'), files);
    // Names in a descriptor can be anything: what is no name does not survive its own text.
    return parseProto(printProto(file));
  } catch (error) {
    const reason = describe(error);
    if (reason === null) throw error;
    // Short words are more likely bad text than a bad descriptor.
    if (text.length < SHORT) throw problem;
    throw new DataError(`${problem.message}; taken for a descriptor in base64: ${reason}`, {
      cause: error,
    });
  }
}

const SHORT = 40;

/** Null: nothing that the bytes could be to blame for. */
function describe(error: unknown): string | null {
  if (error instanceof RangeError) return 'it is nested too deep';
  return error instanceof DataError ? error.message : null;
}
