/** As much of PromQL as is needed to know which metrics and labels an expression names. */

export interface Selector {
  readonly metric: string;
  /** Those in braces. */
  readonly labels: readonly string[];
}

const WORDS = new Set([
  'and',
  'or',
  'unless',
  'bool',
  'offset',
  'by',
  'without',
  'on',
  'ignoring',
  'group_left',
  'group_right',
]);

/** Throws when parentheses, braces or quotes do not match. */
export function selectorsOf(expression: string): Selector[] {
  const plain = expression.replaceAll(/"(?:[^"\\]|\\.)*"/g, '""');
  assertBalanced(plain, expression);
  const bare = plain
    .replaceAll(/\b(by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)/g, ' ')
    .replaceAll(/\[[^\]]*\]/g, ' ');
  return [...bare.matchAll(/([a-zA-Z_:][\w:]*)\s*(\(|\{([^}]*)\})?/g)].flatMap(
    ([, name, after, labels = '']) =>
      after === '(' || WORDS.has(name!) ? [] : [{ metric: name!, labels: labelsOf(labels) }],
  );
}

const labelsOf = (text: string): string[] =>
  [...text.matchAll(/(\w+)\s*(?:=~|!~|!=|=)/g)].map(([, label]) => label!);

function assertBalanced(plain: string, expression: string): void {
  const open: string[] = [];
  for (const [sign] of plain.matchAll(/[()[\]{}"]/g)) {
    if (sign === '"') continue;
    if ('([{'.includes(sign)) open.push(sign);
    else if (open.pop() !== { ')': '(', ']': '[', '}': '{' }[sign])
      throw new Error(`Unbalanced: ${expression}`);
  }
  if (open.length > 0 || plain.replaceAll('""', '').includes('"'))
    throw new Error(`Unbalanced: ${expression}`);
}
