/** A TCP proxy for tests that cut connections: at will, or in the middle of what is being answered. */
import net from 'node:net';

export interface TcpProxy {
  readonly port: number;
  /** Connections open now. */
  readonly open: number;
  /** Ends all connections; bytes on their way are lost. */
  cut(): void;
  /** While true, bytes from the server are swallowed: requests arrive, their answers do not. */
  swallowAnswers: boolean;
  /** Bytes that the server sent. */
  readonly answerBytes: number;
  /** Changes what the server sends, in place. */
  tamper: ((chunk: Buffer) => void) | null;
  /** While true, new connections are refused. */
  refuse: boolean;
  close(): Promise<void>;
}

/** @param port where it listens; any free one unless given */
export async function startTcpProxy(target: { host: string; port: number }, port = 0): Promise<TcpProxy> {
  const sockets = new Set<net.Socket>();
  const tamper = null as TcpProxy['tamper'];
  const proxy = {
    port: 0,
    open: 0,
    answerBytes: 0,
    cut,
    swallowAnswers: false,
    tamper,
    refuse: false,
    close,
  };

  function cut(): void {
    for (const socket of sockets) socket.destroy();
  }

  async function close(): Promise<void> {
    cut();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  }

  function join(client: net.Socket): void {
    if (proxy.refuse) {
      client.destroy();
      return;
    }
    const upstream = net.connect(target);
    const both = [client, upstream];
    for (const socket of both) {
      sockets.add(socket);
      socket.setNoDelay(true);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        sockets.delete(socket);
        for (const each of both) each.destroy();
      });
    }
    proxy.open++;
    client.on('close', () => proxy.open--);
    client.on('data', (chunk) => upstream.write(chunk));
    upstream.on('data', (chunk) => {
      proxy.answerBytes += chunk.length;
      proxy.tamper?.(chunk);
      if (!proxy.swallowAnswers) client.write(chunk);
    });
  }

  const server = net.createServer(join);
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  proxy.port = (server.address() as net.AddressInfo).port;
  return proxy;
}
