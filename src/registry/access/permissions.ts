/** Who may do what: rules, and the answers to "may this one?". Pure. */
import type { Principal } from '../../http';

export const SUBJECT_OPERATIONS = ['read', 'write', 'delete', 'config', 'mode', 'import'] as const;
export type SubjectOperation = (typeof SUBJECT_OPERATIONS)[number];

export const GLOBAL_OPERATIONS = ['read', 'config', 'mode', 'import', 'contexts', 'admin'] as const;
export type GlobalOperation = (typeof GLOBAL_OPERATIONS)[number];

/** Tests a name of a user, a role, or a subject in its one spelling (`:.ctx:name` outside the default context). */
export type NameTest = (name: string) => boolean;

export interface Rule {
  readonly users: readonly NameTest[];
  readonly roles: readonly NameTest[];
  readonly subjects: readonly NameTest[];
  /** On the subjects. Whoever may do anything to a subject may read it. */
  readonly allow: ReadonlySet<SubjectOperation>;
  /** On what is of no subject. */
  readonly global: ReadonlySet<GlobalOperation>;
}

/** What one user may do. What no rule allows is refused. */
export interface Access {
  may(operation: SubjectOperation, subject: string): boolean;
  mayGlobally(operation: GlobalOperation): boolean;
}

/** `*` stands for any number of characters, everything else for itself. */
export function namePattern(pattern: string): NameTest {
  if (pattern === '*') return () => true;
  const star = pattern.indexOf('*');
  if (star < 0) return (name) => name === pattern;
  if (star === pattern.length - 1) {
    const prefix = pattern.slice(0, -1);
    return (name) => name.startsWith(prefix);
  }
  // Greedy once per star, with the rest anchored, so that no pattern takes exponential time.
  const pieces = pattern.split('*');
  return (name) => matchesPieces(name, pieces);
}

function matchesPieces(name: string, pieces: readonly string[]): boolean {
  const [first = '', ...rest] = pieces;
  const last = rest.pop() ?? '';
  if (!name.startsWith(first) || name.length < first.length + last.length || !name.endsWith(last))
    return false;
  let at = first.length;
  for (const piece of rest) {
    const found = name.indexOf(piece, at);
    if (found < 0) return false;
    at = found + piece.length;
  }
  return at <= name.length - last.length;
}

const matches = (tests: readonly NameTest[], name: string): boolean => tests.some((test) => test(name));

export class Permissions {
  readonly #known = new WeakMap<Principal, Access>();

  constructor(readonly rules: readonly Rule[]) {}

  accessOf(principal: Principal): Access {
    let access = this.#known.get(principal);
    if (access === undefined) this.#known.set(principal, (access = accessBy(this.rules, principal)));
    return access;
  }
}

function accessBy(rules: readonly Rule[], { name, roles }: Principal): Access {
  const own = rules.filter(
    (rule) => matches(rule.users, name) || roles.some((role) => matches(rule.roles, role)),
  );
  return {
    may: (operation, subject) =>
      own.some(
        ({ allow, subjects }) =>
          (operation === 'read' ? allow.size > 0 : allow.has(operation)) && matches(subjects, subject),
      ),
    mayGlobally: (operation) => own.some(({ global }) => global.has(operation)),
  };
}
