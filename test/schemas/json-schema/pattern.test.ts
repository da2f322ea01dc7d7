import { compilePattern, findPattern, isPattern } from '../../../src/schemas/json-schema/pattern';

const find = (pattern: string, text: string): boolean | null => {
  const compiled = compilePattern(pattern);
  return compiled && findPattern(compiled, text, () => {});
};

const TEXTS = [
  '',
  'a',
  'b',
  'ab',
  'aab',
  'abc',
  'x-y',
  'x_1',
  'foo.bar',
  'ABC',
  'a\nb',
  'é',
  '😀',
  '{2}',
  'a😀b',
  '--',
];
const PATTERNS = [
  '',
  '^$',
  'a',
  '^a',
  'b$',
  '^a*b?$',
  'a|b',
  '^(?:a|bc?)+$',
  '(a)(b)',
  '[a-c]{2}',
  '^[^a]',
  '\\d',
  '\\w+-\\w+',
  '.',
  '^.$',
  '\\bfoo\\b',
  '\\Ba',
  '^(?=a)',
  '^(?!a)',
  '(?!.*b)a',
  'a{2,}',
  'a{1,2}b',
  '(a*)*b',
  '(a|a)*$',
  '^(|a)+$',
  '\\.',
  '[.]',
  '[\\]\\-]',
  '\\u0061',
  '\\x61',
  '\\p{Lu}',
  '\\u{1F600}',
  '^.b',
  'a{x',
  'a??b',
  '(?<n>a)b',
  '[\\s\\S]',
  '$a',
  'a^',
  '[^]',
  '[]',
];

test.each(PATTERNS)('finds %j where the engine finds it', (pattern) => {
  const native = (() => {
    try {
      return new RegExp(pattern, 'u');
    } catch {
      return new RegExp(pattern);
    }
  })();
  expect(TEXTS.map((text) => find(pattern, text))).toEqual(TEXTS.map((text) => native.test(text)));
});

test.each(['(a+)+$', '(a|aa)+$', '^(([a-z])+.)+[A-Z]([a-z])+$', 'a*a*a*a*a*a*a*a*b', '(.*)*x'])(
  'is done soon with %j, which keeps the engine busy',
  (pattern) => {
    const began = performance.now();
    expect(find(pattern, `${'a'.repeat(500)}!`)).toBe(false);
    expect(performance.now() - began).toBeLessThan(1000);
  },
);

test.each([
  '(a)\\1',
  '(?<=a)b',
  '(((a{100}){100}){100}){100}',
  '((((){2000}){2000}){2000}){2000}',
  `${'('.repeat(500)}a${')'.repeat(500)}`,
  '(?i)a',
])('says of %j that it cannot tell', (pattern) => {
  expect(find(pattern, 'a')).toBeNull();
});

test('a text too long for a pattern is not decided', () => {
  expect(find('a', 'b'.repeat(5000))).toBeNull();
});

test.each([
  ['a(', false],
  ['[z-a]', false],
  ['(?i)abc', true],
  ['(?-s:a)', true],
  ['\\p{L}', true],
  ['\\A\\z', true],
  ['*', false],
])('%j is a pattern: %p', (pattern, valid) => {
  expect(isPattern(pattern)).toBe(valid);
});
