import {
  isFinerThanMs,
  parseDate,
  parseTime,
  parseTimestamp,
} from '../../../../connectors/file/values/time-parse';
import { dateText, timestampText, timeText } from '../../../../connectors/file/values/time-text';

const whole = (parse: (text: string, from: number, to: number) => number) => (text: string) =>
  parse(`<${text}>`, 1, text.length + 1);

test.each([
  ['2026-01-31T12:34:56.789Z', '2026-01-31T12:34:56.789Z'],
  ['2026-01-31 12:34:56+01', '2026-01-31T11:34:56.000Z'],
  ['2026-01-31t12:34:56.5-0130', '2026-01-31T14:04:56.500Z'],
  ['2026-01-31T12:34:56,123456+05:30', '2026-01-31T07:04:56.123Z'],
  ['2026-01-31T12:34', '2026-01-31T12:34:00.000Z'],
  ['2026-01-31 12:34:56 +00:00', '2026-01-31T12:34:56.000Z'],
  ['2024-02-29', '2024-02-29T00:00:00.000Z'],
  ['2000-02-29', '2000-02-29T00:00:00.000Z'],
  ['0001-01-01', '0001-01-01T00:00:00.000Z'],
  ['1969-12-31T23:59:59.9Z', '1969-12-31T23:59:59.900Z'],
])('the timestamp %s is %s', (text, iso) => {
  expect(whole(parseTimestamp)(text)).toBe(Date.parse(iso));
});

test.each([
  '',
  '2026-1-31',
  '2026-02-29',
  '1900-02-29',
  '2026-13-01',
  '2026-00-10',
  '2026-04-31',
  '2026-01-31T24:00',
  '2026-01-31T12:60',
  '2026-01-31T12:34:60',
  '2026-01-31T12:34:5',
  '2026-01-31T12:34:56.',
  '2026-01-31T12:34:56x',
  '2026-01-31T12:34:56+1',
  '2026-01-31T12:34:56+19:00',
  '2026-01-31x12:34',
  'yesterday at noon',
])('%j is no timestamp', (text) => {
  expect(whole(parseTimestamp)(text)).toBeNaN();
});

test.each([
  ['00:00', 0],
  ['23:59:59.999', 86_399_999],
  ['12:34:56.7', 45_296_700],
])('the time %s is %d ms', (text, ms) => {
  expect(whole(parseTime)(text)).toBe(ms);
});

test.each(['24:00', '12', '12:3', '12:34Z', '12:34:56 '])('%j is no time', (text) => {
  expect(whole(parseTime)(text)).toBeNaN();
});

test('every day of four centuries is parsed and printed', () => {
  for (let days = -719_162; days < 200_000; days += 13) {
    const text = dateText(days);
    if (parseDate(text, 0, text.length) !== days) throw new Error(text);
  }
});

test.each([0, -1, 1, 1767225600123, -86_400_001, 253_402_300_799_999])(
  '%d ms are printed as toISOString does',
  (ms) => {
    expect(timestampText(ms)).toBe(new Date(ms).toISOString());
  },
);

test('a time is printed with milliseconds', () => {
  expect(timeText(45_296_007)).toBe('12:34:56.007');
});

test.each([
  ['12:00:00.123', false],
  ['12:00:00.123000', false],
  ['12:00:00.123001Z', true],
])('%s is finer than milliseconds: %p', (text, finer) => {
  expect(isFinerThanMs(text)).toBe(finer);
});
