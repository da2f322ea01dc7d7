import {
  EVENTS,
  type Event,
  isEnding,
  STATES,
  STEPS,
  type State,
} from '../../../src/devbroker/transactions/state';

/** State, and what is answered unless it is 0. As Kafka 4.1 answers clients that add partitions themselves. */
const EXPECTED: Record<State, Record<Event, string>> = {
  Empty: {
    init: 'Empty',
    add: 'Ongoing',
    commit: 'Empty 48',
    abort: 'Empty 48',
    timeout: 'Empty',
    written: 'Empty',
  },
  Ongoing: {
    init: 'PrepareAbort 51',
    add: 'Ongoing',
    commit: 'PrepareCommit',
    abort: 'PrepareAbort',
    timeout: 'PrepareAbort',
    written: 'Ongoing',
  },
  PrepareCommit: {
    init: 'PrepareCommit 51',
    add: 'PrepareCommit 51',
    commit: 'PrepareCommit 51',
    abort: 'PrepareCommit 51',
    timeout: 'PrepareCommit',
    written: 'CompleteCommit',
  },
  PrepareAbort: {
    init: 'PrepareAbort 51',
    add: 'PrepareAbort 51',
    commit: 'PrepareAbort 51',
    abort: 'PrepareAbort 51',
    timeout: 'PrepareAbort',
    written: 'CompleteAbort',
  },
  CompleteCommit: {
    init: 'Empty',
    add: 'Ongoing',
    commit: 'CompleteCommit',
    abort: 'CompleteCommit 48',
    timeout: 'CompleteCommit',
    written: 'CompleteCommit',
  },
  CompleteAbort: {
    init: 'Empty',
    add: 'Ongoing',
    commit: 'CompleteAbort 48',
    abort: 'CompleteAbort',
    timeout: 'CompleteAbort',
    written: 'CompleteAbort',
  },
};

const cases = STATES.flatMap((state) =>
  EVENTS.map((event) => [state, event, EXPECTED[state][event]] as const),
);

test.each(cases)('%s, %s: %s', (state, event, expected) => {
  const { to, code } = STEPS[state][event];
  expect(code === 0 ? to : `${to} ${code}`).toBe(expected);
});

test('a state in which markers are due leads to a finished one, and to no other', () => {
  for (const state of STATES.filter(isEnding)) {
    const reached = new Set(EVENTS.map((event) => STEPS[state][event].to));
    expect([...reached].filter((to) => to !== state)).toEqual([state.replace('Prepare', 'Complete')]);
  }
});
