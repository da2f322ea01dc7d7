/** JSON Web Tokens signed by a key of a published set (RFC 7515, 7517, 7519). */
import { constants, createPublicKey, type KeyObject, verify } from 'node:crypto';

/** Why a token is refused: for logs at debug level, never for the client. */
export class TokenError extends Error {}

/** The token names a key that the set does not have: a newer set may. */
export class UnknownKeyError extends TokenError {}

interface Algorithm {
  readonly kty: 'RSA' | 'EC' | 'OKP';
  /** Null: the algorithm has its own. */
  readonly digest: string | null;
  readonly curve?: string;
  readonly pss?: boolean;
}

/** Signatures by private keys alone. `none` and those by a shared secret are no way to know who signed. */
const ALGORITHMS: Readonly<Record<string, Algorithm>> = {
  RS256: { kty: 'RSA', digest: 'sha256' },
  RS384: { kty: 'RSA', digest: 'sha384' },
  RS512: { kty: 'RSA', digest: 'sha512' },
  PS256: { kty: 'RSA', digest: 'sha256', pss: true },
  PS384: { kty: 'RSA', digest: 'sha384', pss: true },
  PS512: { kty: 'RSA', digest: 'sha512', pss: true },
  ES256: { kty: 'EC', digest: 'sha256', curve: 'P-256' },
  ES384: { kty: 'EC', digest: 'sha384', curve: 'P-384' },
  ES512: { kty: 'EC', digest: 'sha512', curve: 'P-521' },
  EdDSA: { kty: 'OKP', digest: null, curve: 'Ed25519' },
};

export interface PublicKey {
  readonly id: string | null;
  readonly kty: string;
  readonly curve: string | null;
  /** When the set says which one it is for. */
  readonly algorithm: string | null;
  readonly key: KeyObject;
}

const MIN_RSA_BITS = 2048;

/** Keys that sign; others, and those of a kind not known here, are left out. Throws Error when there is none. */
export function parseKeySet(text: string): readonly PublicKey[] {
  const { keys } = JSON.parse(text) as { keys?: readonly Readonly<Record<string, unknown>>[] };
  if (!Array.isArray(keys)) throw new Error('It has no member keys.');
  const usable = keys.flatMap((jwk) => readKey(jwk) ?? []);
  if (usable.length === 0) throw new Error('It has no key that signs with RSA, EC or Ed25519.');
  return usable;
}

function readKey(jwk: Readonly<Record<string, unknown>>): PublicKey | null {
  const { kty, kid, crv, alg, use } = jwk;
  if (use !== undefined && use !== 'sig') return null;
  if (kty !== 'RSA' && kty !== 'EC' && kty !== 'OKP') return null;
  try {
    const key = createPublicKey({ key: jwk as never, format: 'jwk' });
    if (kty === 'RSA' && (key.asymmetricKeyDetails?.modulusLength ?? 0) < MIN_RSA_BITS) return null;
    return { id: textOf(kid), kty, curve: textOf(crv), algorithm: textOf(alg), key };
  } catch {
    // One odd key must not make the others useless.
    return null;
  }
}

const textOf = (value: unknown): string | null => (typeof value === 'string' ? value : null);

export interface TokenRules {
  /** Null: any. */
  readonly issuer: string | null;
  /** One of them must be among those of the token. Null: any. */
  readonly audiences: readonly string[] | null;
  readonly clockSkewSeconds: number;
}

export type Claims = Readonly<Record<string, unknown>>;

/** The claims of a token that is signed by one of the keys and valid at `now` (s since the epoch). Throws TokenError. */
export function verifyToken(
  token: string,
  keys: readonly PublicKey[],
  rules: TokenRules,
  now: number,
): Claims {
  const parts = token.split('.');
  if (parts.length !== 3) throw new TokenError('it does not have three parts');
  const [head, body, signature] = parts as [string, string, string];
  const header = readPart(head);
  const name = textOf(header.alg) ?? '';
  const algorithm = Object.hasOwn(ALGORITHMS, name) ? ALGORITHMS[name]! : null;
  if (algorithm === null) throw new TokenError(`the algorithm ${name.slice(0, 20)} is not accepted`);
  if (header.crit !== undefined) throw new TokenError('it has critical extensions');
  const candidates = candidateKeys(keys, textOf(header.kid), name, algorithm);
  const signed = Buffer.from(`${head}.${body}`);
  const bytes = Buffer.from(signature, 'base64url');
  if (!candidates.some(({ key }) => isSigned(signed, bytes, key, algorithm))) {
    throw new TokenError('the signature is wrong');
  }
  const claims = readPart(body);
  requireValid(claims, rules, now);
  return claims;
}

function candidateKeys(
  keys: readonly PublicKey[],
  id: string | null,
  name: string,
  { kty, curve }: Algorithm,
): readonly PublicKey[] {
  const fitting = keys.filter(
    (key) =>
      (id === null || key.id === id) &&
      key.kty === kty &&
      (curve === undefined || key.curve === curve) &&
      (key.algorithm === null || key.algorithm === name),
  );
  if (fitting.length === 0) throw new UnknownKeyError('no key of the set fits');
  return fitting;
}

function isSigned(data: Buffer, signature: Buffer, key: KeyObject, { digest, kty, pss }: Algorithm): boolean {
  if (kty === 'EC') return verify(digest, data, { key, dsaEncoding: 'ieee-p1363' }, signature);
  if (pss !== true) return verify(digest, data, key, signature);
  const options = {
    key,
    padding: constants.RSA_PKCS1_PSS_PADDING,
    saltLength: constants.RSA_PSS_SALTLEN_DIGEST,
  };
  return verify(digest, data, options, signature);
}

function readPart(text: string): Claims {
  try {
    const value: unknown = JSON.parse(Buffer.from(text, 'base64url').toString('utf8'));
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Claims;
  } catch {
    // Told below, without the text.
  }
  throw new TokenError('a part of it is no JSON object');
}

function requireValid(
  claims: Claims,
  { issuer, audiences, clockSkewSeconds }: TokenRules,
  now: number,
): void {
  const { exp, nbf, iss, aud } = claims;
  if (typeof exp !== 'number') throw new TokenError('it has no expiry');
  if (now >= exp + clockSkewSeconds) throw new TokenError('it has expired');
  if (nbf !== undefined && (typeof nbf !== 'number' || now < nbf - clockSkewSeconds)) {
    throw new TokenError('it is not valid yet');
  }
  if (issuer !== null && iss !== issuer) throw new TokenError('it is of another issuer');
  const given = [aud].flat();
  if (audiences !== null && !audiences.some((audience) => given.includes(audience))) {
    throw new TokenError('it is for another audience');
  }
}
