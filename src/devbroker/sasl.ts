/** SASL PLAIN on one connection: handshake, then user and password, then everything else. */
import { timingSafeEqual } from 'node:crypto';
import { Code, Refusal } from './refusal';

export const MECHANISMS: readonly string[] = ['PLAIN'];

const ALWAYS = new Set(['ApiVersions', 'SaslHandshake']);

export interface SaslSession {
  readonly user: string | null;
  /** Throws for a request that is not allowed yet: the connection ends, as Kafka does it. */
  admit(apiName: string): void;
  /** @throws Refusal UNSUPPORTED_SASL_MECHANISM, ILLEGAL_SASL_STATE */
  choose(mechanism: string): void;
  /** @param token `authorization NUL user NUL password`  @throws Refusal SASL_AUTHENTICATION_FAILED */
  login(token: Buffer): void;
}

export function saslSession(users: Readonly<Record<string, string>> | null): SaslSession | null {
  return users === null ? null : new PlainSession(users);
}

class PlainSession implements SaslSession {
  user: string | null = null;
  readonly #users: Readonly<Record<string, string>>;
  #chosen = false;

  constructor(users: Readonly<Record<string, string>>) {
    this.#users = users;
  }

  admit(apiName: string): void {
    if (this.user !== null || ALWAYS.has(apiName) || (this.#chosen && apiName === 'SaslAuthenticate')) return;
    throw new Refusal(Code.ILLEGAL_SASL_STATE, `${apiName} came before the SASL login`);
  }

  choose(mechanism: string): void {
    if (!MECHANISMS.includes(mechanism)) throw new Refusal(Code.UNSUPPORTED_SASL_MECHANISM);
    this.#chosen = true;
  }

  login(token: Buffer): void {
    const [authorization, user, password, ...rest] = token.toString().split('\0');
    const known = user !== undefined && Object.hasOwn(this.#users, user) ? this.#users[user] : undefined;
    const fits =
      known !== undefined && password !== undefined && rest.length === 0 && isSame(known, password);
    if (!fits || (authorization !== '' && authorization !== user)) {
      throw new Refusal(
        Code.SASL_AUTHENTICATION_FAILED,
        'Authentication failed: Invalid username or password',
      );
    }
    this.user = user!;
  }
}

function isSame(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}
