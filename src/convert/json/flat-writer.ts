/**
 * The common payload written straight as bytes: a struct whose fields are numbers, booleans, strings or null. What it
 * does not expect (a bigint, NaN, a value of another type) is left to the general writer, which also says what is
 * wrong. Saves the strings in between, and with them most of the garbage.
 */
import { type Schema, Struct } from '../../kernel';

/** Longest number: a double such as -1.2345678901234567e-300. */
const MOST_NUMBER_BYTES = 26;
/** An escape such as \u001f. */
const MOST_BYTES_PER_UNIT = 6;

const [QUOTE, BACKSLASH, ZERO, MINUS, CLOSE] = [0x22, 0x5c, 0x30, 0x2d, 0x7d];

const INTEGERS: ReadonlySet<string> = new Set(['int8', 'int16', 'int32', 'int64']);

type Kind = 'integer' | 'float' | 'boolean' | 'string';

interface Member {
  /** `{"name":` of the first field, `,"name":` of the others. */
  readonly head: Buffer;
  readonly kind: Kind;
  readonly optional: boolean;
}

export interface FlatWriter {
  /** Upper bound of the bytes that `write` needs. */
  mostBytes(values: readonly unknown[]): number;
  /** Writes at `at` and returns where it ended; -1 when the value is not of the simple form. */
  write(buffer: Buffer, at: number, value: unknown): number;
}

/** A writer for a struct of simple fields, null when the schema has others. */
export function flatWriterOf(schema: Schema): FlatWriter | null {
  if (schema.type !== 'struct' || schema.fields.length === 0) return null;
  const members: Member[] = [];
  for (const field of schema.fields) {
    const kind = kindOf(field.schema);
    if (kind === null || field.schema.defaultValue !== undefined) return null;
    const head = Buffer.from(`${members.length === 0 ? '{' : ','}${JSON.stringify(field.name)}:`);
    members.push({ head, kind, optional: field.schema.optional });
  }
  const fixed = members.reduce((sum, { head }) => sum + head.length + MOST_NUMBER_BYTES, 1);
  return {
    mostBytes: (values) => fixed + stringBytes(values),
    write: (buffer, at, value) =>
      value instanceof Struct ? writeAll(members, buffer, at, value.values) : -1,
  };
}

function kindOf({ type }: Schema): Kind | null {
  if (INTEGERS.has(type)) return 'integer';
  if (type === 'float32' || type === 'float64') return 'float';
  return type === 'boolean' || type === 'string' ? type : null;
}

function stringBytes(values: readonly unknown[]): number {
  let bytes = 0;
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (typeof value === 'string') bytes += value.length * MOST_BYTES_PER_UNIT + 2;
  }
  return bytes;
}

function writeAll(
  members: readonly Member[],
  buffer: Buffer,
  start: number,
  values: readonly unknown[],
): number {
  let at = start;
  for (let i = 0; i < members.length; i++) {
    const { head, kind, optional } = members[i]!;
    for (let k = 0; k < head.length; k++) buffer[at++] = head[k]!;
    const value = values[i];
    at = value === null && optional ? writeAscii(buffer, at, 'null') : writeOne(buffer, at, kind, value);
    if (at < 0) return -1;
  }
  buffer[at++] = CLOSE;
  return at;
}

function writeOne(buffer: Buffer, at: number, kind: Kind, value: unknown): number {
  switch (kind) {
    case 'integer':
      return Number.isSafeInteger(value) ? writeInteger(buffer, at, value as number) : -1;
    case 'float':
      return typeof value === 'number' ? writeFloat(buffer, at, value) : -1;
    case 'boolean':
      return typeof value === 'boolean' ? writeAscii(buffer, at, value ? 'true' : 'false') : -1;
    case 'string':
      return typeof value === 'string' ? writeString(buffer, at, value) : -1;
  }
}

function writeAscii(buffer: Buffer, at: number, text: string): number {
  for (let i = 0; i < text.length; i++) buffer[at + i] = text.charCodeAt(i);
  return at + text.length;
}

function writeInteger(buffer: Buffer, start: number, value: number): number {
  let at = start;
  let rest = value;
  if (rest < 0) {
    buffer[at++] = MINUS;
    rest = -rest;
  }
  if (rest < 1_000_000_000) return writeDigits(buffer, at, rest, 0);
  const high = Math.floor(rest / 1_000_000_000);
  at = writeInteger(buffer, at, high);
  return writeDigits(buffer, at, rest - high * 1_000_000_000, 9);
}

/** Below 10^9, with leading zeros up to `width`. */
function writeDigits(buffer: Buffer, at: number, value: number, width: number): number {
  let count = 1;
  for (let power = 10; power <= value && count < 9; power *= 10) count++;
  const end = at + Math.max(count, width);
  let rest = value | 0;
  for (let i = end - 1; i >= at; i--) {
    const tenth = (rest / 10) | 0;
    buffer[i] = ZERO + (rest - tenth * 10);
    rest = tenth;
  }
  return end;
}

/** As the general writer: whole numbers keep `.0`, NaN and infinities are not simple. */
function writeFloat(buffer: Buffer, at: number, value: number): number {
  if (!Number.isFinite(value)) return -1;
  if (Number.isInteger(value) && Math.abs(value) < 1e15 && !Object.is(value, -0)) {
    return writeAscii(buffer, writeInteger(buffer, at, value), '.0');
  }
  const text = Object.is(value, -0) ? '-0' : String(value);
  const end = writeAscii(buffer, at, text);
  return Number.isInteger(value) && !text.includes('e') ? writeAscii(buffer, end, '.0') : end;
}

/** ASCII without escapes byte by byte; other text as JSON.stringify has it. */
function writeString(buffer: Buffer, start: number, text: string): number {
  let at = start;
  buffer[at++] = QUOTE;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code < 0x20 || code > 0x7e || code === QUOTE || code === BACKSLASH) {
      const escaped = JSON.stringify(text);
      return start + buffer.utf8Write(escaped, start, escaped.length * 3);
    }
    buffer[at++] = code;
  }
  buffer[at++] = QUOTE;
  return at;
}
