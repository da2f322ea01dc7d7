/** Trust stores as openssl writes them, in every encryption that is in use. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { readPkcs12Certificates } from '../../../src/http/tls/pkcs12';
import { type Certificates, makeCertificates } from '../../support/certificates';

let certificates: Certificates;
beforeAll(() => {
  certificates = makeCertificates();
});
afterAll(() => certificates.remove());

function store(...args: string[]): Buffer {
  const out = path.join(path.dirname(certificates.authority), 'trust.p12');
  const { authority, client } = certificates;
  const common = ['pkcs12', '-export', '-passout', 'pass:sécret', '-out', out, '-nokeys'];
  execFileSync('openssl', [...common, '-in', authority, '-certfile', client, ...args], { stdio: 'pipe' });
  return readFileSync(out);
}

const pem = (file: string) =>
  readFileSync(file, 'utf8').match(/-----BEGIN CERT[\s\S]+?-----END CERT.*?-----/)![0];

it.each([
  ['AES-256-CBC with the standard hash', []],
  ['AES-128-CBC', ['-certpbe', 'AES-128-CBC']],
  ['triple DES', ['-certpbe', 'PBE-SHA1-3DES']],
  ['no encryption', ['-certpbe', 'NONE']],
])('reads all certificates of a store with %s', (_name, args) => {
  const read = readPkcs12Certificates(store(...(args as string[])), 'sécret').map((text) => text.trim());
  // The client's file has its certificate behind its key.
  expect(read).toEqual([pem(certificates.authority), pem(certificates.client)]);
});

it('tells a wrong password, an encryption of old, and what is no store', () => {
  expect(() => readPkcs12Certificates(store(), 'wrong')).toThrow('The password is wrong.');
  const old = store('-certpbe', 'PBE-SHA1-RC2-40', '-legacy');
  expect(() => readPkcs12Certificates(old, 'sécret')).toThrow('(1.2.840.113549.1.12.1.6) is too old');
  for (const bytes of [Buffer.from('30', 'hex'), Buffer.from('3003020101', 'hex'), Buffer.alloc(50, 0x30)]) {
    expect(() => readPkcs12Certificates(bytes, '')).toThrow();
  }
});
