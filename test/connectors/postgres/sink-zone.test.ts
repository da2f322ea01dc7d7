import { isoTimestamp, microsSince2000 } from '../../../connectors/postgres/sink/codec/instant';
import { postgresZone, zoneOffset } from '../../../connectors/postgres/sink/codec/zone';

const hours = (zone: string, at: string) => (zoneOffset(zone)?.(Date.parse(at)) ?? 0) / 3_600_000;

describe('time zones', () => {
  it.each([
    ['UTC', '2026-07-01T00:00:00Z', 0],
    ['Europe/Zurich', '2026-07-01T00:00:00Z', 2],
    ['Europe/Zurich', '2026-03-29T00:59:59Z', 1],
    ['Europe/Zurich', '2026-03-29T01:00:00Z', 2],
    ['America/New_York', '2026-11-01T05:59:59Z', -4],
    ['America/New_York', '2026-11-01T06:00:00Z', -5],
    ['Asia/Kathmandu', '2026-01-01T00:00:00Z', 5.75],
    ['+02:00', '2026-01-01T00:00:00Z', 2],
    ['GMT-3', '2026-01-01T00:00:00Z', -3],
    ['UTC+5:30', '2026-01-01T00:00:00Z', 5.5],
  ])('%s at %s is %d hours ahead', (zone, at, expected) => {
    expect(hours(zone, at)).toBe(expected);
  });

  it('knows offsets of seconds before there were zones', () => {
    // Amsterdam kept its own mean time until 1937.
    const offset = zoneOffset('Asia/Tokyo')!(Date.UTC(1800, 0, 1));
    expect(offset).toBe((9 * 3600 + 18 * 60 + 59) * 1000);
  });

  it('refuses what is none', () => {
    expect(() => zoneOffset('Nowhere/Land')).toThrow(/is not a time zone/);
  });

  it('are named so that Postgres counts in the same direction', () => {
    expect(['UTC', 'Z', 'Europe/Zurich', '+02:00', 'GMT-3'].map(postgresZone)).toEqual([
      'UTC',
      'UTC',
      'Europe/Zurich',
      '<+02:00>-02:00',
      '<-03:00>+03:00',
    ]);
  });
});

describe('instants', () => {
  const text = (value: number | bigint, precision: 1e3 | 1e6 | 1e9) =>
    isoTimestamp(microsSince2000(value, precision), ' ');

  it.each([
    [0, 1e3, '1970-01-01 00:00:00'],
    [-1, 1e6, '1969-12-31 23:59:59.999999'],
    [-1, 1e9, '1969-12-31 23:59:59.999999'],
    [-1n, 1e9, '1969-12-31 23:59:59.999999'],
    [-1001n, 1e9, '1969-12-31 23:59:59.999998'],
    [8_639_999_999_999_999, 1e3, '275760-09-12 23:59:59.999000'],
    [9_007_199_254_740_993n, 1e6, '2255-06-05 23:47:34.740993'],
    [-62_135_596_800_000, 1e3, '0001-01-01 00:00:00'],
    [-62_135_596_800_001, 1e3, '0001-12-31 23:59:59.999000 BC'],
    [-9_007_199_254_740_993n, 1e6, '1684-07-28 00:12:25.259007'],
  ] as const)('%d ticks of %d a second', (value, precision, expected) => {
    expect(text(value, precision)).toBe(expected);
  });

  it('cut parts of a microsecond, and refuse what is no number', () => {
    expect(text(0.5, 1e3)).toBe('1970-01-01 00:00:00.000500');
    expect(text(1.9, 1e6)).toBe('1970-01-01 00:00:00.000001');
    expect(() => microsSince2000(Number.NaN, 1e3)).toThrow(/whole number of ticks/);
  });
});
