import type { FastifyInstance } from 'fastify';
import { ConfigError } from '../kernel';

/** Where a server listens. An empty host means every interface; port 0 any free port. */
export interface Listener {
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
}

export interface Listening {
  /** `http://host:port` that a client on this machine can use. */
  readonly url: string;
  readonly port: number;
  /** Stops listening, lets requests under way end, and closes idle keep-alive connections. Safe to call twice. */
  close(): Promise<void>;
}

/** Parses `http://host:port`; `http://:8081` and `http://0.0.0.0:8081` mean every interface. Throws ConfigError. */
export function parseListener(text: string, key = 'listeners'): Listener {
  const match = /^([a-z]+):\/\/(\[[0-9a-f:.]+\]|[^/:[\]]*):(\d{1,5})\/?$/i.exec(text.trim());
  const wrong = (why: string) =>
    new ConfigError(`Invalid value ${text} for configuration ${key}: ${why}`, {
      hint: 'Write it as http://host:port, for example http://localhost:8081 or http://:8081 for every interface.',
    });
  if (match === null) throw wrong('not an address of the form http://host:port.');
  if (match[1]!.toLowerCase() !== 'http') throw wrong(`the scheme ${match[1]} is not served, only http.`);
  const port = Number(match[3]);
  if (port > 65535) throw wrong('the port must be at most 65535.');
  return { host: match[2]!.replace(/^\[|\]$/g, ''), port };
}

/** Starts listening. Throws ConfigError naming address and key when the address cannot be taken. */
export async function listen(
  server: FastifyInstance,
  listener: Listener | string,
  options: ListenOptions = {},
): Promise<Listening> {
  const key = options.key ?? 'listeners';
  const wanted = typeof listener === 'string' ? parseListener(listener, key) : listener;
  try {
    await bind(server, wanted);
  } catch (error) {
    if (errorCode(error) !== 'EADDRINUSE' || !options.fallbackToFreePort) {
      await server.close();
      throw bindError(error, wanted, key);
    }
    await bind(server, { ...wanted, port: 0 });
  }
  const { port } = server.server.address() as { port: number };
  let closed: Promise<void> | undefined;
  return {
    url: `http://${clientHost(wanted.host)}:${port}`,
    port,
    close: () => (closed ??= closeServer(server, options.closeGraceMs ?? 5000)),
  };
}

async function bind(server: FastifyInstance, { host, port }: Listener): Promise<void> {
  if (host !== '') {
    await server.listen({ host, port });
    return;
  }
  try {
    await server.listen({ host: '::', port });
  } catch (error) {
    // Machines without IPv6.
    if (!['EAFNOSUPPORT', 'EADDRNOTAVAIL', 'EINVAL'].includes(errorCode(error))) throw error;
    await server.listen({ host: '0.0.0.0', port });
  }
}

/** fastify closes connections that are idle now; those that become idle while it waits must be swept too. */
async function closeServer(server: FastifyInstance, graceMs: number): Promise<void> {
  const sweep = setInterval(() => server.server.closeIdleConnections(), 50);
  const cut = setTimeout(() => server.server.closeAllConnections(), graceMs);
  try {
    await server.close();
  } finally {
    clearInterval(sweep);
    clearTimeout(cut);
  }
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
