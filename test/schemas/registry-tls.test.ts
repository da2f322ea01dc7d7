/** The registry client over TLS, with a server that asks for certificates. */
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { ConfigDef, NO_METRICS, SILENT } from '../../src/kernel';
import { REGISTRY_KEYS, registryOptions } from '../../src/schemas/registry-options';
import { SchemaServices } from '../../src/schemas/services';
import { type Certificates, makeCertificates } from '../support/certificates';

const definition = new ConfigDef(REGISTRY_KEYS, [{ prefix: 'schema.registry.ssl.', doc: '' }]);

describe('registry client over TLS', () => {
  let certificates: Certificates;
  let server: Server;
  let client: string | null = null;

  beforeAll(async () => {
    certificates = makeCertificates();
    const pem = readFileSync(certificates.server);
    const ca = readFileSync(certificates.authority);
    server = createServer(
      { key: pem, cert: pem, ca, requestCert: true, rejectUnauthorized: false },
      (request, response) => {
        client = (request.socket as TLSSocket).getPeerCertificate().subject?.CN as string | null;
        response.end('{"id":1,"version":1,"schema":"\\"int\\""}');
      },
    );
    await new Promise<void>((resolve) => server.listen(0, resolve));
  });

  afterAll(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    certificates.remove();
  });

  const latest = async (host: string, ssl: Record<string, string>) => {
    const services = new SchemaServices({ logger: SILENT, metrics: NO_METRICS, redisUrl: null });
    const keys = Object.entries(ssl).map(([key, value]) => [`schema.registry.ssl.${key}`, value]);
    const options = registryOptions(
      definition.parse({
        'schema.registry.url': `https://${host}:${(server.address() as AddressInfo).port}`,
        'max.retries': '0',
        ...Object.fromEntries(keys),
      }),
    );
    try {
      return await services.registry(options).latest('s');
    } finally {
      await services.close();
    }
  };

  it.each<[what: string, ssl: (certificates: Certificates) => Record<string, string>]>([
    ['PEM file', ({ client: pem }) => ({ 'keystore.location': pem })],
    [
      'PKCS12 store',
      ({ clientStore }) => ({ 'keystore.location': clientStore, 'keystore.password': 'secret' }),
    ],
    [
      'text, with an encrypted key',
      ({ clientKey, clientChain }) => ({
        'keystore.key': clientKey,
        'keystore.certificate.chain': clientChain,
        'key.password': 'secret',
      }),
    ],
  ])('shows a certificate from a %s', async (_what, ssl) => {
    client = null;
    const { id } = await latest('localhost', {
      'truststore.location': certificates.authority,
      ...ssl(certificates),
    });
    expect([id, client]).toEqual([1, 'client']);
  });

  it('trusts nobody it was not told of', async () => {
    await expect(latest('localhost', {})).rejects.toMatchObject({ code: 'REGISTRY_UNREACHABLE' });
  });

  it('checks the name of the host unless told not to', async () => {
    const trust = { 'truststore.location': certificates.authority };
    await expect(latest('127.0.0.1', trust)).rejects.toMatchObject({ code: 'REGISTRY_UNREACHABLE' });
    const answer = await latest('127.0.0.1', { ...trust, 'endpoint.identification.algorithm': '' });
    expect(answer.id).toBe(1);
  });
});
