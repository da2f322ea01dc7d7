/** Arrays: `{…}` literals of any depth, and the binary form for one dimension. */
import type { CopyWriter } from '../copy-writer';
import { type Codec, misfit } from './codec';

/** `elementOid`: the type the array is declared of. */
export function arrayCodec(element: Codec, elementOid: number, type: string, onlyFlat: boolean): Codec {
  const text = (value: unknown): string => {
    // Text that is no array is taken as the literal itself.
    if (typeof value === 'string') return value;
    if (!Array.isArray(value)) throw misfit(value, type);
    return arrayLiteral(value, (item) => element.text(item));
  };
  const write = element.binary;
  if (write === null || !onlyFlat) return { text, binary: null };
  return {
    text,
    binary: (out, value) => {
      if (!Array.isArray(value)) throw misfit(value, type);
      writeArray(out, value, elementOid, write);
    },
  };
}

function writeArray(
  out: CopyWriter,
  items: readonly unknown[],
  elementOid: number,
  write: (out: CopyWriter, value: unknown) => void,
): void {
  const slot = out.beginField();
  out.int32(items.length === 0 ? 0 : 1);
  out.int32(items.some(isNull) ? 1 : 0);
  out.int32(elementOid);
  if (items.length > 0) {
    out.int32(items.length);
    out.int32(1);
  }
  for (const item of items) {
    if (isNull(item)) out.nullField();
    else write(out, item);
  }
  out.endField(slot);
}

const isNull = (value: unknown): boolean => value === null || value === undefined;

/** Nested arrays are dimensions; Postgres checks that they are rectangular. */
export function arrayLiteral(items: readonly unknown[], text: (item: unknown) => string): string {
  const parts: string[] = [];
  for (const item of items) {
    if (isNull(item)) parts.push('NULL');
    else if (Array.isArray(item)) parts.push(arrayLiteral(item, text));
    else parts.push(quoteItem(text(item)));
  }
  return `{${parts.join(',')}}`;
}

const PLAIN_ITEM = /^[A-Za-z0-9_.+-]+$/;

/** Numbers and plain words need no quotes; `NULL` as a word does. */
function quoteItem(text: string): string {
  if (PLAIN_ITEM.test(text) && !/^null$/i.test(text)) return text;
  return `"${text.replace(/["\\]/g, '\\$&')}"`;
}
