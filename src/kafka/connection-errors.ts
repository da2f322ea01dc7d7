/** What went wrong with a connection, in words that say what to do about it. */
import { MillraceError } from '../kernel';
import type { KafkaOptions } from './port';

/** No answer from a broker: connection trouble or a time-out. Retriable. */
export const unreachable = (message: string, details?: { cause?: unknown; hint?: string }): MillraceError =>
  new MillraceError('KAFKA_UNREACHABLE', message, details);

/** The program itself ended the lane: nothing to retry. */
export const laneClosed = (): MillraceError =>
  new MillraceError('KAFKA_UNREACHABLE', 'The connections to Kafka were closed', { retriable: false });

const CERTIFICATE = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'CERT_HAS_EXPIRED',
  'CERT_NOT_YET_VALID',
  'CERT_SIGNATURE_FAILURE',
  'CERT_UNTRUSTED',
  'CERT_REJECTED',
]);

const NO_LISTENER = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
]);

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';

/**
 * Refused credentials and certificates are final, as in Kafka's own clients: a retry sends the same ones.
 * Everything else may pass. `answered`: whether this connection ever had an answer.
 */
export function connectionError(
  address: string,
  options: KafkaOptions,
  cause: unknown,
  answered: boolean,
): MillraceError {
  const reason = (cause instanceof Error ? cause.message : String(cause)).replace(/^Connection error: /, '');
  const code = codeOf(cause);
  if (cause instanceof Error && cause.name === 'KafkaJSSASLAuthenticationError') {
    return refused(`Kafka at ${address} refused the login: ${reason}`, cause, saslHint(options));
  }
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    const hint =
      'Connect by a name the certificate has, or set ssl.endpoint.identification.algorithm to nothing.';
    return refused(`The certificate of Kafka at ${address} is for another host: ${reason}`, cause, hint);
  }
  if (CERTIFICATE.has(code)) {
    const hint = 'Name the certificate authority in ssl.truststore.location (PEM).';
    return refused(`The certificate of Kafka at ${address} is not trusted: ${reason}`, cause, hint);
  }
  const hint = !answered && !NO_LISTENER.has(code) ? protocolHint(options) : undefined;
  return unreachable(`Kafka at ${address} does not answer: ${reason}`, { cause, hint });
}

const refused = (message: string, cause: unknown, hint: string): MillraceError =>
  new MillraceError('KAFKA_REFUSED', message, { cause, hint });

const saslHint = ({ sasl }: KafkaOptions): string =>
  `Check sasl.mechanism (${sasl?.mechanism.toUpperCase()}) and the user name and password in sasl.jaas.config.`;

/** Speaking the wrong protocol to a listener shows as nonsense, or as a connection closed without an answer. */
const protocolHint = ({ ssl, sasl }: KafkaOptions): string =>
  `Check security.protocol (now ${sasl ? 'SASL_' : ''}${ssl ? 'SSL' : 'PLAINTEXT'}): this listener may speak another.`;
