/**
 * Regular expressions of configurations are Java's. What both dialects write differently is translated; what JS cannot
 * express (possessive quantifiers, atomic groups, classes within classes) is refused rather than read as something else.
 */
import { ConfigError } from './errors';

const PROPERTIES: Readonly<Record<string, string>> = {
  Lower: 'a-z',
  Upper: 'A-Z',
  Alpha: 'a-zA-Z',
  Digit: '0-9',
  Alnum: 'a-zA-Z0-9',
  Punct: '!-\\/:-@\\[-`\\{-~',
  Graph: '!-~',
  Print: ' -~',
  Blank: ' \\t',
  Cntrl: '\\x00-\\x1f\\x7f',
  XDigit: '0-9a-fA-F',
  Space: ' \\t-\\r',
  ASCII: '\\x00-\\x7f',
  IsAlphabetic: '\\p{Alphabetic}',
  IsLetter: '\\p{Alphabetic}',
  IsDigit: '\\p{Nd}',
  IsUppercase: '\\p{Uppercase}',
  IsLowercase: '\\p{Lowercase}',
  IsWhite_Space: '\\p{White_Space}',
};

const BLANKS = ' \\t\\xa0\\u1680\\u180e\\u2000-\\u200a\\u202f\\u205f\\u3000';
const LINE_ENDS = '\\n-\\r\\x85\\u2028\\u2029';

/** Escapes of single characters that JS does not know, as the inside of a class. */
const ESCAPES: Readonly<Record<string, string>> = { h: BLANKS, v: LINE_ENDS, a: '\\x07', e: '\\x1b' };
const ANCHORS: Readonly<Record<string, string>> = {
  A: '(?<![^])',
  z: '(?![^])',
  Z: '(?=\\n?(?![^]))',
  R: '(?:\\r\\n|[\\n-\\r\\x85\\u2028\\u2029])',
};

const TOKEN =
  /\\Q(.*?)(?:\\E|$)|\\([pP])(?:\{(\w+)\}|(\w))|\\x\{([\da-fA-F]+)\}|\\([^a-zA-Z0-9])|\\([hvaeHV])|\\([AzZR])|\\(k<\w+>|[dDwWsSbBtnrf1-9]|c[A-Za-z]|x[\da-fA-F]{2}|u[\da-fA-F]{4})|(\{\d+(?:,\d*)?\})|(.)/gsy;

const SYNTAX = /[\\^$.*+?()[\]{}|/]/g;
const escaped = (text: string): string => text.replace(SYNTAX, '\\$&');

/** A pattern of Java that is looked for anywhere in a text. Throws ConfigError. */
export const javaPattern = (pattern: string): RegExp => compile(pattern, (source) => source);

/** A pattern of Java that the whole text has to match. Throws ConfigError. */
export const wholeJavaPattern = (pattern: string): RegExp =>
  compile(pattern, (source) => `^(?:${source})$(?![^])`);

function compile(pattern: string, around: (source: string) => string): RegExp {
  try {
    const { source, flags } = translate(pattern);
    return new RegExp(around(source), `u${flags}`);
  } catch (error) {
    throw new ConfigError(`${pattern} is not a regular expression: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

function translate(pattern: string): { source: string; flags: string } {
  const leading = /^\(\?([imsu]+)\)/.exec(pattern);
  const flags = [...new Set((leading?.[1] ?? '').replaceAll('u', ''))].join('');
  const text = pattern.slice(leading?.[0].length ?? 0);
  let source = '';
  let inClass = false;
  for (const match of text.matchAll(TOKEN)) {
    const [, quoted, property, name, letter, point, literal, single, anchor, same, repeat, other] = match;
    if (other !== undefined) {
      refuse(text, match.index, inClass);
      source += inClass ? (other === '[' ? '\\[' : other) : /[\]{}]/.test(other) ? `\\${other}` : other;
      if (other === '[') inClass = true;
      else if (other === ']') inClass = false;
    } else if (quoted !== undefined) source += escaped(quoted);
    else if (point !== undefined) source += `\\u{${point}}`;
    else if (literal !== undefined) source += literal === '-' && inClass ? '\\-' : escaped(literal);
    else if (same !== undefined) source += `\\${same}`;
    else if (repeat !== undefined) source += inClass ? escaped(repeat) : repeat;
    else if (anchor !== undefined) source += inClass ? unknown(`\\${anchor} in a class`) : ANCHORS[anchor];
    else {
      const inside = single === undefined ? propertyClass((name ?? letter)!) : ESCAPES[single.toLowerCase()]!;
      const negated = property === 'P' || single === 'H' || single === 'V';
      source += inClass && !negated ? inside : `[${negated ? '^' : ''}${inside}]`;
      if (inClass && negated) unknown('a negated class in a class');
    }
  }
  return { source, flags };
}

function propertyClass(name: string): string {
  const known = PROPERTIES[name];
  if (known !== undefined) return known;
  const script = /^Is([A-Z][a-z]+)$/.exec(name);
  return script === null ? `\\p{${name}}` : `\\p{Script=${script[1]}}`;
}

function refuse(text: string, at: number, inClass: boolean): void {
  const here = text.slice(at);
  if (inClass) {
    if (here.startsWith('[') || here.startsWith('&&')) unknown('a class within a class');
  } else if (here.startsWith('\\')) unknown(here.slice(0, 2));
  else if (/^\(\?(?![:=!<])/.test(here)) unknown(here.slice(0, 3));
  else if (/^[*+?]\+/.test(here) || (here[0] === '+' && /\{\d+,?\d*\}$/.test(text.slice(0, at)))) {
    unknown('a possessive quantifier');
  }
}

function unknown(what: string): never {
  throw new SyntaxError(`${what} is not supported`);
}
