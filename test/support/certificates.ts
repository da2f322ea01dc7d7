/** A certificate authority, and keys and certificates by it, made with openssl. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

export interface Certificates {
  /** PEM file of the authority. */
  readonly authority: string;
  /** PEM file with key and certificate of a server on localhost. */
  readonly server: string;
  /** PEM file with key and certificate of a client. */
  readonly client: string;
  /** The same as PKCS12, password `secret`. */
  readonly clientStore: string;
  /** Text of the client's encrypted key (password `secret`) and of its certificate. */
  readonly clientKey: string;
  readonly clientChain: string;
  remove(): void;
}

export function makeCertificates(): Certificates {
  const dir = mkdtempSync(path.join(os.tmpdir(), 'millrace-tls-'));
  const at = (name: string) => path.join(dir, name);
  const openssl = (...args: string[]) => void execFileSync('openssl', args, { cwd: dir, stdio: 'pipe' });
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  openssl(
    'req',
    '-x509',
    ...newKey,
    '-days',
    '2',
    '-subj',
    '/CN=test authority',
    '-keyout',
    'ca.key',
    '-out',
    'ca.pem',
  );
  writeFileSync(at('names'), 'subjectAltName=DNS:localhost\n');
  for (const name of ['server', 'client']) {
    openssl('req', ...newKey, '-subj', `/CN=${name}`, '-keyout', `${name}.key`, '-out', `${name}.csr`);
    const signed = [
      '-CA',
      'ca.pem',
      '-CAkey',
      'ca.key',
      '-CAcreateserial',
      '-days',
      '2',
      '-extfile',
      'names',
    ];
    openssl('x509', '-req', '-in', `${name}.csr`, ...signed, '-out', `${name}.crt`);
    writeFileSync(
      at(`${name}.pem`),
      readFileSync(at(`${name}.key`), 'utf8') + readFileSync(at(`${name}.crt`), 'utf8'),
    );
  }
  openssl('pkcs12', '-export', '-in', 'client.pem', '-passout', 'pass:secret', '-out', 'client.p12');
  openssl('pkcs8', '-topk8', '-in', 'client.key', '-passout', 'pass:secret', '-out', 'client.encrypted');
  return {
    authority: at('ca.pem'),
    server: at('server.pem'),
    client: at('client.pem'),
    clientStore: at('client.p12'),
    clientKey: readFileSync(at('client.encrypted'), 'utf8'),
    clientChain: readFileSync(at('client.crt'), 'utf8'),
    remove: () => rmSync(dir, { recursive: true }),
  };
}
