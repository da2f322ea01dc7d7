'use strict';
const { choosePort, HOST } = require('./ports.cjs');
const { which } = require('./process.cjs');
const { probeRedis } = require('./probe.cjs');
const { createService } = require('./service.cjs');

/** A redis-server of our own. It appends to a file, so what it held is there again after a kill. */
function createRedis({ dir, port, tied = false }) {
  return createService({
    name: 'redis',
    dir,
    tied,
    prepare: async (previous) => ({ port: await choosePort(previous?.port, port) }),
    program: (state) => ({
      command: which('redis-server', ['/usr/local/bin', '/opt/homebrew/bin']),
      args: [
        ...['--port', String(state.port), '--bind', HOST, '--dir', dir, '--save', ''],
        ...['--appendonly', 'yes', '--appendfsync', 'everysec', '--maxmemory-policy', 'noeviction'],
      ],
    }),
    probe: (state) => probeRedis({ host: HOST, port: state.port }),
    address: (state) => `redis://${HOST}:${state.port}`,
  });
}

module.exports = { createRedis };
