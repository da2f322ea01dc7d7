/** Reading short texts without making them anew: what the binary readers of all schema languages share. */

/**
 * Texts of up to so many bytes are looked up among those seen lately: in most fields the same few come again and again,
 * and then nothing is allocated and no native code called.
 */
export const SHORT_TEXT = 24;
const SLOTS = 2048;
const seen: string[] = new Array(SLOTS).fill('');

/** The UTF-8 text of `length` bytes, SHORT_TEXT at most. */
export function shortText(buffer: Buffer, start: number, length: number): string {
  const end = start + length;
  let hash = length;
  for (let at = start; at < end; at++) hash = (Math.imul(hash, 31) + buffer[at]!) | 0;
  const slot = (hash ^ (hash >>> 11)) & (SLOTS - 1);
  const known = seen[slot]!;
  if (known.length === length && equals(known, buffer, start)) return known;
  const text = buffer.utf8Slice(start, end);
  if (text.length === length) seen[slot] = text;
  return text;
}

function equals(text: string, buffer: Buffer, start: number): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) !== buffer[start + i]) return false;
  return true;
}
