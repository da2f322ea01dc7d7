import {
  CONNECTOR_TABLE,
  type ConnectorEvent,
  type ConnectorState,
  type Effect,
  nextStep,
} from '../../src/worker/lifecycle';

const rows: [ConnectorState, ConnectorEvent, ConnectorState, Effect[]][] = [
  ['UNASSIGNED', 'begin', 'UNASSIGNED', ['plan']],
  ['UNASSIGNED', 'planned', 'RUNNING', ['runTasks']],
  ['UNASSIGNED', 'planFailed', 'FAILED', []],
  // Created PAUSED or STOPPED: no tasks until the first resume.
  ['UNASSIGNED', 'pause', 'PAUSED', []],
  ['UNASSIGNED', 'stop', 'STOPPED', []],
  ['PAUSED', 'planned', 'PAUSED', []],
  ['PAUSED', 'resume', 'RUNNING', ['resumeTasks']],
  ['STOPPED', 'resume', 'UNASSIGNED', ['plan']],
  ['STOPPED', 'pause', 'PAUSED', []],
  ['STOPPED', 'restart', 'STOPPED', []],
  ['RUNNING', 'replan', 'RUNNING', ['plan']],
  ['RUNNING', 'planned', 'RUNNING', ['runTasks']],
  ['RUNNING', 'pause', 'PAUSED', ['pauseTasks']],
  ['RUNNING', 'stop', 'STOPPED', ['stopTasks']],
  ['RUNNING', 'restart', 'RESTARTING', ['plan']],
  ['RUNNING', 'resume', 'RUNNING', []],
  ['RUNNING', 'shutdown', 'UNASSIGNED', ['stopTasks']],
  ['RESTARTING', 'planned', 'RUNNING', ['runTasks']],
  // Nothing restarts by itself; a failed connector ignores pause and resume.
  ['FAILED', 'pause', 'FAILED', []],
  ['FAILED', 'resume', 'FAILED', []],
  ['FAILED', 'planned', 'FAILED', []],
  ['FAILED', 'replan', 'FAILED', []],
  ['FAILED', 'stop', 'STOPPED', ['stopTasks']],
  ['FAILED', 'restart', 'RESTARTING', ['plan']],
];

describe('life of a connector', () => {
  test.each(rows)('%s + %s → %s %j', (state, event, next, effects) => {
    expect(nextStep(state, event)).toEqual({ state: next, effects });
  });

  test('stop and shutdown get out of every state that has tasks, and leave none running', () => {
    for (const state of ['RUNNING', 'PAUSED', 'FAILED', 'RESTARTING'] as const) {
      expect(CONNECTOR_TABLE[state].stop?.effects).toContain('stopTasks');
      expect(CONNECTOR_TABLE[state].shutdown?.effects).toContain('stopTasks');
    }
  });

  test('idempotent events: the second of a kind changes nothing', () => {
    for (const event of ['pause', 'stop', 'shutdown'] as const) {
      const once = nextStep('RUNNING', event).state;
      expect(nextStep(once, event)).toEqual({ state: once, effects: [] });
    }
  });
});
