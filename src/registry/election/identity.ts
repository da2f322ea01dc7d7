/**
 * What the members of the group tell each other, in the JSON of Confluent's registry (protocol type `sr`, protocol `v0`):
 * who I am, and who was chosen.
 */
import { DataError } from '../../kernel';

export const PROTOCOL_TYPE = 'sr';
export const PROTOCOL = 'v0';
const VERSION = 1;

/** How the other nodes reach a node. */
export interface NodeAddress {
  readonly scheme: string;
  readonly host: string;
  readonly port: number;
}

export interface NodeIdentity extends NodeAddress {
  /** May be chosen. */
  readonly eligible: boolean;
  /** Was the primary when it joined. */
  readonly leader: boolean;
}

export const urlOf = ({ scheme, host, port }: NodeAddress): string =>
  `${scheme}://${host.includes(':') ? `[${host}]` : host}:${port}`;

const identityMembers = (identity: NodeIdentity): object => ({
  version: VERSION,
  host: identity.host,
  port: identity.port,
  master_eligibility: identity.eligible,
  scheme: identity.scheme,
  leader: identity.leader,
});

export const encodeIdentity = (identity: NodeIdentity): Buffer =>
  Buffer.from(JSON.stringify(identityMembers(identity)));

/** Throws DataError. Members that this version does not know are nobody's business. */
export const decodeIdentity = (bytes: Buffer): NodeIdentity => identityOf(parse(bytes));

function identityOf(members: Members): NodeIdentity {
  const { host, port, scheme = 'http', master_eligibility = true, leader = false } = members;
  if (typeof host !== 'string' || typeof port !== 'number' || typeof scheme !== 'string') {
    throw new DataError(`A member of the registry group has no address: ${JSON.stringify(members)}`);
  }
  return { scheme, host, port, eligible: master_eligibility === true, leader: leader === true };
}

/** Two nodes give the same URL: nobody is chosen then. */
const DUPLICATE_URLS = 1;

export type Choice =
  | { readonly kind: 'chosen'; readonly memberId: string; readonly identity: NodeIdentity }
  /** No member is eligible. */
  | { readonly kind: 'nobody' }
  | { readonly kind: 'duplicates' };

export function encodeChoice(choice: Choice): Buffer {
  const chosen = choice.kind === 'chosen' ? choice : null;
  const members = {
    version: VERSION,
    error: choice.kind === 'duplicates' ? DUPLICATE_URLS : 0,
    master: chosen?.memberId ?? null,
    master_identity: chosen && identityMembers(chosen.identity),
  };
  return Buffer.from(JSON.stringify(members));
}

/** Throws DataError. */
export function decodeChoice(bytes: Buffer): Choice {
  const { error, master, master_identity: identity } = parse(bytes);
  if (error === DUPLICATE_URLS) return { kind: 'duplicates' };
  if (typeof master !== 'string' || !isMembers(identity)) return { kind: 'nobody' };
  return { kind: 'chosen', memberId: master, identity: identityOf(identity) };
}

type Members = Readonly<Record<string, unknown>>;

const isMembers = (value: unknown): value is Members =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function parse(bytes: Buffer): Members {
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString('utf8'));
  } catch (cause) {
    throw new DataError('A member of the registry group does not speak JSON', { cause });
  }
  if (!isMembers(value)) throw new DataError('A member of the registry group sent no JSON object');
  return value;
}
