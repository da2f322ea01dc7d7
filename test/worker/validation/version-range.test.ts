import { matchesVersion } from '../../../src/worker/validation/version-range';

test.each([
  ['1.2.3', '1.2.3', true],
  ['1.2.3', '1.2.4', false],
  ['1.2.0', '1.2', true],
  ['1.2.3', 'latest', true],
  ['1.2.3', '[1.2.3]', true],
  ['1.2.3', '[1.2]', false],
  ['1.2.3', '[1.0,2.0)', true],
  ['2.0.0', '[1.0,2.0)', false],
  ['2.0.0', '[1.0,2.0]', true],
  ['1.0.0', '(1.0,2.0)', false],
  ['1.10.0', '[1.9,)', true],
  ['1.8.0', '[1.9,)', false],
  ['0.9', '(,1.0]', true],
  ['3.1', '[1,2),[3,4)', true],
  ['2.5', '[1,2), [3,4)', false],
  ['1.0-rc1', '1.0', false],
  ['1.0-rc1', '[,1.0)', true],
  ['1.0', '[1.0', false],
  ['1.0', 'x y', false],
  ['1.0', '', false],
])('%s against %s: %s', (version, wanted, expected) => {
  expect(matchesVersion(version, wanted)).toBe(expected);
});
