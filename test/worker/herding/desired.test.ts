import { desiredOf, NOTHING } from '../../../src/worker/herding/desired';
import type { Assignment } from '../../../src/worker/membership';
import { createConfigTable } from '../../../src/worker/storage/config-state';

const EVERYTHING: Assignment = { hasConnector: () => true, hasTask: () => true };

/** Connectors of two tasks each, in the states given. */
function stateOf(targets: Readonly<Record<string, string>>) {
  const table = createConfigTable(() => {});
  let offset = 0;
  const put = (key: string, value: unknown) => table.apply(offset++, key, JSON.stringify(value));
  for (const [name, target] of Object.entries(targets)) {
    put(`connector-${name}`, { properties: { name } });
    for (const task of [0, 1]) put(`task-${name}-${task}`, { properties: { task: String(task) } });
    put(`commit-${name}`, { tasks: 2 });
    put(`target-state-${name}`, { state: target, 'state.v2': target });
  }
  return table;
}

const keys = ({ connectors, tasks }: ReturnType<typeof desiredOf>): string[] => [
  ...connectors.keys(),
  ...[...tasks].flatMap(([name, own]) =>
    [...own].map(([task, { paused }]) => `${name}-${task}${paused ? ' paused' : ''}`),
  ),
];

const state = stateOf({ runs: 'STARTED', rests: 'PAUSED', ended: 'STOPPED' });

test('tasks of what is started or paused; of what is stopped, the connector alone', () => {
  const all = ['ended', 'rests', 'runs', 'rests-0 paused', 'rests-1 paused', 'runs-0', 'runs-1'];
  expect(keys(desiredOf(state, EVERYTHING, null))).toEqual(all);
  expect(keys(desiredOf(state, NOTHING, null))).toEqual([]);
});

test('connectors and tasks are assigned one by one', () => {
  const some: Assignment = {
    hasConnector: (name) => name === 'rests',
    hasTask: ({ connector, task }) => connector === 'runs' && task === 1,
  };
  expect(keys(desiredOf(state, some, null))).toEqual(['rests', 'runs-1']);
});

test('a look at some says nothing of the others', () => {
  const names = new Set(['runs', 'gone']);
  const desired = desiredOf(state, EVERYTHING, names);
  expect(desired.names).toBe(names);
  expect(keys(desired)).toEqual(['runs', 'runs-0', 'runs-1']);
});
