import {
  type Effect,
  GROUP_TABLE,
  type GroupEvent,
  type GroupState,
  nextStep,
} from '../../../src/devbroker/groups/lifecycle';

const STATES: readonly GroupState[] = [
  'Empty',
  'PreparingRebalance',
  'CompletingRebalance',
  'Stable',
  'Dead',
];

const EVENTS: readonly GroupEvent[] = [
  'memberAdded',
  'memberRejoined',
  'leaderRejoined',
  'memberChanged',
  'instanceReplaced',
  'instanceChanged',
  'memberLeft',
  'memberExpired',
  'candidateExpired',
  'joinsCompleted',
  'nobodyJoined',
  'assigned',
  'syncExpired',
  'heartbeat',
  'sync',
  'commit',
  'unloaded',
];

/** What Kafka's coordinator does, told by state, event, next state, code and effects. */
const EXPECTED: readonly [GroupState, GroupEvent, GroupState, number, readonly Effect[]][] = [
  ['Empty', 'memberAdded', 'PreparingRebalance', 0, ['awaitFirstJoins']],
  ['Empty', 'heartbeat', 'Empty', 25, []],
  ['Empty', 'sync', 'Empty', 25, []],
  ['PreparingRebalance', 'memberAdded', 'PreparingRebalance', 0, ['endRejoins']],
  ['PreparingRebalance', 'memberRejoined', 'PreparingRebalance', 0, ['parkJoin', 'endRejoins']],
  ['PreparingRebalance', 'leaderRejoined', 'PreparingRebalance', 0, ['parkJoin', 'endRejoins']],
  ['PreparingRebalance', 'memberChanged', 'PreparingRebalance', 0, ['parkJoin', 'endRejoins']],
  ['PreparingRebalance', 'instanceReplaced', 'PreparingRebalance', 0, ['endRejoins']],
  ['PreparingRebalance', 'memberLeft', 'PreparingRebalance', 0, ['endRejoins']],
  ['PreparingRebalance', 'memberExpired', 'PreparingRebalance', 0, ['endJoins']],
  ['PreparingRebalance', 'candidateExpired', 'PreparingRebalance', 0, ['endJoins']],
  ['PreparingRebalance', 'joinsCompleted', 'CompletingRebalance', 0, ['answerJoins', 'awaitSyncs']],
  ['PreparingRebalance', 'nobodyJoined', 'Empty', 0, ['persist']],
  ['PreparingRebalance', 'heartbeat', 'PreparingRebalance', 27, ['renewSession']],
  ['PreparingRebalance', 'sync', 'PreparingRebalance', 27, []],
  ['PreparingRebalance', 'commit', 'PreparingRebalance', 0, ['renewSession']],
  ['CompletingRebalance', 'memberRejoined', 'CompletingRebalance', 0, ['answerJoin']],
  ['CompletingRebalance', 'leaderRejoined', 'CompletingRebalance', 0, ['answerJoin']],
  ['CompletingRebalance', 'assigned', 'Stable', 0, ['persist', 'answerSyncs']],
  ['CompletingRebalance', 'heartbeat', 'CompletingRebalance', 0, ['renewSession']],
  ['CompletingRebalance', 'sync', 'CompletingRebalance', 0, ['parkSync']],
  ['CompletingRebalance', 'commit', 'CompletingRebalance', 27, []],
  ['Stable', 'memberRejoined', 'Stable', 0, ['answerJoin']],
  ['Stable', 'instanceReplaced', 'Stable', 0, ['persist', 'answerReplaced']],
  ['Stable', 'heartbeat', 'Stable', 0, ['renewSession']],
  ['Stable', 'sync', 'Stable', 0, ['answerSync']],
  ['Stable', 'commit', 'Stable', 0, ['renewSession']],
  ['Dead', 'heartbeat', 'Dead', 15, []],
  ['Dead', 'sync', 'Dead', 15, []],
  ['Dead', 'commit', 'Dead', 15, []],
];

test.each(EXPECTED)('%s, %s: %s, code %i', (state, event, next, code, effects) => {
  expect(nextStep(state, event)).toEqual({ state: next, code, effects });
});

test.each<[GroupState, GroupEvent]>([
  ['CompletingRebalance', 'memberAdded'],
  ['CompletingRebalance', 'memberChanged'],
  ['CompletingRebalance', 'instanceReplaced'],
  ['CompletingRebalance', 'instanceChanged'],
  ['CompletingRebalance', 'memberLeft'],
  ['CompletingRebalance', 'memberExpired'],
  ['CompletingRebalance', 'syncExpired'],
])('%s, %s: whoever waits for an assignment joins again', (state, event) => {
  const { state: next, code, effects } = nextStep(state, event);
  expect([next, code]).toEqual(['PreparingRebalance', 0]);
  expect(effects.slice(-3)).toEqual(['refuseSyncs', 'stopSyncTimer', 'awaitJoins']);
});

test.each<[GroupState, GroupEvent]>([
  ['Stable', 'memberAdded'],
  ['Stable', 'leaderRejoined'],
  ['Stable', 'memberChanged'],
  ['Stable', 'instanceChanged'],
  ['Stable', 'memberLeft'],
  ['Stable', 'memberExpired'],
  ['Stable', 'syncExpired'],
])('%s, %s: the members are gathered anew', (state, event) => {
  const { state: next, code, effects } = nextStep(state, event);
  expect([next, code]).toEqual(['PreparingRebalance', 0]);
  expect(effects.slice(-2)).toEqual(['stopSyncTimer', 'awaitJoins']);
});

test('what joins again with something new is taken note of before others are awaited', () => {
  for (const [state, event] of [
    ['CompletingRebalance', 'memberChanged'],
    ['Stable', 'memberChanged'],
    ['Stable', 'leaderRejoined'],
  ] as const)
    expect(nextStep(state, event).effects[0]).toBe('parkJoin');
});

test('who did not sync is dropped before the others are told to join again', () => {
  for (const state of ['CompletingRebalance', 'Stable'] as const)
    expect(nextStep(state, 'syncExpired').effects[0]).toBe('dropUnsynced');
});

test('a group that is unloaded is dead whatever it was, and nothing revives it', () => {
  for (const state of STATES) expect(nextStep(state, 'unloaded').state).toBe('Dead');
  for (const event of EVENTS) expect(nextStep('Dead', event).state).toBe('Dead');
});

test('states follow each other as in Kafka only', () => {
  const before: Record<GroupState, readonly GroupState[]> = {
    Empty: ['PreparingRebalance'],
    PreparingRebalance: ['Empty', 'CompletingRebalance', 'Stable'],
    CompletingRebalance: ['PreparingRebalance'],
    Stable: ['CompletingRebalance'],
    Dead: STATES,
  };
  for (const state of STATES)
    for (const [event, step] of Object.entries(GROUP_TABLE[state]))
      if (step.state !== state)
        expect([event, before[step.state]]).toEqual([event, expect.arrayContaining([state])]);
});

test('events that mean nothing in a state leave it alone', () => {
  expect(nextStep('Empty', 'memberLeft')).toEqual({ state: 'Empty', code: 0, effects: [] });
  expect(nextStep('Stable', 'candidateExpired')).toEqual({ state: 'Stable', code: 0, effects: [] });
});
