/** Faults as JSON, and as a check of those that are given in code: one that could never strike is refused. */
import { Code } from '../refusal';
import {
  type Check,
  checkFields,
  either,
  flag,
  InvalidFault,
  listOf,
  named,
  oneOf,
  orNull,
  text,
  whole,
  yes,
} from './fields';
import type { FaultRule } from './rule';

export { InvalidFault };

/** What a rule may name. */
export interface Known {
  readonly apis: readonly string[];
  /** Ids of the virtual nodes. */
  readonly nodes: readonly number[];
}

const CODES = Object.entries(Code).filter(([, code]) => code !== Code.NONE);

const ACTIONS: Readonly<Record<string, Check>> = {
  error: either(named(CODES.map(([name]) => name)), oneOf(...CODES.map(([, code]) => code))),
  drop: oneOf('before', 'after'),
  delayMs: whole(0),
  hold: oneOf('markers'),
  reorder: whole(1),
  truncateBytes: whole(1),
  corrupt: yes,
};

/** Requests that an action is about, where it is not about all. */
const CONCERNED: Readonly<Record<string, readonly string[]>> = {
  hold: ['EndTxn', 'InitProducerId'],
  truncateBytes: ['Fetch'],
  corrupt: ['Fetch'],
};

const checksFor = ({ apis, nodes }: Known): Readonly<Record<string, Check>> => ({
  api: (value) => (Array.isArray(value) ? listOf(named(apis))(value) : named(apis)(value)),
  node: oneOf(...nodes),
  client: text,
  topic: text,
  partition: whole(0),
  group: text,
  transactionalId: text,
  times: orNull(whole(1)),
  skip: whole(0),
  ...ACTIONS,
  applied: flag,
});

/** @throws InvalidFault that names the field, and what is possible in its place */
export function parseFault(value: unknown, known: Known): FaultRule {
  const rule = checkFields(value, checksFor(known), 'a fault');
  const actions = Object.keys(ACTIONS).filter((action) => rule[action] !== undefined);
  if (actions.length !== 1) {
    const found = actions.length === 0 ? 'none' : actions.join(' and ');
    throw new InvalidFault(
      `a fault has exactly one of ${Object.keys(ACTIONS).join(', ')}; this has ${found}`,
    );
  }
  const [action] = actions as [string];
  if (rule.applied !== undefined && action !== 'error') {
    throw new InvalidFault(`"applied" goes with "error" only, not with "${action}"`);
  }
  checkConcerned(action, rule.api as FaultRule['api']);
  return rule as unknown as FaultRule;
}

function checkConcerned(action: string, api: FaultRule['api']): void {
  const concerned = CONCERNED[action];
  if (concerned === undefined || api === undefined) return;
  const others = [api].flat().filter((each) => !concerned.includes(each));
  if (others.length === 0) return;
  throw new InvalidFault(`"${action}" is about ${concerned.join(' and ')}, not about ${others.join(', ')}`);
}
