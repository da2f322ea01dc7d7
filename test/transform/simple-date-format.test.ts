/** Against what Java's SimpleDateFormat did with the same, in UTC and English. */
import { ConfigError, DataError } from '../../src/kernel';
import { dateFormat } from '../../src/transform/simple-date-format';
import golden from '../golden/transforms/java.json';

test.each(golden.format.map(({ pattern, ms, text }) => [pattern, ms, text] as const))(
  '%s writes %d as %s',
  (pattern, ms, text) => {
    expect(dateFormat(pattern).format(ms)).toBe(text);
  },
);

const PARSED = golden.parse as readonly { pattern: string; text: string; ms?: number }[];

test.each(PARSED.map(({ pattern, text, ms }) => [pattern, text, ms] as const))(
  '%s reads %j',
  (pattern, text, ms) => {
    if (ms === undefined) expect(() => dateFormat(pattern).parse(text)).toThrow(DataError);
    else expect(dateFormat(pattern).parse(text)).toBe(ms);
  },
);

test('two digits are the year within 80 years back and 20 ahead', () => {
  const year = new Date().getUTCFullYear();
  const read = (value: number): number =>
    new Date(dateFormat('yy').parse(String(value % 100).padStart(2, '0'))).getUTCFullYear();
  expect([read(year), read(year + 19), read(year - 79)]).toEqual([year, year + 19, year - 79]);
});

test('weeks are written, not read; half an hour of a zone is not lost', () => {
  expect(() => dateFormat('YYYY-ww').parse('2026-01')).toThrow(DataError);
  expect(dateFormat("yyyy-MM-dd'T'HHX").parse('2026-01-02T03+05:30')).toBe(Date.UTC(2026, 0, 1, 21, 30));
});

test.each(['bbb', "yyyy 'open", 'XXXX'])('%s is no pattern', (pattern) => {
  expect(() => dateFormat(pattern)).toThrow(ConfigError);
});
