/** Bearer tokens of an identity provider for a client that has a secret (RFC 6749 §4.4), kept until shortly before their end. */
import { type Dispatcher, request } from 'undici';
import { causeChain } from '../kernel';
import { RegistryError } from './registry-error';
import type { OAuthOptions } from './registry-options';

/** Of tokens whose answer does not say how long they last. */
const DEFAULT_LIFE_MS = 300_000;
const MAX_SHOWN = 200;

export class TokenSource {
  #token: Promise<string> | null = null;
  #renewAt = 0;

  constructor(
    readonly options: OAuthOptions,
    readonly dispatcher: Dispatcher,
    /** Ends requests. */
    readonly signal: AbortSignal,
  ) {}

  /** Throws RegistryError: retriable while the provider does not answer. */
  token(): Promise<string> {
    if (this.#token !== null && Date.now() < this.#renewAt) return this.#token;
    const token = this.#fetch();
    this.#token = token;
    this.#renewAt = Number.POSITIVE_INFINITY;
    token.catch(() => this.#token === token && this.forget());
    return token;
  }

  /** The next call asks for another one. */
  forget(): void {
    this.#token = null;
  }

  async #fetch(): Promise<string> {
    const { status, text } = await this.#ask();
    const answer = parse(text);
    const token = answer['access_token'];
    if (status !== 200 || typeof token !== 'string') throw this.#refused(status, text);
    const seconds = Number(answer['expires_in']);
    const life = seconds > 0 ? seconds * 1000 : DEFAULT_LIFE_MS;
    // A buffer longer than a token's life would mean a new one per request.
    this.#renewAt =
      Date.now() + (life > this.options.expiryBufferMs ? life - this.options.expiryBufferMs : life);
    return token;
  }

  async #ask(): Promise<{ status: number; text: string }> {
    const { tokenUrl, clientId, clientSecret, scope } = this.options;
    const credentials = `${formEncode(clientId)}:${formEncode(clientSecret)}`;
    try {
      const response = await request(tokenUrl, {
        method: 'POST',
        headers: {
          accept: 'application/json',
          'content-type': 'application/x-www-form-urlencoded',
          authorization: `Basic ${Buffer.from(credentials, 'utf8').toString('base64')}`,
        },
        body: `grant_type=client_credentials${scope === null ? '' : `&scope=${formEncode(scope)}`}`,
        dispatcher: this.dispatcher,
        signal: this.signal,
      });
      return { status: response.statusCode, text: await response.body.text() };
    } catch (error) {
      throw new RegistryError(
        'REGISTRY_UNREACHABLE',
        `The identity provider at ${tokenUrl} does not answer: ${causeChain(error)[0] || 'no connection'}`,
        0,
        0,
        { cause: error, hint: 'Check bearer.auth.issuer.endpoint.url.' },
      );
    }
  }

  #refused(status: number, text: string): RegistryError {
    const code = status >= 500 || status === 429 ? 'REGISTRY_UNREACHABLE' : 'REGISTRY_REFUSED';
    const said = status === 200 ? 'no access_token' : `${status}: ${text.slice(0, MAX_SHOWN)}`;
    return new RegistryError(code, `${this.options.tokenUrl} answered with ${said}`, status, status, {
      hint: 'Check bearer.auth.client.id, bearer.auth.client.secret and bearer.auth.scope.',
    });
  }
}

function parse(text: string): Readonly<Record<string, unknown>> {
  try {
    const answer: unknown = JSON.parse(text);
    return typeof answer === 'object' && answer !== null ? (answer as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

/** As RFC 6749 §2.3.1 asks for, in the header too. */
const formEncode = (text: string): string => encodeURIComponent(text).replaceAll('%20', '+');
