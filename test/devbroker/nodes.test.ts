/** Virtual nodes: who is live, who coordinates what. */
import { Nodes } from '../../src/devbroker/nodes';

let nodes: Nodes;

beforeEach(() => {
  nodes = new Nodes('127.0.0.1', 3);
  for (const node of nodes.all) node.up = true;
});

const down = (...ids: number[]) => {
  for (const id of ids) nodes.get(id).up = false;
};

it('ids begin with 1; others are refused', () => {
  expect(nodes.all.map(({ id }) => id)).toEqual([1, 2, 3]);
  expect(() => nodes.get(4)).toThrow(expect.objectContaining({ code: 8 }));
});

it('the first live node is the controller', () => {
  expect(nodes.controller.id).toBe(1);
  down(1);
  expect(nodes.controller.id).toBe(2);
  down(2, 3);
  expect(nodes.controller.id).toBe(1);
});

it('things go round the live nodes', () => {
  down(2);
  expect([0, 1, 2].map((n) => nodes.spread(n).id)).toEqual([1, 3, 1]);
  down(1, 3);
  expect([0, 1, 2].map((n) => nodes.spread(n).id)).toEqual([1, 2, 3]);
});

describe('coordinators', () => {
  const coordinator = (key: string) => nodes.coordinator('group', key).id;

  it('are spread over the nodes, always the same for a key', () => {
    const keys = Array.from({ length: 50 }, (_, n) => `group-${n}`);
    expect(new Set(keys.map(coordinator))).toEqual(new Set([1, 2, 3]));
    expect(keys.map(coordinator)).toEqual(keys.map(coordinator));
  });

  it('can be moved, each kind for itself, which is told', () => {
    const moves: string[] = [];
    nodes.onCoordinatorMoved((kind, key) => moves.push(`${kind} ${key}`));
    const before = nodes.coordinator('transaction', 'a').id;
    const other = (coordinator('a') % 3) + 1;
    nodes.moveCoordinator('group', 'a', other);
    expect(coordinator('a')).toBe(other);
    expect(nodes.coordinator('transaction', 'a').id).toBe(before);
    expect(moves).toEqual(['group a']);
    expect(() => nodes.moveCoordinator('group', 'a', 9)).toThrow(expect.objectContaining({ code: 8 }));
  });

  it('a node that is down coordinates nothing; when it is back, what was moved to it', () => {
    nodes.moveCoordinator('group', 'a', 2);
    down(2);
    expect(coordinator('a')).not.toBe(2);
    nodes.get(2).up = true;
    expect(coordinator('a')).toBe(2);
  });
});
