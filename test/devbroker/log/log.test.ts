import { openLog } from '../../../src/devbroker/log/log';
import { batch, logOptions, valuesOf } from './support';

it('answers what was appended', () => {
  const log = openLog(logOptions());
  expect(log.append(batch(['a', 'b']), 0)).toEqual({ baseOffset: 0, appendTime: -1, startOffset: 0 });
  expect(log.append(batch(['c']), 0).baseOffset).toBe(2);
  expect(valuesOf(log)).toEqual(['a', 'b', 'c']);
});
