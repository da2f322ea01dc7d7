/** Requests between workers are signed with a key that only they can read, in the config topic (connect.md §2.6). */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { type InternalSignature, RefusedError } from '../herder';
import type { SessionKey } from './types';

export const SIGNATURE_HEADER = 'X-Connect-Authorization';
export const ALGORITHM_HEADER = 'X-Connect-Request-Signature-Algorithm';

const ALGORITHM = 'HmacSHA256';
/** Java's names of Node's digests: keys of a JVM cluster that are taken over may be of another kind. */
const DIGESTS: Readonly<Record<string, string>> = {
  HmacSHA1: 'sha1',
  HmacSHA224: 'sha224',
  HmacSHA256: 'sha256',
  HmacSHA384: 'sha384',
  HmacSHA512: 'sha512',
};

/** @param sizeBytes `inter.worker.key.size` */
export const createSessionKey = (sizeBytes = 32, now: () => number = Date.now): SessionKey => ({
  key: randomBytes(sizeBytes),
  algorithm: ALGORITHM,
  createdAt: now(),
});

/** Headers of a request with this body. */
export const signRequest = ({ key }: SessionKey, body: Buffer): Record<string, string> => ({
  [SIGNATURE_HEADER]: hmac(ALGORITHM, key, body).toString('base64'),
  [ALGORITHM_HEADER]: ALGORITHM,
});

/**
 * Throws RefusedError: 400 without a signature or with one of an algorithm that is not among `algorithms`, 503 while this
 * worker has read no key, 403 when it is wrong.
 */
export function verifySignature(
  { signature, algorithm, body }: InternalSignature,
  key: SessionKey | null,
  algorithms: readonly string[],
): void {
  if (signature === null || algorithm === null)
    throw new RefusedError(400, 'Internal request missing required signature');
  if (!Object.hasOwn(DIGESTS, algorithm)) throw new RefusedError(400, `Algorithm ${algorithm} not available`);
  const illegal = /[^A-Za-z0-9+/=]/.exec(signature)?.[0];
  if (illegal !== undefined)
    throw new RefusedError(400, `Illegal base64 character ${illegal.charCodeAt(0).toString(16)}`);
  if (!algorithms.includes(algorithm)) throw new RefusedError(400, unsupported(algorithm, algorithms));
  if (key === null) throw new RefusedError(503, NO_KEY);
  const expected = hmac(algorithm, key.key, body);
  const given = Buffer.from(signature, 'base64');
  if (given.length !== expected.length || !timingSafeEqual(given, expected))
    throw new RefusedError(403, 'Internal request contained invalid signature.');
}

const hmac = (algorithm: string, key: Buffer, body: Buffer): Buffer =>
  createHmac(DIGESTS[algorithm]!, key).update(body).digest();

const NO_KEY =
  'This worker is still starting up and has not been able to read a session key from the config topic yet';

const unsupported = (algorithm: string, allowed: readonly string[]): string =>
  `This worker does not support the '${algorithm}' key signing algorithm used by other workers. ` +
  `This worker is currently configured to use: [${allowed.join(', ')}]. ` +
  "Check that all workers' configuration files permit the same set of signature algorithms, " +
  'and correct any misconfigured worker and restart it.';
