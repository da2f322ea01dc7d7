import {
  CONNECTOR_TABLE,
  type ConnectorEvent,
  type ConnectorState,
  nextStep,
} from '../../src/worker/lifecycle';

const rows: [ConnectorState, ConnectorEvent, ConnectorState, boolean][] = [
  ['UNASSIGNED', 'start', 'UNASSIGNED', true],
  ['UNASSIGNED', 'planned', 'RUNNING', false],
  ['UNASSIGNED', 'planFailed', 'FAILED', false],
  // Created PAUSED or STOPPED: no tasks until the first resume.
  ['UNASSIGNED', 'pause', 'PAUSED', false],
  ['UNASSIGNED', 'stop', 'STOPPED', false],
  ['PAUSED', 'planned', 'PAUSED', false],
  ['PAUSED', 'start', 'RUNNING', true],
  ['STOPPED', 'start', 'UNASSIGNED', true],
  ['STOPPED', 'pause', 'PAUSED', false],
  ['STOPPED', 'restart', 'STOPPED', false],
  ['RUNNING', 'replan', 'RUNNING', true],
  ['RUNNING', 'planned', 'RUNNING', false],
  ['RUNNING', 'pause', 'PAUSED', false],
  ['RUNNING', 'stop', 'STOPPED', false],
  ['RUNNING', 'restart', 'RESTARTING', true],
  ['RUNNING', 'start', 'RUNNING', false],
  ['RUNNING', 'shutdown', 'UNASSIGNED', false],
  ['RESTARTING', 'planned', 'RUNNING', false],
  // Nothing restarts by itself; a failed connector ignores pause and resume.
  ['FAILED', 'pause', 'FAILED', false],
  ['FAILED', 'start', 'FAILED', false],
  ['FAILED', 'planned', 'FAILED', false],
  ['FAILED', 'replan', 'FAILED', false],
  ['FAILED', 'stop', 'STOPPED', false],
  ['FAILED', 'restart', 'RESTARTING', true],
];

describe('life of a connector', () => {
  test.each(rows)('%s + %s → %s, asked for tasks: %s', (state, event, next, plan) => {
    expect(nextStep(state, event)).toEqual({ state: next, plan });
  });

  test('stop and shutdown get out of every state that may have tasks', () => {
    for (const state of ['RUNNING', 'PAUSED', 'FAILED', 'RESTARTING'] as const) {
      expect(CONNECTOR_TABLE[state].stop?.state).toBe('STOPPED');
      expect(CONNECTOR_TABLE[state].shutdown?.state).toBe('UNASSIGNED');
    }
  });

  test('idempotent events: the second of a kind changes nothing', () => {
    for (const event of ['pause', 'stop', 'shutdown'] as const) {
      const once = nextStep('RUNNING', event).state;
      expect(nextStep(once, event)).toEqual({ state: once, plan: false });
    }
  });
});
