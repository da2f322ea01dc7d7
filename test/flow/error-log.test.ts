import { ErrorLog, kindOf } from '../../src/flow/error-log';
import { type Logger, SILENT } from '../../src/kernel';

test('the same error is logged once, then counted', () => {
  const lines: string[] = [];
  const logger: Logger = {
    ...SILENT,
    error: (_fields, message) => lines.push(message),
    warn: (_f, m) => lines.push(m),
  };
  let now = 0;
  const log = new ErrorLog(logger, () => now);
  const report = (message: string) => log.report('error', kindOf('X', new Error(message)), {}, message);
  for (let i = 0; i < 100; i++) report(`bad value "${i}" at offset ${i}`);
  report('another thing');
  expect(lines).toEqual(['bad value "0" at offset 0', 'another thing']);
  now = 31_000;
  report('bad value "x" at offset 7');
  expect(lines[2]).toBe('bad value "x" at offset 7 (99 more like this since the last line)');
  report('bad value "y" at offset 8');
  log.flush();
  expect(lines[3]).toMatch(/^1 more like this: X: bad value/);
});

test('what was told another way is not counted again', () => {
  const lines: string[] = [];
  const logger: Logger = { ...SILENT, warn: (_fields, message) => lines.push(message) };
  const log = new ErrorLog(logger, () => 0);
  const told = [1, 2, 3].map(() => log.report('warn', 'outage', {}, 'down'));
  expect(told).toEqual([true, false, false]);
  log.settle('outage');
  log.flush();
  expect(lines).toEqual(['down']);
});
