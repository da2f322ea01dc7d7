/** What can be done to the broker at once, as JSON: an object with one field. */
import type { CoordinatorKind } from '../nodes';
import { type Check, checkFields, demand, InvalidFault, text, whole, yes } from './fields';

/** The broker as commands reach it. */
export interface Commanded {
  readonly clock: { advance(ms: number): void };
  /** Nothing is answered and no time passes until `resume`. */
  pause(): void;
  resume(): void;
  moveLeader(topic: string, partition: number, nodeId: number): void;
  moveCoordinator(kind: CoordinatorKind, key: string, nodeId: number): void;
  /** As if its machine were switched off: connections end, other nodes take over. */
  stopNode(nodeId: number): Promise<void>;
  startNode(nodeId: number): Promise<void>;
}

export type Command = (broker: Commanded) => void | Promise<void>;

const node = whole(1);
const isObject: Check = (value) =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? null : 'an object';

const COMMANDS: Readonly<Record<string, { check: Check; parse(argument: never): Command }>> = {
  advanceClockMs: {
    check: whole(0),
    parse:
      (ms: number) =>
      ({ clock }) =>
        clock.advance(ms),
  },
  pause: { check: yes, parse: () => (broker) => broker.pause() },
  resume: { check: yes, parse: () => (broker) => broker.resume() },
  moveLeader: { check: isObject, parse: parseMoveLeader },
  moveCoordinator: { check: isObject, parse: parseMoveCoordinator },
  stopNode: { check: node, parse: (id: number) => (broker) => broker.stopNode(id) },
  startNode: { check: node, parse: (id: number) => (broker) => broker.startNode(id) },
};

export const isCommand = (value: unknown): boolean =>
  typeof value === 'object' &&
  value !== null &&
  Object.keys(value).some((field) => Object.hasOwn(COMMANDS, field));

/** @throws InvalidFault that names the field, and what is possible in its place */
export function parseCommand(value: unknown): Command {
  const checks = Object.fromEntries(Object.entries(COMMANDS).map(([name, { check }]) => [name, check]));
  const [[name, argument], ...more] = Object.entries(checkFields(value, checks, 'a command')) as [
    [string, never],
    ...[string, unknown][],
  ];
  if (more.length > 0)
    throw new InvalidFault(`one command at a time: ${Object.keys(value as object).join(', ')}`);
  return COMMANDS[name]!.parse(argument);
}

function parseMoveLeader(argument: unknown): Command {
  const checks = { topic: text, partition: whole(0), node };
  const move = checkFields(argument, checks, 'moveLeader') as {
    topic: string;
    partition: number;
    node: number;
  };
  demand(move, ['topic', 'partition', 'node'], 'moveLeader');
  return (broker) => broker.moveLeader(move.topic, move.partition, move.node);
}

function parseMoveCoordinator(argument: unknown): Command {
  const checks = { group: text, transactionalId: text, node };
  const move = checkFields(argument, checks, 'moveCoordinator') as {
    group?: string;
    transactionalId?: string;
    node: number;
  };
  demand(move, ['node'], 'moveCoordinator');
  const { group, transactionalId } = move;
  if ((group === undefined) === (transactionalId === undefined)) {
    throw new InvalidFault('moveCoordinator needs either "group" or "transactionalId"');
  }
  return (broker) =>
    group === undefined
      ? broker.moveCoordinator('transaction', transactionalId!, move.node)
      : broker.moveCoordinator('group', group, move.node);
}
