'use strict';
/** Is a service ready? Each probe asks in the service's own protocol and wants a real answer, not just an open port. */
const net = require('node:net');

const TIMEOUT_MS = 2_000;

/** Sends `request` and resolves to what `parse` makes of the bytes so far; undefined from `parse` means more is needed. */
function ask(host, port, request, parse) {
  return new Promise((resolve) => {
    const socket = net.connect({ host, port });
    let received = Buffer.alloc(0);
    const finish = (answer) => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(TIMEOUT_MS, () => finish(false));
    socket.on('connect', () => socket.write(request));
    socket.on('error', () => finish(false));
    socket.on('close', () => finish(false));
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk]);
      const answer = parse(received);
      if (answer !== undefined) finish(answer);
    });
  });
}

/** Metadata v1 of no topic: correlation id, then the array of brokers. It is empty until the broker is registered. */
function probeKafka({ host, port }) {
  const clientId = Buffer.from('stack');
  const body = Buffer.alloc(8 + 2 + clientId.length + 4);
  body.writeInt16BE(3, 0);
  body.writeInt16BE(1, 2);
  body.writeInt32BE(1, 4);
  body.writeInt16BE(clientId.length, 8);
  clientId.copy(body, 10);
  const size = Buffer.alloc(4);
  size.writeInt32BE(body.length);
  return ask(host, port, Buffer.concat([size, body]), (bytes) =>
    bytes.length < 12 ? undefined : bytes.readInt32BE(4) === 1 && bytes.readInt32BE(8) > 0,
  );
}

/** StartupMessage; `R` (whatever authentication it asks for) means that connections are taken, `E` that it still starts. */
function probePostgres({ host, port, user = 'postgres' }) {
  const parameters = Buffer.from(`user\0${user}\0database\0postgres\0\0`);
  const head = Buffer.alloc(8);
  head.writeInt32BE(8 + parameters.length, 0);
  head.writeInt32BE(3 << 16, 4);
  return ask(host, port, Buffer.concat([head, parameters]), (bytes) => bytes[0] === 0x52);
}

/** PING; a server that wants a password answers with an error and is ready all the same. */
function probeRedis({ host, port }) {
  return ask(host, port, Buffer.from('PING\r\n'), (bytes) => {
    const text = bytes.toString('latin1');
    return text.includes('\r\n') ? /^\+PONG|^-NOAUTH/.test(text) : undefined;
  });
}

module.exports = { probeKafka, probePostgres, probeRedis };
