import {
  checkTopicName,
  collisionKey,
  isInternalName,
  isTopicName,
} from '../../../src/devbroker/topics/names';

it.each(['a', 'A.b_c-9', '_', '-', '...', 'x'.repeat(249), '__consumer_offsets'])('%s is a name', (name) => {
  expect(isTopicName(name)).toBe(true);
  expect(() => checkTopicName(name)).not.toThrow();
});

it.each([
  ['', 'the empty string is not allowed'],
  ['.', "'.' is not allowed"],
  ['..', "'..' is not allowed"],
  ['a b', "'a b' contains one or more characters other than ASCII alphanumerics, '.', '_' and '-'"],
  ['é', "'é' contains one or more characters other than ASCII alphanumerics, '.', '_' and '-'"],
  ['a\n', "'a\n' contains one or more characters other than ASCII alphanumerics, '.', '_' and '-'"],
  ['a/b', "'a/b' contains one or more characters other than ASCII alphanumerics, '.', '_' and '-'"],
  ['x'.repeat(250), `the length of '${'x'.repeat(250)}' is longer than the max allowed length 249`],
])('"%s" is none', (name, flaw) => {
  expect(isTopicName(name)).toBe(false);
  expect(() => checkTopicName(name)).toThrow(
    expect.objectContaining({ code: 17, message: `Topic name is invalid: ${flaw}` }),
  );
});

it('dots and underscores are the same to metrics', () => {
  expect(collisionKey('a.b_c')).toBe(collisionKey('a_b.c'));
  expect(collisionKey('a-b')).not.toBe(collisionKey('a_b'));
});

it('two names are the broker’s own', () => {
  expect(isInternalName('__transaction_state')).toBe(true);
  expect(isInternalName('__other')).toBe(false);
});
