import { ConfigError, javaPattern, wholeJavaPattern } from '../../src/kernel';

test.each([
  ['orders', 'orders', true],
  ['orders', 'my-orders', false],
  ['a|ab', 'ab', true],
  ['my\\-topic\\_1', 'my-topic_1', true],
  ['(?i)Orders', 'oRDERS', true],
  ['\\Qa.b\\E.*', 'a.bc', true],
  ['\\Qa.b\\E.*', 'axbc', false],
  ['\\p{Alpha}+\\p{Digit}{2}', 'abc12', true],
  ['[\\p{Upper}\\-]+', 'A-B', true],
  ['\\P{Alpha}', '1', true],
  ['a]b}', 'a]b}', true],
  ['\\p{IsLatin}+', 'abc', true],
  ['\\p{Lu}\\p{Ll}', 'Ab', true],
  ['\\Aa\\z', 'a', true],
  ['a$', 'a\n', false],
])('%s as a whole on %j: %p', (pattern, text, matches) => {
  expect(wholeJavaPattern(pattern).test(text)).toBe(matches);
});

test('javaPattern looks anywhere', () => expect(javaPattern('b+').exec('abbc')?.index).toBe(1));

test.each(['a++', 'a{2}+', '(?>a)', '(?i:a)', '[a-z&&[^b]]', '[a[b]]', '\\G', '(', '[\\P{Alpha}]'])(
  '%s is refused',
  (pattern) => {
    expect(() => javaPattern(pattern)).toThrow(ConfigError);
  },
);
