'use strict';
const net = require('node:net');
const { poll } = require('./wait.cjs');

const HOST = '127.0.0.1';

/** True when a server can listen there now, on this address or on all of them. */
async function isFree(port) {
  return (await canListen(port, HOST)) && (await canListen(port, undefined));
}

function canListen(port, host) {
  return new Promise((resolve) => {
    const server = net.createServer();
    server.once('error', (error) => resolve(error.code === 'EAFNOSUPPORT'));
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(true)));
  });
}

/** Ports this process has given away and may not have bound yet. */
const given = new Set();

/**
 * A free port below the range from which the system takes the ports of outgoing connections (32768 on Linux),
 * so that a service which is stopped for a while finds its port free when it comes back.
 */
async function freePort() {
  for (let attempt = 0; attempt < 200; attempt++) {
    const port = 20_000 + Math.floor(Math.random() * 12_000);
    if (given.has(port) || !(await isFree(port))) continue;
    given.add(port);
    return port;
  }
  throw new Error('No free port between 20000 and 32000 on 127.0.0.1.');
}

/**
 * The port that a service had before (the end of its last run may still be going on: wait for it), else the
 * preferred one, else any free one.
 */
async function choosePort(previous, preferred, patienceMs = 5_000) {
  if (previous && (await poll(() => isFree(previous), patienceMs))) return previous;
  return preferred && (await isFree(preferred)) ? preferred : freePort();
}

module.exports = { HOST, isFree, freePort, choosePort };
