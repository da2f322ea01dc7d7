/** Cipher suites by the names of Java (`TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256`) or OpenSSL, as OpenSSL's list. */
import tls from 'node:tls';
import { ConfigError } from '../../kernel';

/** Undefined without names: OpenSSL's own choice. @throws ConfigError for a suite that this Node does not have */
export function cipherList(names: readonly string[], key = 'ssl.cipher.suites'): string | undefined {
  if (names.length === 0) return undefined;
  const known = new Set(tls.getCiphers().map((name) => name.toUpperCase()));
  const unknown = names.filter((name) => !known.has(openSslName(name)));
  if (unknown.length > 0) {
    throw new ConfigError(`${key} names suites that are not available: ${unknown.join(', ')}`, {
      hint: 'Use names such as TLS_AES_128_GCM_SHA256 or TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256.',
    });
  }
  return names.map(openSslName).join(':');
}

/** Suites of TLS 1.3 have one name everywhere. RSA key exchange goes unnamed in OpenSSL, as does CBC. */
function openSslName(name: string): string {
  const upper = name.trim().toUpperCase();
  const match = /^(?:TLS|SSL)_(.+)_WITH_(.+)$/.exec(upper);
  if (match === null) return upper;
  const [, exchange = '', cipher = ''] = match;
  const short = cipher
    .replace(/AES_(\d+)_/, 'AES$1_')
    .replace('CBC_', '')
    .replace('CHACHA20_POLY1305_SHA256', 'CHACHA20_POLY1305');
  return `${exchange === 'RSA' ? '' : `${exchange}_`}${short}`.replaceAll('_', '-');
}
