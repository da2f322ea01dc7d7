import { chmodSync, chownSync, copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { connectionTarget, openSession } from '../../../connectors/postgres/connection';
import { SILENT } from '../../../src/plugin';
import { type Certificates, makeCertificates } from '../../support/certificates';
import { type Service, startPrivatePostgres } from '../../support/stack';

let server: Service;
let certificates: Certificates;
let folder: string;

/** The server insists on owning its key, and does not run as root. */
function serverKey(pem: string): string {
  folder = mkdtempSync(path.join(os.tmpdir(), 'millrace-pg-tls-'));
  chmodSync(folder, 0o755);
  const file = path.join(folder, 'server.pem');
  copyFileSync(pem, file);
  chmodSync(file, 0o600);
  if (process.getuid?.() === 0) {
    const users = readFileSync('/etc/passwd', 'utf8').split('\n');
    const row =
      users.find((line) => line.startsWith('postgres:')) ?? users.find((line) => line.startsWith('nobody:'));
    const [, , uid, gid] = row!.split(':');
    chownSync(file, Number(uid), Number(gid));
  }
  return file;
}

beforeAll(async () => {
  certificates = makeCertificates();
  const file = serverKey(certificates.server);
  server = await startPrivatePostgres({ settings: { ssl: 'on', ssl_cert_file: file, ssl_key_file: file } });
}, 60_000);

afterAll(async () => {
  await server?.remove();
  certificates?.remove();
  if (folder !== undefined) rmSync(folder, { recursive: true });
});

/** Connects to `localhost`, or to the address the certificate does not name, and says whether it is encrypted. */
async function isEncrypted(parameters: Record<string, string>, host = 'localhost'): Promise<boolean> {
  const url = new URL(server.address());
  url.hostname = host;
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
  const session = await openSession(
    connectionTarget({ url: url.href, user: null, password: null }),
    {},
    SILENT,
  );
  try {
    const { rows } = await session.client.query('SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()');
    return rows[0].ssl;
  } finally {
    await session.close();
  }
}

describe('sslmode', () => {
  it.each([
    [{}, false],
    [{ sslmode: 'disable' }, false],
    [{ sslmode: 'allow' }, false],
    [{ sslmode: 'prefer' }, true],
    [{ sslmode: 'require' }, true],
    [{ ssl: 'false' }, false],
  ] as const)('%j encrypts: %s', async (parameters, expected) => {
    expect(await isEncrypted(parameters)).toBe(expected);
  });

  it('verify-ca checks the authority, verify-full the name too', async () => {
    const sslrootcert = certificates.authority;
    expect(await isEncrypted({ sslmode: 'verify-full', sslrootcert })).toBe(true);
    expect(await isEncrypted({ ssl: 'true', sslrootcert })).toBe(true);
    expect(await isEncrypted({ sslmode: 'verify-ca', sslrootcert }, '127.0.0.1')).toBe(true);
    await expect(isEncrypted({ sslmode: 'verify-full', sslrootcert }, '127.0.0.1')).rejects.toMatchObject({
      code: 'DATABASE_REFUSED',
      retriable: false,
    });
    await expect(isEncrypted({ sslmode: 'verify-ca' })).rejects.toMatchObject({
      code: 'DATABASE_REFUSED',
      retriable: false,
      hint: expect.stringMatching(/sslrootcert/),
    });
    await expect(isEncrypted({ sslmode: 'verify-ca', sslrootcert: '/no/such.pem' })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: 'sslrootcert /no/such.pem cannot be read',
    });
  });
});
