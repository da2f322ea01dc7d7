import { ConfigError, DataError, MillraceError } from '../../../src/kernel';
import {
  Attempts,
  lastingCause,
  type RestartPolicy,
  restartDelay,
  restartPolicyOf,
} from '../../../src/worker/operations/restart-policy';
import { WORKER_DEF } from '../../../src/worker/worker-keys';

const POLICY: RestartPolicy = {
  maxAttempts: 3,
  initialDelayMs: 100,
  maxDelayMs: 1000,
  healthyAfterMs: 5000,
};
const worker = (keys: Record<string, string> = {}) => WORKER_DEF.parse(keys);

describe('the policy of a connector', () => {
  test('is off unless somebody asks for restarts', () => {
    expect(restartPolicyOf({ name: 'c' }, worker())).toBeNull();
    expect(
      restartPolicyOf({ 'millrace.restart.max.attempts': '0' }, worker({ 'restart.max.attempts': '5' })),
    ).toBeNull();
  });

  test('takes the keys of the worker where the connector has none', () => {
    const config = { 'millrace.restart.max.attempts': '3', 'millrace.restart.max.delay.ms': '1000' };
    const policy = restartPolicyOf(config, worker({ 'restart.initial.delay.ms': '7' }));
    expect(policy).toEqual({ maxAttempts: 3, initialDelayMs: 7, maxDelayMs: 1000, healthyAfterMs: 60_000 });
    expect(restartPolicyOf({}, worker({ 'restart.max.attempts': '-1' }))?.maxAttempts).toBeNull();
  });
});

test('pauses double up to the longest, with a quarter of jitter', () => {
  const delays = [1, 2, 3, 4, 5, 60].map((attempt) => restartDelay(POLICY, attempt, () => 0));
  expect(delays).toEqual([100, 200, 400, 800, 1000, 1000]);
  expect(restartDelay(POLICY, 2, () => 1)).toBe(150);
});

describe('attempts', () => {
  test('are counted up to the maximum', () => {
    const attempts = new Attempts();
    expect([1, 2, 3, 4].map((at) => attempts.failed(POLICY, at))).toEqual([1, 2, 3, null]);
  });

  test('start anew after a healthy time, and only then', () => {
    const attempts = new Attempts();
    attempts.failed(POLICY, 0);
    attempts.running(100);
    attempts.running(4000);
    expect(attempts.failed(POLICY, 5000)).toBe(2);
    attempts.running(6000);
    expect(attempts.failed(POLICY, 11_000)).toBe(1);
  });
});

describe('what time does not heal', () => {
  const wrapped = (cause: unknown) => new MillraceError('TASK_FAILED', 'Tolerance exceeded', { cause });

  test.each([
    ['a bad record', new DataError('bad'), true],
    ['a bad record under others', wrapped(wrapped(new DataError('bad'))), true],
    ['a wrong configuration', new ConfigError('wrong'), true],
    ['a missing column', new MillraceError('TABLE_UNSUITABLE', 'no column'), true],
    ['a refusal of the database', wrapped(new MillraceError('DATABASE_REFUSED', 'disk full')), false],
    ['a bad record that may heal', new MillraceError('DATA_INVALID', 'x', { retriable: true }), false],
    ['a defect of a plug-in', new TypeError('x is undefined'), false],
    ['no error', 'text', false],
  ])('%s', (_what, error, lasting) => {
    expect(lastingCause(error) !== null).toBe(lasting);
  });
});
