/** The whole table: every event in every role. */
import { type Role, type RoleEvent, stepRole } from '../../../src/registry/election/role';

const EVENTS: readonly RoleEvent[] = [
  'chosen',
  'other-chosen',
  'nobody-chosen',
  'taken',
  'fenced',
  'expelled',
  'renew',
  'leave',
];

/** Per role: what each of the events leads to, `=` for nothing. */
const EXPECTED: Readonly<Record<Role, string>> = {
  joining: 'taking-over+take-over following vacant = = = = left',
  'taking-over': '= following vacant primary joining+rejoin joining = left',
  primary: '= following vacant = joining+rejoin joining taking-over+take-over left',
  following: 'taking-over+take-over = vacant = = = = left',
  vacant: 'taking-over+take-over following = = = joining = left',
  left: '= = = = = = = =',
};

test.each(Object.entries(EXPECTED) as [Role, string][])('%s', (role, expected) => {
  const steps = EVENTS.map((event) => {
    const { role: next, effect } = stepRole(role, event);
    if (next === role && effect === null) return '=';
    return effect === null ? next : `${next}+${effect}`;
  });
  expect(steps.join(' ')).toBe(expected);
});
