/** The listeners of the virtual nodes. */
import net from 'node:net';
import type { Broker } from './broker';
import { Connection } from './connection';
import type { Node } from './nodes';

export interface NodeServer {
  readonly node: Node;
  /** Listens, on the port it had before. Rejects when the port is taken. */
  start(): Promise<void>;
  /** As if the process were killed: connections end at once, other nodes lead what it led. */
  stop(): Promise<void>;
}

let connections = 0;

/** @param port the one to listen at first; 0: a free one */
export function createNodeServer(broker: Broker, node: Node, port: number): NodeServer {
  const open = new Set<Connection>();
  let server: net.Server | null = null;

  function accept(socket: net.Socket): void {
    const connection = new Connection(++connections, broker, node, socket);
    open.add(connection);
    socket.once('close', () => open.delete(connection));
  }

  return {
    node,
    async start() {
      if (server !== null) return;
      server = net.createServer({ noDelay: true }, accept);
      try {
        await listen(server, node.port || port, node.host);
      } catch (error) {
        server = null;
        throw error;
      }
      node.port = (server.address() as net.AddressInfo).port;
      node.up = true;
      broker.topics.electLeaders();
    },
    async stop() {
      if (server === null) return;
      const closing = server;
      server = null;
      node.up = false;
      broker.topics.electLeaders();
      for (const connection of open) connection.destroy();
      await new Promise((resolve) => closing.close(resolve));
    },
  };
}

const listen = (server: net.Server, port: number, host: string): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ port, host }, () => {
      server.off('error', reject);
      resolve();
    });
  });
