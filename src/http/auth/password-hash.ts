/** Password hashes as text, and the comparison in constant time. */
import { createHash, pbkdf2, randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';

export interface PasswordHash {
  /** Whether the password is the one. Takes as long for a wrong one. */
  matches(password: string): Promise<boolean>;
  /** Plain text and unsalted hashes: whoever reads the file has the passwords. */
  readonly isWeak: boolean;
}

const LOG_COST = 14;
const [BLOCK_SIZE, PARALLEL, HASH_BYTES, SALT_BYTES] = [8, 1, 32, 16];
/** What one check may use; also the bound for parameters in a file. */
const MAX_MEMORY = 64 * 1024 * 1024;

interface ScryptParameters {
  readonly cost: number;
  readonly blockSize: number;
  readonly parallel: number;
}

function deriveScrypt(
  password: string,
  salt: Buffer,
  length: number,
  parameters: ScryptParameters,
): Promise<Buffer> {
  const { cost: N, blockSize: r, parallel: p } = parameters;
  return new Promise((resolve, reject) => {
    scrypt(password, salt, length, { N, r, p, maxmem: MAX_MEMORY * 2 }, (error, key) =>
      error === null ? resolve(key) : reject(error),
    );
  });
}

/** `scrypt$16384$8$1$<salt>$<hash>`, base64; a new salt each time. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(SALT_BYTES);
  const parameters = { cost: 2 ** LOG_COST, blockSize: BLOCK_SIZE, parallel: PARALLEL };
  const hash = await deriveScrypt(password, salt, HASH_BYTES, parameters);
  return [
    'scrypt',
    parameters.cost,
    BLOCK_SIZE,
    PARALLEL,
    salt.toString('base64'),
    hash.toString('base64'),
  ].join('$');
}

/** Reads a hash in one of the spellings below. Throws Error that says why, without the text. */
export function parsePasswordHash(text: string): PasswordHash {
  if (text.startsWith('scrypt$')) return parseScrypt(text);
  if (text.startsWith('MD5:')) return parseMd5(text.slice(4));
  for (const [pattern, name] of UNUSABLE) {
    if (pattern.test(text)) throw new Error(`${name} are not understood here`);
  }
  return plain(text);
}

const UNUSABLE: readonly (readonly [RegExp, string])[] = [
  [/^\$2[abxy]?\$/, 'bcrypt hashes'],
  [/^CRYPT:/, 'CRYPT: hashes'],
  [/^OBF:/, 'OBF: passwords'],
];

function parseScrypt(text: string): PasswordHash {
  const [, cost, blockSize, parallel, salt = '', hash = ''] = text.split('$');
  const parameters = { cost: Number(cost), blockSize: Number(blockSize), parallel: Number(parallel) };
  const expected = Buffer.from(hash, 'base64');
  const numbers = Object.values(parameters).every((value) => Number.isInteger(value) && value > 0);
  const memory = 128 * parameters.cost * parameters.blockSize * parameters.parallel;
  if (
    !numbers ||
    expected.length < 16 ||
    memory > MAX_MEMORY ||
    (parameters.cost & (parameters.cost - 1)) !== 0
  ) {
    throw new Error('the scrypt hash is not of the form scrypt$16384$8$1$<salt>$<hash>');
  }
  return scryptHash(Buffer.from(salt, 'base64'), expected, parameters);
}

const scryptHash = (salt: Buffer, expected: Buffer, parameters: ScryptParameters): PasswordHash => ({
  isWeak: false,
  matches: async (password) =>
    timingSafeEqual(await deriveScrypt(password, salt, expected.length, parameters), expected),
});

/** Of Karapace's file, whose salts are text: scrypt, or PBKDF2 by the name of its hash. */
export function karapaceHash(algorithm: string, saltText: string, hash: string): PasswordHash {
  const expected = Buffer.from(hash, 'base64');
  const salt = Buffer.from(saltText);
  if (expected.length < 16) throw new Error('the password_hash is no base64');
  if (algorithm === 'scrypt') return scryptHash(salt, expected, { cost: 16384, blockSize: 8, parallel: 1 });
  if (!['sha1', 'sha256', 'sha512'].includes(algorithm)) throw new Error('the algorithm is not known');
  const derive = promisify(pbkdf2);
  return {
    isWeak: false,
    matches: async (password) =>
      timingSafeEqual(await derive(password, salt, KARAPACE_ROUNDS, expected.length, algorithm), expected),
  };
}

const KARAPACE_ROUNDS = 5000;

function parseMd5(hex: string): PasswordHash {
  if (!/^[0-9a-f]{32}$/i.test(hex)) throw new Error('the MD5: hash is not 32 hexadecimal digits');
  const expected = Buffer.from(hex, 'hex');
  return {
    isWeak: true,
    matches: async (password) => timingSafeEqual(createHash('md5').update(password).digest(), expected),
  };
}

/** Compared by digests, which are of one length. */
function plain(text: string): PasswordHash {
  const digest = (value: string) => createHash('sha256').update(value).digest();
  const expected = digest(text);
  return { isWeak: true, matches: async (password) => timingSafeEqual(digest(password), expected) };
}
