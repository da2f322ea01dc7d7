import {
  type Assignment,
  decodeAssignment,
  decodeMetadata,
  encodeAssignment,
  encodeMetadata,
} from '../../../src/worker/distributed/protocol';
import { NO_WORK } from '../../../src/worker/distributed/work';

const task = (connector: string, number: number) => ({ connector, task: number });

const FULL: Assignment = {
  error: 0,
  leaderId: 'worker-1-abc',
  leaderUrl: 'http://a:8083/',
  configOffset: 1234567890123,
  assigned: { connectors: ['f1', 'grün'], tasks: [task('f1', 0), task('f1', 1), task('other', 3)] },
  revoked: { connectors: ['old'], tasks: [task('old', 0), task('lone', 7)] },
  delayMs: 300_000,
};
const SMALL: Assignment = {
  error: 0,
  leaderId: 'l',
  leaderUrl: 'u',
  configOffset: 5,
  assigned: { connectors: ['c'], tasks: [] },
  revoked: NO_WORK,
  delayMs: 0,
};
const MISMATCH: Assignment = {
  error: 1,
  leaderId: 'l',
  leaderUrl: 'u',
  configOffset: -1,
  assigned: NO_WORK,
  revoked: NO_WORK,
  delayMs: 0,
};

/** Behind the version. */
const FULL_HEX =
  '0000000c776f726b65722d312d616263000e687474703a2f2f613a383038332f0000011f71fb04cb000000030002663100000003ffffffff' +
  '000000000000000100056772c3bc6e00000001ffffffff00056f7468657200000001000000030000000200036f6c6400000002ffffffff' +
  '0000000000046c6f6e650000000100000007000493e0';
const SMALL_HEX = '000000016c00017500000000000000050000000100016300000001ffffffff0000000000000000';

/** Written by IncrementalCooperativeConnectProtocol of connect-runtime 4.1.1. */
const ASSIGNMENTS = [
  ['sessioned', 2, FULL, `0002${FULL_HEX}`],
  ['compatible', 1, FULL, `0001${FULL_HEX}`],
  ['only a connector', 2, SMALL, `0002${SMALL_HEX}`],
  ['an error', 1, MISMATCH, '0001000100016c000175ffffffffffffffff000000000000000000000000'],
] as const;

const WORKER_HEX = '000e687474703a2f2f773a383038332f';
const METADATA = [
  [
    'without work',
    2,
    { url: 'http://w:8083/', configOffset: 42, current: null },
    `0002${WORKER_HEX}000000000000002affffffff`,
  ],
  [
    'with work',
    2,
    { url: 'http://w:8083/', configOffset: 42, current: SMALL },
    `0002${WORKER_HEX}000000000000002a000000290002${SMALL_HEX}`,
  ],
  [
    'compatible, before any configuration',
    1,
    { url: 'http://w:8083/', configOffset: -1, current: SMALL },
    `0001${WORKER_HEX}ffffffffffffffff000000290001${SMALL_HEX}`,
  ],
] as const;

describe('bytes of the JVM workers', () => {
  test.each(ASSIGNMENTS)('assignment: %s', (_title, version, assignment, hex) => {
    expect(encodeAssignment(assignment, version).toString('hex')).toBe(hex);
    expect(decodeAssignment(Buffer.from(hex, 'hex'))).toEqual(assignment);
  });

  test.each(METADATA)('metadata: %s', (_title, version, metadata, hex) => {
    expect(encodeMetadata(metadata, version).toString('hex')).toBe(hex);
    expect(decodeMetadata(Buffer.from(hex, 'hex'))).toEqual(metadata);
  });

  test('lists that are null are empty', () => {
    const hex = '0002000000016c0001750000000000000005ffffffffffffffff00000000';
    expect(decodeAssignment(Buffer.from(hex, 'hex'))).toEqual({ ...SMALL, assigned: NO_WORK });
  });
});

describe('frames that are none', () => {
  const whole = encodeMetadata({ url: 'http://w:8083/', configOffset: 42, current: FULL });
  const DATA_INVALID = expect.objectContaining({ code: 'DATA_INVALID' });

  test('every cut is an error', () => {
    for (let end = 0; end < whole.length; end++) {
      expect(() => decodeMetadata(whole.subarray(0, end))).toThrow(DATA_INVALID);
    }
  });

  test('whatever byte is changed, it is read or refused', () => {
    for (let at = 0; at < whole.length; at++) {
      for (const value of [0, 1, 0x7f, 0x80, 0xff]) {
        const bytes = Buffer.from(whole);
        bytes[at] = value;
        expect(problemOf(bytes)).toMatch(/^(none|DATA_INVALID)$/);
      }
    }
  });

  test.each([
    ['an old version', '0000', /Version 0 of the assignment/],
    ['an unknown error', `00020007${FULL_HEX.slice(4)}`, /Error 7/],
    ['bytes behind the end', `0002${SMALL_HEX}00`, /1 bytes too many/],
    ['a task below -1', `0002${SMALL_HEX.replace('ffffffff', 'fffffffe')}`, /Task -2 of connector c/],
    ['nothing', '', /cut short/],
  ])('%s', (_title, hex, message) => {
    expect(() => decodeAssignment(Buffer.from(hex, 'hex'))).toThrow(message);
  });

  test('a later version may have more fields', () => {
    expect(decodeAssignment(Buffer.from(`0003${SMALL_HEX}00ff`, 'hex'))).toEqual(SMALL);
  });
});

function problemOf(bytes: Buffer): string {
  try {
    decodeMetadata(bytes);
    return 'none';
  } catch (error) {
    return String((error as { code?: string }).code);
  }
}
