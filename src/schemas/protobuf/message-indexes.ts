/**
 * Which message of its file a record is: places among the messages of each level, from the outermost one, as zigzag varints
 * behind their number. The first message, the usual case, is one zero byte. Source: schema-registry.md §4.
 */
import { DataError } from '../../kernel';
import type { ProtoFile, ProtoMessage, ProtoType } from './ast';
import { inScope } from './ast';

/** Deeper messages no file has. */
const MAX_INDEXES = 100;

const messagesOf = (types: readonly ProtoType[]): ProtoMessage[] =>
  types.filter((type): type is ProtoMessage => type.kind === 'message');

/** Indexes of a message; null when the file does not declare it. */
export function indexesOf(file: ProtoFile, fullName: string): readonly number[] | null {
  const visit = (types: readonly ProtoType[], scope: string): number[] | null => {
    for (const [index, message] of messagesOf(types).entries()) {
      const name = inScope(scope, message.name);
      if (name === fullName) return [index];
      const inner = fullName.startsWith(`${name}.`) ? visit(message.types, name) : null;
      if (inner !== null) return [index, ...inner];
    }
    return null;
  };
  return visit(file.types, file.package ?? '');
}

/** Full name of the message at these indexes. Throws DataError when there is none. */
export function messageAt(file: ProtoFile, indexes: readonly number[]): string {
  let types = file.types;
  let name = file.package ?? '';
  for (const index of indexes) {
    const message = messagesOf(types)[index];
    if (message === undefined) {
      throw new DataError(`The schema has no message at the indexes [${indexes.join(', ')}]`);
    }
    name = inScope(name, message.name);
    ({ types } = message);
  }
  return name;
}

export function encodeIndexes(indexes: readonly number[]): Buffer {
  if (indexes.length === 1 && indexes[0] === 0) return Buffer.from([0]);
  const bytes: number[] = [];
  for (const value of [indexes.length, ...indexes]) {
    let rest = value * 2;
    for (; rest > 0x7f; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80);
    bytes.push(rest);
  }
  return Buffer.from(bytes);
}

export interface ReadIndexes {
  readonly indexes: readonly number[];
  /** Position after them. */
  readonly end: number;
}

const FIRST: readonly number[] = [0];

/** Throws DataError for bytes that are none. */
export function decodeIndexes(bytes: Buffer, start: number): ReadIndexes {
  if (bytes[start] === 0) return { indexes: FIRST, end: start + 1 };
  let at = start;
  const next = (): number => {
    let value = 0;
    for (let shift = 0; shift < 32; shift += 7) {
      const byte = bytes[at++];
      if (byte === undefined) throw new DataError('Truncated: the message indexes do not end');
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return (value >>> 1) ^ -(value & 1);
    }
    throw new DataError('The message indexes are no numbers');
  };
  const count = next();
  if (count < 0 || count > MAX_INDEXES) throw new DataError(`${count} message indexes`);
  const indexes = Array.from({ length: count }, next);
  return { indexes: count === 0 ? FIRST : indexes, end: at };
}
