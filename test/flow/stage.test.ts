import type { ErrorPolicy, SinkRunOptions, TaskState } from '../../src/flow';
import { retryDelay, SKIPPED, StageOperator } from '../../src/flow/stage';
import { TaskStatus } from '../../src/flow/task-status';
import { DataError, type Logger, NO_METRICS, RetriableError, SILENT } from '../../src/kernel';
import { Pending } from '../../src/plugin';
import { NO_TOLERANCE } from './support';

describe('delays between retries', () => {
  test('double from 300 ms, and are any time below the limit once above it', () => {
    const delays = [0, 1, 2, 3, 4].map((retries) => retryDelay(retries, 2000, () => 0.25));
    expect(delays).toEqual([300, 600, 1200, 500, 500]);
  });
});

function operate(policy: Partial<ErrorPolicy>) {
  const lines: string[] = [];
  const counts: Record<string, number> = {};
  const logger = { ...SILENT, error: (_: object, line: string) => void lines.push(line) } as Logger;
  const metrics = {
    ...NO_METRICS,
    counter: (name: string) => ({
      add(count: number) {
        counts[name] = (counts[name] ?? 0) + count;
      },
    }),
  };
  const options = { connector: 'orders', task: 3, errors: { ...NO_TOLERANCE, ...policy }, logger, metrics };
  const status = new TaskStatus();
  const stop = new AbortController();
  const operator = new StageOperator(options as unknown as SinkRunOptions, status, stop.signal);
  const reported: string[] = [];
  let tries = 0;
  const recover = (error: unknown, again: () => unknown = () => never(error)) =>
    operator.recover(
      'VALUE_CONVERTER',
      'JsonConverter',
      error,
      () => {
        tries++;
        return again();
      },
      () => ({ at: "offset=1, key='k'", where: "consumed record is {topic='t', offset=1}" }),
      async ({ stage }) => void reported.push(stage),
    );
  return { recover, lines, counts, status, stop, reported, tries: () => tries };
}

function never(error: unknown): never {
  throw error;
}

const PREFIX = 'kafka_connect_task_error_metrics_';

test('without tolerance it fails with stage, class and record; reporters hear of it all the same', async () => {
  const { recover, reported, counts, lines } = operate({});
  const failing = recover(new DataError('not JSON'));
  await expect(failing).rejects.toThrow(
    "Tolerance exceeded in error handler: stage VALUE_CONVERTER, class JsonConverter, {offset=1, key='k'}",
  );
  await expect(failing).rejects.toMatchObject({ cause: { message: 'not JSON' } });
  expect(reported).toEqual(['VALUE_CONVERTER']);
  expect(counts).toEqual({ [`${PREFIX}total_record_failures`]: 1, [`${PREFIX}total_record_errors`]: 1 });
  expect(lines).toEqual([]);
});

test('with tolerance it is skipped, counted, reported and logged in the words of Connect', async () => {
  const { recover, reported, counts, lines, status } = operate({ tolerance: 'all', logEnable: true });
  expect(await recover(new TypeError('x is null'))).toBe(SKIPPED);
  expect(reported).toEqual(['VALUE_CONVERTER']);
  expect(status.skipped).toBe(1);
  expect(counts).toEqual({
    [`${PREFIX}total_record_failures`]: 1,
    [`${PREFIX}total_record_errors`]: 1,
    [`${PREFIX}total_records_skipped`]: 1,
    [`${PREFIX}total_errors_logged`]: 1,
  });
  expect(lines).toEqual([
    "Error encountered in task orders-3. Executing stage 'VALUE_CONVERTER' with class 'JsonConverter', where consumed record is {topic='t', offset=1}. x is null",
  ]);
});

test('errors.log.enable without tolerance logs, and names the record only when messages may be shown', async () => {
  const short = operate({ logEnable: true });
  await expect(short.recover(new DataError('bad'))).rejects.toThrow();
  expect(short.lines).toEqual([
    "Error encountered in task orders-3. Executing stage 'VALUE_CONVERTER' with class 'JsonConverter'. bad",
  ]);
  const long = operate({ logEnable: true, logIncludeMessages: true });
  await expect(long.recover(new DataError('bad'))).rejects.toThrow();
  expect(long.lines[0]).toContain(", where consumed record is {topic='t', offset=1}. bad");
});

test('only retriable errors are retried, until the time is over', async () => {
  const final = operate({ retryTimeoutMs: 10_000, retryDelayMaxMs: 5, tolerance: 'all' });
  expect(await final.recover(new DataError('never'))).toBe(SKIPPED);
  expect(final.tries()).toBe(0);

  const passing = operate({ retryTimeoutMs: 300, retryDelayMaxMs: 5, tolerance: 'all' });
  expect(await passing.recover(new RetriableError('not now'))).toBe(SKIPPED);
  expect(passing.tries()).toBeGreaterThan(1);
  expect(passing.counts[`${PREFIX}total_retries`]).toBe(passing.tries());
  expect(passing.counts[`${PREFIX}total_record_failures`]).toBe(passing.tries() + 1);

  const none = operate({ retryTimeoutMs: 0, tolerance: 'all' });
  expect(await none.recover(new RetriableError('not now'))).toBe(SKIPPED);
  expect(none.tries()).toBe(0);
});

test('errors.retry.timeout=-1 retries until it works, and the status says what for', async () => {
  const { recover, status, lines } = operate({ retryTimeoutMs: -1, retryDelayMaxMs: 2 });
  const waits: (string | null)[] = [];
  status.onChange(() => waits.push(status.waiting));
  let left = 20;
  const result = await recover(new RetriableError('registry away'), () => {
    if (left-- > 0) throw new RetriableError('registry away');
    return 'done';
  });
  expect(result).toBe('done');
  expect(waits).toEqual(['JsonConverter: registry away', null]);
  expect(lines).toEqual([]);
});

test('a stop ends the retries; the record is neither skipped nor reported, so that it comes again', async () => {
  const { recover, stop, reported, counts } = operate({ retryTimeoutMs: -1, tolerance: 'all' });
  const recovering = recover(new RetriableError('away'));
  stop.abort();
  expect(await recovering).toBe(SKIPPED);
  expect(reported).toEqual([]);
  expect(counts[`${PREFIX}total_records_skipped`]).toBeUndefined();
});

test('what is pending is no failure', async () => {
  const { recover, counts } = operate({});
  expect(await recover(new Pending(Promise.resolve()), () => 5)).toBe(5);
  expect(counts).toEqual({});
});

test('time in a state is told apart', () => {
  const status = new TaskStatus();
  const states: TaskState[] = ['STARTING', 'RUNNING', 'PAUSED', 'FAILED', 'STOPPED'];
  status.to('RUNNING');
  const end = performance.now() + 5;
  while (performance.now() < end);
  status.to('PAUSED');
  expect(status.ratio('RUNNING')).toBeGreaterThan(0.3);
  const sum = states.reduce((total, state) => total + status.ratio(state), 0);
  expect(sum).toBeCloseTo(1, 2);
});
