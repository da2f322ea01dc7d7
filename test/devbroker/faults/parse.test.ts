import { isCommand, parseCommand } from '../../../src/devbroker/faults/commands';
import { InvalidFault, parseFault } from '../../../src/devbroker/faults/parse';

const KNOWN = { apis: ['Produce', 'Fetch', 'EndTxn', 'InitProducerId', 'Metadata'], nodes: [1, 2] };

const parse = (value: unknown) => parseFault(value, KNOWN);

test.each([
  { api: 'Produce', error: 'NOT_LEADER_OR_FOLLOWER' },
  { api: ['Produce', 'Fetch'], error: 6, applied: true, times: null, skip: 2 },
  { error: -1 },
  { topic: 't', partition: 0, group: 'g', transactionalId: 'x', client: 'c', node: 2, drop: 'before' },
  { drop: 'after' },
  { delayMs: 0 },
  { hold: 'markers', api: 'EndTxn' },
  { api: 'Produce', reorder: 1 },
  { api: 'Fetch', truncateBytes: 10, times: 3 },
  { corrupt: true },
])('%j is a fault', (rule) => {
  expect(parse(rule)).toEqual(rule);
});

test.each([
  [
    { topik: 't', drop: 'before' },
    '"topik" is not a field of a fault (did you mean topic?). Possible: api, node',
  ],
  [{ constructor: 1, drop: 'before' }, '"constructor" is not a field of a fault'],
  [{ api: 'Prodcue', drop: 'before' }, '(did you mean Produce?); not "Prodcue"'],
  [{ api: ['Fetch', 'Fish'], drop: 'before' }, 'one of Produce, Fetch, EndTxn'],
  [{ api: [], drop: 'before' }, '"api" of a fault is a list that is not empty'],
  [{ error: 'NOT_LEADER' }, '; not "NOT_LEADER"'],
  [{ error: 'NOT_CORDINATOR' }, 'did you mean NOT_COORDINATOR?'],
  [{ error: 0 }, '"error" of a fault is'],
  [{ error: 5000 }, 'not 5000'],
  [{ node: 3, drop: 'before' }, '"node" of a fault is 1 or 2; not 3'],
  [{ drop: 'during' }, '"drop" of a fault is "before" or "after"; not "during"'],
  [{ delayMs: -1 }, '"delayMs" of a fault is a whole number, 0 at least; not -1'],
  [{ delayMs: '5' }, 'not "5"'],
  [{ reorder: 0 }, 'a whole number, 1 at least'],
  [{ corrupt: false }, '"corrupt" of a fault is true; not false'],
  [{ times: 0, corrupt: true }, '"times" of a fault is a whole number, 1 at least, or null; not 0'],
  [{ partition: 1.5, corrupt: true }, '"partition" of a fault'],
  [{ topic: '', corrupt: true }, '"topic" of a fault is a text that is not empty'],
  [
    { topic: 't' },
    'a fault has exactly one of error, drop, delayMs, hold, reorder, truncateBytes, corrupt; this has none',
  ],
  [{ drop: 'after', delayMs: 5 }, 'this has drop and delayMs'],
  [{ drop: 'after', applied: true }, '"applied" goes with "error" only, not with "drop"'],
  [{ api: 'Produce', corrupt: true }, '"corrupt" is about Fetch, not about Produce'],
  [
    { api: ['EndTxn', 'Fetch'], hold: 'markers' },
    '"hold" is about EndTxn and InitProducerId, not about Fetch',
  ],
  [[], 'a fault is an object, not []'],
  [null, 'a fault is an object, not null'],
  ['drop', 'a fault is an object, not "drop"'],
])('%j is not', (value, message) => {
  expect(() => parse(value)).toThrow(InvalidFault);
  expect(() => parse(value)).toThrow(message);
});

describe('commands', () => {
  const done: unknown[][] = [];
  const note =
    (name: string) =>
    (...given: unknown[]): void =>
      void done.push([name, ...given]);
  const broker = {
    clock: { advance: note('advance') },
    pause: note('pause'),
    resume: note('resume'),
    moveLeader: note('moveLeader'),
    moveCoordinator: note('moveCoordinator'),
    stopNode: async (id: number) => note('stopNode')(id),
    startNode: async (id: number) => note('startNode')(id),
  };

  beforeEach(() => done.splice(0));

  test.each([
    [{ advanceClockMs: 5 }, ['advance', 5]],
    [{ pause: true }, ['pause']],
    [{ resume: true }, ['resume']],
    [{ moveLeader: { topic: 't', partition: 0, node: 2 } }, ['moveLeader', 't', 0, 2]],
    [{ moveCoordinator: { group: 'g', node: 2 } }, ['moveCoordinator', 'group', 'g', 2]],
    [{ moveCoordinator: { transactionalId: 'x', node: 1 } }, ['moveCoordinator', 'transaction', 'x', 1]],
    [{ stopNode: 1 }, ['stopNode', 1]],
    [{ startNode: 1 }, ['startNode', 1]],
  ])('%j is done', async (command, expected) => {
    expect(isCommand(command)).toBe(true);
    await parseCommand(command)(broker);
    expect(done).toEqual([expected]);
  });

  test.each([
    [{ pause: false }, '"pause" of a command is true; not false'],
    [{ pause: true, resume: true }, 'one command at a time: pause, resume'],
    [{ pause: true, drop: 'after' }, '"drop" is not a field of a command'],
    [{ advanceClockMs: -5 }, '"advanceClockMs" of a command is a whole number, 0 at least'],
    [{ moveLeader: 5 }, '"moveLeader" of a command is an object; not 5'],
    [{ moveLeader: { topic: 't', node: 1 } }, 'moveLeader needs "partition"'],
    [{ moveLeader: { topic: 't', partition: 0, nodee: 1 } }, '(did you mean node?)'],
    [{ moveCoordinator: { node: 1 } }, 'either "group" or "transactionalId"'],
    [
      { moveCoordinator: { group: 'g', transactionalId: 'x', node: 1 } },
      'either "group" or "transactionalId"',
    ],
    [{ stopNode: 'one' }, '"stopNode" of a command'],
  ])('%j is refused', (command, message) => {
    expect(() => parseCommand(command)).toThrow(message);
    expect(done).toEqual([]);
  });

  test('a fault is no command', () => {
    expect([{ drop: 'after' }, [{ pause: true }], null, 'pause'].map(isCommand)).toEqual([
      false,
      false,
      false,
      false,
    ]);
  });
});
