/**
 * Globs over paths with slashes: `*` and `?` within a name, `**` over directories, `[a-z]`, `{csv,tsv}`. A pattern
 * without slash is matched with the name alone, at any depth. Hidden names need a dot in the pattern.
 */
export function globMatcher(patterns: readonly string[]): (path: string) => boolean {
  const expressions = patterns.map((pattern) => new RegExp(`^${translate(anchored(pattern))}$`, 'u'));
  return (path) => expressions.some((expression) => expression.test(path));
}

const anchored = (pattern: string): string => {
  const relative = pattern.replace(/^(\.?\/)+/, '');
  return relative.includes('/') || relative.startsWith('**') ? relative : `**/${relative}`;
};

const TOKEN = /\*\*\/|\*\*|\*|\?|\[!?[^\]]+\]|\{|\}|,|[^*?[{},]/gsu;
/** A name may not begin with a dot unless the pattern says so. */
const VISIBLE = '(?!\\.)';

function translate(pattern: string): string {
  let depth = 0;
  let text = '';
  let nameStart = true;
  for (const [token] of pattern.matchAll(TOKEN)) {
    const guard = nameStart ? VISIBLE : '';
    nameStart = token.endsWith('/');
    if (token === '**/') text += `(?:${VISIBLE}[^/]+/)*`;
    else if (token === '**') text += `${guard}(?:[^/]|/${VISIBLE})*`;
    else if (token === '*') text += `${guard}[^/]*`;
    else if (token === '?') text += `${guard}[^/]`;
    else if (token.startsWith('[')) text += guard + characterClass(token);
    else if (token === '{') [text, depth] = [`${text}(?:`, depth + 1];
    else if (token === '}' && depth > 0) [text, depth] = [`${text})`, depth - 1];
    else if (token === ',' && depth > 0) text += '|';
    else text += quoted(token);
  }
  return depth === 0 ? text : quoted(pattern);
}

const characterClass = (token: string): string => {
  const inner = token.slice(1, -1).replace(/[\\^]/g, '\\$&');
  return inner.startsWith('!') ? `[^/${inner.slice(1)}]` : `[${inner}]`;
};

const quoted = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
