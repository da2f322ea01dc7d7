import type { SinkTaskContext } from '../../src/plugin';

/** What a sink that never asks anything of its consumer needs of a context. */
export const NO_CONSUMER: Pick<
  SinkTaskContext,
  'errantRecordReporter' | 'assignment' | 'offset' | 'pause' | 'resume' | 'timeout'
> = {
  errantRecordReporter: null,
  assignment: () => [],
  offset() {},
  pause() {},
  resume() {},
  timeout() {},
};
