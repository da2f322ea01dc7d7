/**
 * Java's `.properties` format, as `java.util.Properties.load` reads it: `=`, `:` or blank between key and value, `#` and
 * `!` comments, `\` at the end of a line joins it with the next, `\t \n \r \f \uXXXX` escapes.
 */
export interface Property {
  readonly key: string;
  readonly value: string;
  /** 1-based line on which the entry begins. */
  readonly line: number;
}

export interface PropertiesFile {
  readonly properties: readonly Property[];
  readonly problems: readonly { readonly line: number; readonly message: string }[];
}

interface LogicalLine {
  readonly text: string;
  readonly line: number;
}

const BLANKS = /^[ \t\f]+/;

export function parseProperties(text: string): PropertiesFile {
  const properties: Property[] = [];
  const problems: { line: number; message: string }[] = [];
  for (const { text: logical, line } of logicalLines(text)) {
    const [rawKey, rawValue] = splitEntry(logical);
    const decode = (raw: string): string =>
      decodeEscapes(raw, (text) => problems.push({ line, message: `Malformed escape ${text}` }));
    properties.push({ key: decode(rawKey), value: decode(rawValue), line });
  }
  return { properties, problems };
}

/** Lines joined where a backslash asks for it; blank and comment lines are left out. */
function* logicalLines(text: string): Generator<LogicalLine> {
  const lines = text.replace(/^\uFEFF/, '').split(/\r\n|\r|\n/);
  for (let i = 0; i < lines.length; i++) {
    const line = i + 1;
    let logical = lines[i]!.replace(BLANKS, '');
    if (logical === '' || logical[0] === '#' || logical[0] === '!') continue;
    while (endsInOpenBackslash(logical)) {
      logical = logical.slice(0, -1) + (lines[++i] ?? '').replace(BLANKS, '');
      if (i >= lines.length) break;
    }
    if (logical !== '') yield { text: logical, line };
  }
}

/** An even number of backslashes is escaped backslashes, an odd one joins the next line. */
function endsInOpenBackslash(text: string): boolean {
  let count = 0;
  while (text[text.length - 1 - count] === '\\') count++;
  return count % 2 === 1;
}

/** The key ends at the first `=`, `:` or blank that is not escaped; one separator and the blanks around it go. */
function splitEntry(text: string): [key: string, value: string] {
  let end = 0;
  while (end < text.length && !'=: \t\f'.includes(text[end]!)) end += text[end] === '\\' ? 2 : 1;
  const rest = text.slice(end).replace(BLANKS, '');
  return [text.slice(0, end), rest.replace(/^[=:]/, '').replace(BLANKS, '')];
}

const ESCAPES: Readonly<Record<string, string>> = { t: '\t', n: '\n', r: '\r', f: '\f' };

function decodeEscapes(raw: string, malformed: (text: string) => void): string {
  if (!raw.includes('\\')) return raw;
  return raw.replace(/\\u([0-9a-fA-F]{4})|\\u.{0,4}|\\(.?)/gs, (all, hex, char) => {
    if (hex !== undefined) return String.fromCharCode(Number.parseInt(hex, 16));
    if (char === undefined) {
      malformed(all);
      return all;
    }
    return ESCAPES[char] ?? char;
  });
}
