/** SASL PLAIN on one connection: handshake, then user and password, then everything else. Source: SaslServerAuthenticator, Kafka 4.1. */
import { timingSafeEqual } from 'node:crypto';
import { Code, Refusal } from './refusal';

export const MECHANISMS: readonly string[] = ['PLAIN'];

/**
 * `new`: nothing was asked; `told`: the versions were, which is done once; `chosen`: the mechanism is; `over`: what was asked
 * last is answered, then the connection ends.
 */
type State = 'new' | 'told' | 'chosen' | 'in' | 'over';

const ADMITTED: Readonly<Record<Exclude<State, 'in'>, readonly string[]>> = {
  new: ['ApiVersions', 'SaslHandshake'],
  told: ['SaslHandshake'],
  chosen: ['SaslHandshake', 'SaslAuthenticate'],
  over: [],
};

export interface SaslSession {
  readonly user: string | null;
  /** The login has failed: the connection ends after the answer. */
  readonly isOver: boolean;
  /** Throws for a request that is not allowed now: the connection ends, as Kafka does it. */
  admit(apiName: string): void;
  /** The client was told which versions there are. */
  toldVersions(): void;
  /** @throws Refusal UNSUPPORTED_SASL_MECHANISM, ILLEGAL_SASL_STATE */
  choose(mechanism: string): void;
  /** @param token `authorization NUL user NUL password`  @throws Refusal SASL_AUTHENTICATION_FAILED, ILLEGAL_SASL_STATE */
  login(token: Buffer): void;
  /** The login is refused for a reason from outside. */
  fail(): void;
}

export function saslSession(users: Readonly<Record<string, string>> | null): SaslSession | null {
  return users === null ? null : new PlainSession(users);
}

/** What is answered to a login where none is due. */
export const notDue = (): Refusal =>
  new Refusal(Code.ILLEGAL_SASL_STATE, 'SaslAuthenticate request received after successful authentication');

class PlainSession implements SaslSession {
  user: string | null = null;
  readonly #users: Readonly<Record<string, string>>;
  #state: State = 'new';

  constructor(users: Readonly<Record<string, string>>) {
    this.#users = users;
  }

  get isOver(): boolean {
    return this.#state === 'over';
  }

  admit(apiName: string): void {
    if (this.#state === 'in' || ADMITTED[this.#state].includes(apiName)) return;
    throw new Refusal(Code.ILLEGAL_SASL_STATE, `${apiName} came before the SASL login`);
  }

  toldVersions(): void {
    if (this.#state === 'new') this.#state = 'told';
  }

  choose(mechanism: string): void {
    if (this.#state === 'in') throw new Refusal(Code.ILLEGAL_SASL_STATE);
    if (this.#state === 'chosen') throw this.#failed(Code.ILLEGAL_SASL_STATE);
    if (!MECHANISMS.includes(mechanism)) throw this.#failed(Code.UNSUPPORTED_SASL_MECHANISM);
    this.#state = 'chosen';
  }

  login(token: Buffer): void {
    if (this.#state === 'in') throw notDue();
    const { user, flaw } = this.#check(token.toString());
    if (flaw !== null) throw this.#failed(Code.SASL_AUTHENTICATION_FAILED, flaw);
    this.user = user;
    this.#state = 'in';
  }

  fail(): void {
    this.#state = 'over';
  }

  #check(token: string): { user: string; flaw: string | null } {
    const parts = token.split('\0');
    const [authorization = '', user = '', password = ''] = parts;
    const failed = (why: string) => ({ user, flaw: `Authentication failed: ${why}` });
    if (parts.length !== 3)
      return { user, flaw: `Invalid SASL/PLAIN response: expected 3 tokens, got ${parts.length}` };
    if (user === '') return failed('username not specified');
    if (password === '') return failed('password not specified');
    const known = Object.hasOwn(this.#users, user) ? this.#users[user] : undefined;
    if (known === undefined || !isSame(known, password)) return failed('Invalid username or password');
    if (authorization !== '' && authorization !== user)
      return failed('Client requested an authorization id that is different from username');
    return { user, flaw: null };
  }

  #failed(code: number, message?: string): Refusal {
    this.#state = 'over';
    return new Refusal(code, message);
  }
}

function isSame(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}
