/** Users by the certificate that their TLS connection was opened with. */
import type { TLSSocket } from 'node:tls';
import type { FastifyRequest } from 'fastify';
import { ConfigError } from '../../kernel';
import { ANONYMOUS, type Authenticator, type Principal } from './principal';

/** Turns a distinguished name into the name of a user. */
export type NameMapping = (distinguishedName: string) => string;

/**
 * Rules as Kafka's `ssl.principal.mapping.rules`: `RULE:pattern/replacement/` with an `L` or `U` behind for lower or upper
 * case, and `DEFAULT` for the name itself, separated by commas; the first that matches the whole name holds. @throws ConfigError
 */
export function parseNameMapping(text: string, key: string): NameMapping {
  const rules = splitRules(text).map((rule) => readRule(rule, key));
  return (name) => {
    for (const rule of rules) {
      const mapped = rule(name);
      if (mapped !== null) return mapped;
    }
    return name;
  };
}

/** Patterns have commas of their own. */
const splitRules = (text: string): string[] =>
  text
    .split(/,\s*(?=RULE:|DEFAULT\b)/)
    .map((rule) => rule.trim())
    .filter((rule) => rule !== '');

function readRule(rule: string, key: string): (name: string) => string | null {
  if (rule === 'DEFAULT') return (name) => name;
  const match = /^RULE:((?:\\.|[^\\/])*)\/((?:\\.|[^\\/])*)\/([LU]?)$/.exec(rule);
  if (match === null)
    throw new ConfigError(`${key}: ${rule} is not of the form RULE:pattern/replacement/[LU] or DEFAULT.`);
  const [, pattern = '', replacement = '', letters = ''] = match;
  const whole = compile(pattern, key);
  return (name) => {
    if (!whole.test(name)) return null;
    const mapped = name.replace(whole, replacement);
    if (letters === '') return mapped;
    return letters === 'L' ? mapped.toLowerCase() : mapped.toUpperCase();
  };
}

function compile(pattern: string, key: string): RegExp {
  try {
    return new RegExp(`^(?:${pattern.replace(/^\^|\$$/g, '')})$`);
  } catch (cause) {
    throw new ConfigError(`${key}: ${pattern} is no regular expression.`, { cause });
  }
}

/** Without a certificate it is ANONYMOUS: what that one may do is a matter of permissions. */
export function createCertificateAuthenticator(mapping: NameMapping): Authenticator {
  const known = new WeakMap<object, Principal>();
  return {
    authenticate({ socket }: FastifyRequest) {
      let principal = known.get(socket);
      if (principal === undefined) known.set(socket, (principal = principalOf(socket as TLSSocket, mapping)));
      return principal;
    },
    close: () => {},
  };
}

function principalOf(socket: Partial<TLSSocket>, mapping: NameMapping): Principal {
  const certificate = socket.authorized === true ? socket.getPeerX509Certificate?.() : undefined;
  if (certificate === undefined) return ANONYMOUS;
  return { name: mapping(distinguishedName(certificate.subject)), roles: [], by: 'certificate' };
}

/** `CN=app,OU=team,O=company`: the parts of the subject as RFC 2253 has them, last one first. */
const distinguishedName = (subject: string): string => subject.trim().split('\n').reverse().join(',');
