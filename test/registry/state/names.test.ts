import {
  isValidSubject,
  parseSubject,
  relativeSubject,
  subjectMatcher,
} from '../../../src/registry/state/names';

it.each([
  ['s', '.', 's', 's'],
  ['a:b', '.', 'a:b', 'a:b'],
  [':.:s', '.', 's', 's'],
  [':.ctx:s', '.ctx', 's', ':.ctx:s'],
  [':.ctx:a:b', '.ctx', 'a:b', ':.ctx:a:b'],
  [':.ctx:', '.ctx', '', ':.ctx:'],
  [':ctx:s', '.', ':ctx:s', ':ctx:s'],
])('parses the subject %s', (text, context, plain, qualified) => {
  expect(parseSubject(text)).toEqual({ context, plain, qualified });
});

it('takes unqualified references for those of the same context', () => {
  expect(relativeSubject('t', '.')).toBe('t');
  expect(relativeSubject('t', '.c')).toBe(':.c:t');
  expect(relativeSubject(':.d:t', '.c')).toBe(':.d:t');
  expect(relativeSubject(':.:t', '.c')).toBe('t');
});

it.each([
  ['a,b/c d', true],
  ['한글', true],
  ['', false],
  ['__GLOBAL', false],
  [':.c:__EMPTY', false],
  ['a\nb', false],
  ['a\u0085', false],
])('judges the subject %j valid: %s', (text, valid) => {
  expect(isValidSubject(text)).toBe(valid);
});

it.each([
  [':*:', ['ab', ':.c:ab', 'b']],
  ['', ['ab', 'b']],
  ['a', ['ab']],
  [':*:a', ['ab', ':.c:ab']],
  [':.c:', [':.c:ab']],
  [':.c:b', []],
])('matches the prefix %j', (prefix, matched) => {
  const matches = subjectMatcher(prefix);
  expect(['ab', ':.c:ab', 'b'].filter((text) => matches(parseSubject(text)))).toEqual(matched);
});
