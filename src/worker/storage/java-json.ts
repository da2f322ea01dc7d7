/**
 * JSON as Kafka Connect's converter writes it (Jackson), byte for byte where a JavaScript value can say it: offsets are
 * found by the exact bytes of their keys. Differences from JSON.stringify: control characters in upper-case hex, surrogate
 * pairs as escapes, fractions in Java's notation.
 */

/** Members in the order of the object; what is undefined is left out. */
export function javaJson(value: unknown): string {
  if (typeof value === 'string') return javaString(value);
  if (typeof value === 'number') return javaNumber(value);
  if (typeof value === 'bigint') return value.toString();
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(javaJson).join(',')}]`;
  const members: string[] = [];
  for (const [name, member] of Object.entries(value)) {
    if (member !== undefined) members.push(`${javaString(name)}:${javaJson(member)}`);
  }
  return `{${members.join(',')}}`;
}

const SHORT: Readonly<Record<string, string>> = {
  '\b': '\\b',
  '\t': '\\t',
  '\n': '\\n',
  '\f': '\\f',
  '\r': '\\r',
  '"': '\\"',
  '\\': '\\\\',
};

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what JSON escapes
const ESCAPED = /["\\\u0000-\u001f\ud800-\udfff]/g;

const escaped = (char: string): string =>
  SHORT[char] ?? `\\u${char.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}`;

const javaString = (text: string): string => `"${text.replace(ESCAPED, escaped)}"`;

/** Whole numbers as a Java long; fractions as Double.toString: exponents from 10^7 and below 10^-3. */
function javaNumber(value: number): string {
  if (Number.isSafeInteger(value) || !Number.isFinite(value)) return JSON.stringify(value);
  const size = Math.abs(value);
  if (size >= 1e-3 && size < 1e7) return value.toString();
  const [digits, exponent] = value.toExponential().split('e') as [string, string];
  return `${digits.includes('.') ? digits : `${digits}.0`}E${Number(exponent)}`;
}
