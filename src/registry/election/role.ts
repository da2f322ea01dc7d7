/**
 * What a node is in its group, as a table: role × event → next role and what to do. Pure; `election.ts` carries the
 * effects out. A rebalance alone changes nothing: the primary goes on writing until it is told, or finds out by the fence
 * of the log, that another one does.
 */
export type Role =
  /** Does not know yet who was chosen. Writes wait. */
  | 'joining'
  /** Chosen, and on its way to having read all that its predecessors wrote. Writes wait. */
  | 'taking-over'
  | 'primary'
  /** Another node is the primary. Writes go there. */
  | 'following'
  /** Nobody was chosen. Writes are refused. */
  | 'vacant'
  /** Out of the group for good. */
  | 'left';

export type RoleEvent =
  | 'chosen'
  | 'other-chosen'
  | 'nobody-chosen'
  /** The log is taken over. */
  | 'taken'
  /** Another node has written in our place. */
  | 'fenced'
  /** The group went on without us. */
  | 'expelled'
  /** The fence is old, and brokers forget epochs that are not used; or a write is in doubt, which a new fence decides. */
  | 'renew'
  | 'leave';

/** `rejoin`: ask the group again who was chosen. */
export type Effect = 'take-over' | 'rejoin';

export interface Step {
  readonly role: Role;
  readonly effect: Effect | null;
}

const step = (role: Role, effect: Effect | null = null): Step => ({ role, effect });

type Row = Partial<Record<RoleEvent, Step>>;

const TOLD: Row = {
  chosen: step('taking-over', 'take-over'),
  'other-chosen': step('following'),
  'nobody-chosen': step('vacant'),
  leave: step('left'),
};

/** Events that are not listed leave the role as it is and do nothing. */
export const ROLE_TABLE: Readonly<Record<Role, Row>> = {
  joining: TOLD,
  // Who has lost the group still knows whom it chose; that node says when it is not the primary any more.
  following: TOLD,
  vacant: { ...TOLD, expelled: step('joining') },
  'taking-over': {
    ...TOLD,
    chosen: step('taking-over'),
    taken: step('primary'),
    fenced: step('joining', 'rejoin'),
    expelled: step('joining'),
  },
  primary: {
    ...TOLD,
    chosen: step('primary'),
    fenced: step('joining', 'rejoin'),
    expelled: step('joining'),
    renew: step('taking-over', 'take-over'),
  },
  left: {},
};

export const stepRole = (role: Role, event: RoleEvent): Step => ROLE_TABLE[role][event] ?? step(role);
