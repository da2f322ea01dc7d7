/** Java's standard character sets: what every JVM has, and what StringConverter may be told. */

export interface Charset {
  /** Characters that the set does not have become `?`, as in Java. */
  encode(text: string): Buffer;
  decode(bytes: Buffer): string;
}

const utf8: Charset = {
  encode: (text) => Buffer.from(text, 'utf8'),
  decode: (bytes) => bytes.utf8Slice(0, bytes.length),
};

const latin1: Charset = {
  encode: (text) => Buffer.from(text.replace(/[^\0-\xff]/gu, '?'), 'latin1'),
  decode: (bytes) => bytes.latin1Slice(0, bytes.length),
};

const ascii: Charset = {
  encode: (text) => Buffer.from(text.replace(/[^\0-\x7f]/gu, '?'), 'latin1'),
  decode: (bytes) => bytes.latin1Slice(0, bytes.length).replace(/[^\0-\x7f]/g, '\ufffd'),
};

const swapped = (bytes: Buffer): Buffer => Buffer.from(bytes.subarray(0, bytes.length & ~1)).swap16();

const utf16le: Charset = {
  encode: (text) => Buffer.from(text, 'utf16le'),
  decode: (bytes) => bytes.toString('utf16le'),
};

const utf16be: Charset = {
  encode: (text) => Buffer.from(text, 'utf16le').swap16(),
  decode: (bytes) => swapped(bytes).toString('utf16le'),
};

const BIG_ENDIAN_MARK = Buffer.of(0xfe, 0xff);
const LITTLE_ENDIAN_MARK = Buffer.of(0xff, 0xfe);

/** Written big-endian behind a mark, read as the mark says. */
const utf16: Charset = {
  encode: (text) => Buffer.concat([BIG_ENDIAN_MARK, utf16be.encode(text)]),
  decode(bytes) {
    const mark = bytes.subarray(0, 2);
    if (mark.equals(LITTLE_ENDIAN_MARK)) return utf16le.decode(bytes.subarray(2));
    return utf16be.decode(mark.equals(BIG_ENDIAN_MARK) ? bytes.subarray(2) : bytes);
  },
};

const CHARSETS: Readonly<Record<string, Charset>> = {
  'utf-8': utf8,
  utf8,
  'iso-8859-1': latin1,
  'iso8859-1': latin1,
  latin1,
  'us-ascii': ascii,
  ascii,
  'utf-16': utf16,
  'utf-16le': utf16le,
  'utf-16be': utf16be,
};

/** By any of its usual names; null for one that is not known. */
export const charsetOf = (name: string): Charset | null => CHARSETS[name.toLowerCase()] ?? null;

export const isUtf8 = (charset: Charset): boolean => charset === utf8;
