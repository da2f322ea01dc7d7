/** The socket side of a server: plain or TLS, with limits that keep slow and idle clients from holding it. */
import http from 'node:http';
import https from 'node:https';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { LiveTls } from './tls/settings';

export interface ConnectionLimits {
  /** Time for a whole request to arrive, ms; then 408. 120 s unless given. */
  readonly requestTimeoutMs?: number;
  /** Time for its head to arrive, ms; then 408. 30 s, or the time of the whole request when that is less. */
  readonly headersTimeoutMs?: number;
  /** How long a connection without a request, or whose client does not read its answer, is kept, ms. 72 s unless given. */
  readonly idleTimeoutMs?: number;
  /** Connections at a time; further ones are closed at once. 0, or not given: no limit. */
  readonly maxConnections?: number;
  /** Size of a request's head, bytes; beyond it 431. Node's 16 KiB unless given. */
  readonly maxHeaderBytes?: number;
}

export interface NodeServer {
  readonly server: http.Server | https.Server;
  /** Lets requests under way end, for at most so long, ms. */
  close(graceMs: number): Promise<void>;
}

const HANDSHAKE_TIMEOUT_MS = 10_000;
const SWEEP_MS = 50;

export function createNodeServer(
  handler: http.RequestListener,
  tls: LiveTls | null,
  limits: ConnectionLimits = {},
): NodeServer {
  const options = serverOptions(limits);
  const answering = new Map<Socket, http.ServerResponse>();
  const noted: http.RequestListener = (request, response) => {
    const { socket } = request;
    answering.set(socket, response);
    response.once('close', () => {
      if (answering.get(socket) === response) answering.delete(socket);
    });
    handler(request, response);
  };
  const server = tls === null ? http.createServer(options, noted) : createTlsServer(tls, options, noted);
  server.setTimeout(limits.idleTimeoutMs ?? IDLE_TIMEOUT_MS, (socket: Socket) => {
    // Nothing has moved for long. Who waits for an answer may wait on; who does not read one may not.
    if (socket.writableLength > 0 || !answering.has(socket)) socket.destroy();
  });
  if (limits.maxConnections) server.maxConnections = limits.maxConnections;
  server.on('clientError', answerClientError);
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  const unfollow = tls?.follow((context) => {
    (server as https.Server).setSecureContext(context);
    retire(server, [...sockets]);
  });
  return {
    server,
    async close(graceMs) {
      unfollow?.();
      await drain(server, sockets, graceMs);
    },
  };
}

const IDLE_TIMEOUT_MS = 72_000;

function serverOptions(limits: ConnectionLimits): http.ServerOptions {
  const { requestTimeoutMs = 120_000, idleTimeoutMs = IDLE_TIMEOUT_MS, maxHeaderBytes } = limits;
  const headersTimeout = limits.headersTimeoutMs ?? Math.min(30_000, requestTimeoutMs);
  return {
    requestTimeout: requestTimeoutMs,
    headersTimeout,
    keepAliveTimeout: idleTimeoutMs,
    connectionsCheckingInterval: Math.min(5000, Math.ceil(headersTimeout / 2)),
    ...(maxHeaderBytes !== undefined && { maxHeaderSize: maxHeaderBytes }),
  };
}

function createTlsServer(
  tls: LiveTls,
  options: http.ServerOptions,
  handler: http.RequestListener,
): https.Server {
  const { clientAuthentication } = tls.settings;
  const server = https.createServer(
    {
      ...options,
      ...tls.context,
      handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
      requestCert: clientAuthentication !== 'NONE',
      rejectUnauthorized: clientAuthentication === 'REQUIRED',
    },
    handler,
  );
  if (clientAuthentication === 'REQUESTED') {
    // A client may come without a certificate, not with one of somebody else.
    server.prependListener('secureConnection', (socket: TLSSocket) => {
      if (!socket.authorized && socket.getPeerX509Certificate() !== undefined) socket.destroy();
    });
  }
  return server;
}

/** Requests that HTTP's parser refuses reach no route; they are answered in the shape of all other errors. */
function answerClientError(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const status = STATUS_OF[error.code ?? ''] ?? 400;
  const message = `HTTP ${status} ${http.STATUS_CODES[status]}`;
  const body = JSON.stringify({ error_code: status, message });
  const head = [
    `HTTP/1.1 ${status} ${http.STATUS_CODES[status]}`,
    'Content-Type: application/json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`, () => socket.destroy());
}

const STATUS_OF: Readonly<Record<string, number>> = {
  HPE_HEADER_OVERFLOW: 431,
  ERR_HTTP_REQUEST_TIMEOUT: 408,
};

const RETIRE_GRACE_MS = 5000;

/** Connections that were let in by certificates of before: whoever lost the right to be here must shake hands again. */
function retire(server: http.Server | https.Server, sockets: readonly Socket[]): void {
  server.closeIdleConnections();
  const cut = setTimeout(() => sockets.forEach((socket) => void socket.destroy()), RETIRE_GRACE_MS);
  cut.unref();
}

/** Node closes connections that are idle now; those that become idle while it waits must be swept too. */
async function drain(
  server: http.Server | https.Server,
  sockets: ReadonlySet<Socket>,
  graceMs: number,
): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  const sweep = setInterval(() => server.closeIdleConnections(), SWEEP_MS);
  // Also those that have not finished their handshake, of which HTTP knows nothing.
  const cut = setTimeout(() => sockets.forEach((socket) => void socket.destroy()), graceMs);
  try {
    await closed;
  } finally {
    clearInterval(sweep);
    clearTimeout(cut);
  }
}
