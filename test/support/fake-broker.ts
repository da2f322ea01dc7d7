/** A server that speaks just the framing of Kafka's protocol: for lost connections, silence and odd answers. */
import net from 'node:net';

export interface FakeRequest {
  readonly apiKey: number;
  readonly apiVersion: number;
  readonly correlationId: number;
  readonly clientId: string;
  readonly body: Buffer;
}

export interface FakeBroker {
  readonly address: string;
  /** All requests so far. */
  readonly received: FakeRequest[];
  /** How many connections were made so far. */
  readonly connections: number;
  dropConnections(): void;
  close(): Promise<void>;
}

/** @param answer body of the answer; null: none. Requests are echoed unless given. */
export async function startFakeBroker(
  answer: (request: FakeRequest) => Buffer | null = (request) => request.body,
  port = 0,
): Promise<FakeBroker> {
  const sockets = new Set<net.Socket>();
  const received: FakeRequest[] = [];
  let connections = 0;
  const server = net.createServer((socket) => {
    connections++;
    sockets.add(socket);
    let rest = Buffer.alloc(0);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => {
      rest = Buffer.concat([rest, chunk]);
      while (rest.length >= 4 && rest.length >= 4 + rest.readInt32BE(0)) {
        const size = rest.readInt32BE(0);
        const request = parse(rest.subarray(4, 4 + size));
        rest = rest.subarray(4 + size);
        received.push(request);
        const body = answer(request);
        if (body !== null) socket.write(frame(request.correlationId, body));
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const address = `127.0.0.1:${(server.address() as net.AddressInfo).port}`;
  const dropConnections = () => sockets.forEach((socket) => void socket.destroy());
  return {
    address,
    received,
    get connections() {
      return connections;
    },
    dropConnections,
    async close() {
      dropConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

function parse(bytes: Buffer): FakeRequest {
  const clientEnd = 10 + bytes.readInt16BE(8);
  return {
    apiKey: bytes.readInt16BE(0),
    apiVersion: bytes.readInt16BE(2),
    correlationId: bytes.readInt32BE(4),
    clientId: bytes.toString('utf8', 10, clientEnd),
    body: Buffer.from(bytes.subarray(clientEnd)),
  };
}

function frame(correlationId: number, body: Buffer): Buffer {
  const head = Buffer.alloc(8);
  head.writeInt32BE(4 + body.length, 0);
  head.writeInt32BE(correlationId, 4);
  return Buffer.concat([head, body]);
}
