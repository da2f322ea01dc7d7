/**
 * The certificates of a PKCS12 store (RFC 7292). Node reads stores that hold a key; what Java calls a trust store holds
 * certificates alone, and those it refuses. Integrity is not checked: whoever can change the file can change its password.
 */
import { createDecipheriv, createHash, pbkdf2Sync, X509Certificate } from 'node:crypto';
import { children, type Element, integer, OCTET_STRING, oid, readElements } from './der';

const DATA = '1.2.840.113549.1.7.1';
const ENCRYPTED_DATA = '1.2.840.113549.1.7.6';
const CERTIFICATE_BAG = '1.2.840.113549.1.12.10.1.3';
const PBES2 = '1.2.840.113549.1.5.13';
const PBE_SHA1_3DES = '1.2.840.113549.1.12.1.3';

const CIPHERS: Readonly<Record<string, { name: string; keyBytes: number }>> = {
  '2.16.840.1.101.3.4.1.2': { name: 'aes-128-cbc', keyBytes: 16 },
  '2.16.840.1.101.3.4.1.22': { name: 'aes-192-cbc', keyBytes: 24 },
  '2.16.840.1.101.3.4.1.42': { name: 'aes-256-cbc', keyBytes: 32 },
};
const DIGESTS: Readonly<Record<string, string>> = {
  '1.2.840.113549.2.7': 'sha1',
  '1.2.840.113549.2.9': 'sha256',
  '1.2.840.113549.2.10': 'sha384',
  '1.2.840.113549.2.11': 'sha512',
};

/** As PEM, in the order of the store. Throws Error for another format, a wrong password, or an unknown encryption. */
export function readPkcs12Certificates(bytes: Buffer, password: string): string[] {
  const [pfx] = readElements(bytes);
  const authenticated = contentOf(children(pfx!)[1]!, password);
  return children(readElements(authenticated)[0]!)
    .map((part) => contentOf(part, password))
    .flatMap((safe) => children(readElements(safe)[0]!))
    .flatMap((bag) => certificateOf(bag));
}

/** Bytes of a ContentInfo, decrypted when they are encrypted. */
function contentOf(info: Element, password: string): Buffer {
  const [type, content] = children(info);
  const [inner] = children(content!);
  if (oid(type!) === DATA) return inner!.body;
  if (oid(type!) !== ENCRYPTED_DATA)
    throw new Error('It has a part that is neither data nor encrypted data.');
  const [, algorithm, encrypted] = children(children(inner!)[1]!);
  return decrypt(algorithm!, octets(encrypted!), password);
}

/** An octet string may come in pieces. */
const octets = (element: Element): Buffer =>
  (element.tag & 0x20) === 0
    ? element.body
    : Buffer.concat(
        children(element)
          .filter(({ tag }) => tag === OCTET_STRING)
          .map(({ body }) => body),
      );

function certificateOf(bag: Element): string[] {
  const [type, value] = children(bag);
  if (oid(type!) !== CERTIFICATE_BAG) return [];
  const [, wrapped] = children(children(value!)[0]!);
  return [new X509Certificate(children(wrapped!)[0]!.body).toString()];
}

function decrypt(algorithm: Element, encrypted: Buffer, password: string): Buffer {
  const [name, parameters] = children(algorithm);
  const scheme = oid(name!);
  if (scheme === PBES2) return decryptPbes2(parameters!, encrypted, password);
  if (scheme === PBE_SHA1_3DES) return decrypt3des(parameters!, encrypted, password);
  throw new Error(`Its encryption (${scheme}) is too old.`);
}

function decryptPbes2(parameters: Element, encrypted: Buffer, password: string): Buffer {
  const [derivation, encryption] = children(parameters);
  const [, settings] = children(derivation!);
  const [salt, iterations, ...more] = children(settings!);
  const [cipherName, iv] = children(encryption!);
  const cipher = CIPHERS[oid(cipherName!)];
  // The key length may stand before the hash.
  const prf = more.find(({ tag }) => tag === 0x30);
  const digest = prf === undefined ? 'sha1' : DIGESTS[oid(children(prf)[0]!)];
  if (cipher === undefined || digest === undefined) throw new Error('Its encryption is not known here.');
  const key = pbkdf2Sync(password, salt!.body, integer(iterations!), cipher.keyBytes, digest);
  return decipher(cipher.name, key, iv!.body, encrypted);
}

function decrypt3des(parameters: Element, encrypted: Buffer, password: string): Buffer {
  const [salt, iterations] = children(parameters);
  const derive = (purpose: number, length: number) =>
    deriveKey(password, { salt: salt!.body, iterations: integer(iterations!), purpose, length });
  return decipher('des-ede3-cbc', derive(1, 24), derive(2, 8), encrypted);
}

function decipher(name: string, key: Buffer, iv: Buffer, encrypted: Buffer): Buffer {
  try {
    const stream = createDecipheriv(name, key, iv);
    return Buffer.concat([stream.update(encrypted), stream.final()]);
  } catch (cause) {
    throw new Error('The password is wrong.', { cause });
  }
}

interface Derivation {
  readonly salt: Buffer;
  readonly iterations: number;
  /** 1: key, 2: initialization vector. */
  readonly purpose: number;
  readonly length: number;
}

const BLOCK = 64;

/** RFC 7292 appendix B.2, with SHA-1. */
function deriveKey(password: string, { salt, iterations, purpose, length }: Derivation): Buffer {
  const diversifier = Buffer.alloc(BLOCK, purpose);
  const text = Buffer.from(`${password}\0`, 'utf16le').swap16();
  const input = Buffer.concat([repeated(salt), repeated(text)]);
  const key: Buffer[] = [];
  for (let have = 0; have < length; have += 20) {
    let hash: Buffer = createHash('sha1').update(diversifier).update(input).digest();
    for (let i = 1; i < iterations; i++) hash = createHash('sha1').update(hash).digest();
    key.push(hash);
    for (let at = 0; at < input.length; at += BLOCK) addOne(input.subarray(at, at + BLOCK), hash);
  }
  return Buffer.concat(key).subarray(0, length);
}

/** Copies one after the other up to a multiple of the block. */
const repeated = (bytes: Buffer): Buffer =>
  bytes.length === 0 ? bytes : Buffer.alloc(Math.ceil(bytes.length / BLOCK) * BLOCK, bytes);

/** block = block + hash (repeated over a block) + 1, as big-endian numbers. */
function addOne(block: Buffer, hash: Buffer): void {
  let carry = 1;
  for (let i = BLOCK - 1; i >= 0; i--) {
    const sum = block[i]! + hash[i % hash.length]! + carry;
    block[i] = sum & 0xff;
    carry = sum >> 8;
  }
}
