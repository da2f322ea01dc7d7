/** Which nodes have copies of which partition. */
import { Nodes } from '../../../src/devbroker/nodes';
import { checkGrowth, checkNumbers, checkPlacement, place } from '../../../src/devbroker/topics/placement';

/** @param down ids of nodes that do not listen */
function nodes(count: number, ...down: number[]): Nodes {
  const made = new Nodes('127.0.0.1', count);
  for (const node of made.all) node.up = !down.includes(node.id);
  return made;
}

const refused = (code: number, message: string) => expect.objectContaining({ code, message });

it('leaders go round, copies go to the nodes that follow', () => {
  expect(place(nodes(3), 0, 4, 2)).toEqual([
    [1, 2],
    [2, 3],
    [3, 1],
    [1, 2],
  ]);
});

it('partitions that are added go on where the others ended', () => {
  expect(place(nodes(3), 4, 2, 1)).toEqual([[2], [3]]);
});

it('a node that is down leads nothing, but may have a copy', () => {
  expect(place(nodes(3, 2), 0, 3, 3)).toEqual([
    [1, 3, 2],
    [3, 2, 1],
    [1, 3, 2],
  ]);
});

it('before any node is up all of them count', () => {
  expect(place(nodes(2, 1, 2), 0, 2, 1)).toEqual([[1], [2]]);
});

it('more copies than nodes', () => {
  expect(() => place(nodes(2), 0, 1, 3)).toThrow(
    refused(
      38,
      'Unable to replicate the partition 3 time(s): The target replication factor of 3 cannot be reached because only 2 broker(s) are registered.',
    ),
  );
});

it.each([
  [[[]], 'The manual partition assignment includes an empty replica list.'],
  [[[1, 9]], 'The manual partition assignment includes broker 9, but no such broker is registered.'],
  [[[2, 1, 2]], 'The manual partition assignment includes the broker 2 more than once.'],
  [
    [[1], [1, 2]],
    'The manual partition assignment includes a partition with 2 replica(s), but this is not consistent with previous partitions, which have 1 replica(s).',
  ],
])('an assignment of %j is refused', (placement, message) => {
  expect(() => checkPlacement(nodes(2), placement)).toThrow(refused(39, message));
});

it('an assignment must have as many copies as the topic has', () => {
  expect(() => checkPlacement(nodes(2), [[1, 2]], 2)).not.toThrow();
  expect(() => checkPlacement(nodes(2), [[1]], 2)).toThrow(expect.objectContaining({ code: 39 }));
});

it.each([
  [0, 1, 37],
  [-2, 1, 37],
  [1, 0, 38],
  [0, 0, 38],
  [10_001, 1, 44],
])('%i partitions with %i copies are refused with %i', (partitions, factor, code) => {
  expect(() => checkNumbers(partitions, factor)).toThrow(expect.objectContaining({ code }));
});

it.each([
  [2, null, 37, 'Topic already has 2 partition(s).'],
  [1, null, 37, 'The topic t currently has 2 partition(s); 1 would not be an increase.'],
  [4, [[1]], 39, 'Attempted to add 2 additional partition(s), but only 1 assignment(s) were specified.'],
  [20_000, null, -1, 'UNKNOWN_SERVER_ERROR'],
])('growing from 2 to %i is refused', (wanted, placement, code, message) => {
  expect(() => checkGrowth('t', 2, wanted, placement)).toThrow(refused(code, message));
});
