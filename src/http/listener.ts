import dns from 'node:dns/promises';
import type { FastifyInstance } from 'fastify';
import { ConfigError } from '../kernel';
import { type ConnectionLimits, createNodeServer, type NodeServer } from './node-server';
import type { LiveTls } from './tls/settings';

/** Where a server listens. An empty host means every interface; port 0 any free port. */
export interface Listener {
  readonly scheme: 'http' | 'https';
  readonly host: string;
  readonly port: number;
}

export interface ListenOptions {
  /** Configuration key the listener came from, named in errors. */
  readonly key?: string;
  /** Takes any free port when the wanted one is taken; the caller tells its user from the `port` it gets. */
  readonly fallbackToFreePort?: boolean;
  /** How long requests under way may take after `close`, ms, before their connections are cut. 5 s unless given. */
  readonly closeGraceMs?: number;
  /**
   * Certificates for https listeners; null when none are configured, left out where https is not served at all. They stay
   * the caller's: `close` does not close them.
   */
  readonly tls?: LiveTls | null;
  readonly limits?: ConnectionLimits;
}

export interface Listening {
  /** `http://host:port` of the first listener that a client on this machine can use. */
  readonly url: string;
  readonly port: number;
  /** Those of all listeners. */
  readonly urls: readonly string[];
  /** Stops listening, lets requests under way end, and closes idle keep-alive connections. Safe to call twice. */
  close(): Promise<void>;
}

/** Parses `http://host:port`; `http://:8081` and `http://0.0.0.0:8081` mean every interface. Throws ConfigError. */
export function parseListener(text: string, key = 'listeners'): Listener {
  const match = /^([a-z]+):\/\/(\[[0-9a-f:.]+\]|[^/:[\]]*):(\d{1,5})\/?$/i.exec(text.trim());
  const wrong = (why: string) =>
    new ConfigError(`Invalid value ${text} for configuration ${key}: ${why}`, {
      hint: 'Write it as http://host:port, for example http://localhost:8081 or https://:8443 for every interface.',
    });
  if (match === null) throw wrong('not an address of the form http://host:port or https://host:port.');
  const scheme = match[1]!.toLowerCase();
  if (scheme !== 'http' && scheme !== 'https')
    throw wrong(`the scheme ${scheme} is not served, only http and https.`);
  const port = Number(match[3]);
  if (port > 65535) throw wrong('the port must be at most 65535.');
  return { scheme, host: match[2]!.replace(/^\[|\]$/g, ''), port };
}

/** Starts listening, on all or on none. Throws ConfigError naming address and key when an address cannot be taken. */
export async function listen(
  server: FastifyInstance,
  listeners: Listener | string | readonly (Listener | string)[],
  options: ListenOptions = {},
): Promise<Listening> {
  const { key = 'listeners', closeGraceMs = 5000 } = options;
  const bound: Bound[] = [];
  const close = async (): Promise<void> => {
    await Promise.all(bound.flatMap(({ servers }) => servers.map((each) => each.close(closeGraceMs))));
    await server.close();
  };
  try {
    const wanted = [listeners]
      .flat()
      .map((each) => (typeof each === 'string' ? parseListener(each, key) : each));
    requireCertificates(wanted, key, options);
    await server.ready();
    for (const listener of wanted) bound.push(await bindOrFallBack(server, listener, key, options));
  } catch (error) {
    await close();
    throw error;
  }
  let closed: Promise<void> | undefined;
  const urls = bound.map(({ url }) => url);
  return { url: urls[0]!, port: bound[0]!.port, urls, close: () => (closed ??= close()) };
}

interface Bound {
  readonly url: string;
  readonly port: number;
  readonly servers: readonly NodeServer[];
}

function requireCertificates(listeners: readonly Listener[], key: string, { tls }: ListenOptions): void {
  if (tls || listeners.every(({ scheme }) => scheme === 'http')) return;
  if (tls === undefined) throw new ConfigError(`${key}: the scheme https is not served here, only http.`);
  throw new ConfigError(`${key} has an https address, and nothing says which certificate to show there.`, {
    hint: 'Set ssl.keystore.location to a PEM or PKCS12 file with private key and certificate.',
  });
}

async function bindOrFallBack(
  server: FastifyInstance,
  listener: Listener,
  key: string,
  options: ListenOptions,
): Promise<Bound> {
  try {
    return await bind(server, listener, options);
  } catch (error) {
    if (errorCode(error) !== 'EADDRINUSE' || !options.fallbackToFreePort)
      throw bindError(error, listener, key);
    return bind(server, { ...listener, port: 0 }, options);
  }
}

async function bind(server: FastifyInstance, listener: Listener, options: ListenOptions): Promise<Bound> {
  const { scheme, host, port: wanted } = listener;
  const open = (address: string, port: number) =>
    openServer(server, { scheme, host: address, port }, options);
  const [first, ...others] = await addressesOf(host);
  const main = await open(first!, wanted).catch((error: unknown) => {
    // Machines without IPv6.
    if (host !== '' || !['EAFNOSUPPORT', 'EADDRNOTAVAIL', 'EINVAL'].includes(errorCode(error))) throw error;
    return open('0.0.0.0', wanted);
  });
  const { port } = main.server.address() as { port: number };
  // localhost has two addresses, and clients try either first. One of them is enough where the other is not to be had.
  const more = await Promise.allSettled(others.map((address) => open(address, port)));
  const servers = [main, ...more.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []))];
  return { url: `${scheme}://${clientHost(host)}:${port}`, port, servers };
}

async function addressesOf(host: string): Promise<string[]> {
  if (host === '') return ['::'];
  if (host !== 'localhost') return [host];
  const found = await dns.lookup(host, { all: true }).catch(() => []);
  return found.length > 0 ? [...new Set(found.map(({ address }) => address))] : [host];
}

async function openServer(
  { routing }: FastifyInstance,
  { scheme, host, port }: Listener,
  { tls = null, limits }: ListenOptions,
): Promise<NodeServer> {
  const opened = createNodeServer(routing, scheme === 'https' ? tls : null, limits);
  await new Promise<void>((resolve, reject) => {
    opened.server.once('error', reject);
    opened.server.listen({ host, port }, () => {
      opened.server.off('error', reject);
      resolve();
    });
  });
  return opened;
}

function bindError(error: unknown, { host, port }: Listener, key: string): ConfigError {
  const address = `${host === '' ? '*' : host}:${port}`;
  const reasons: Readonly<Record<string, string>> = {
    EADDRINUSE: 'the port is taken by another process.',
    EACCES: 'the port needs more rights than this process has.',
    EADDRNOTAVAIL: 'the address is not one of this machine.',
    ENOTFOUND: 'the host name is unknown.',
  };
  const why = reasons[errorCode(error)] ?? (error as Error).message;
  return new ConfigError(`Cannot listen on ${address} (${key}): ${why}`, {
    cause: error,
    hint: `Give another address in ${key}; port 0 takes any free one.`,
  });
}

const errorCode = (error: unknown): string => String((error as NodeJS.ErrnoException).code);

const clientHost = (host: string): string => {
  if (host === '' || host === '0.0.0.0' || host === '::') return 'localhost';
  return host.includes(':') ? `[${host}]` : host;
};
