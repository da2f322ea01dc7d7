/** A small Kafka broker for trying millrace out and for tests that break it. Never for production. */
import { Broker, type ObservedRequest } from './broker';
import type { BrokerClock } from './clock';
import { type ControlServer, knownTo, startControl } from './control';
import type { Commanded } from './faults/commands';
import type { Faults } from './faults/faults';
import { parseFault } from './faults/parse';
import { type DevBrokerOptions, settingsOf } from './options';
import { createNodeServer, type NodeServer } from './server';
import type { Topics } from './topics/port';
import type { Transactions } from './transactions/port';

export type { ObservedRequest } from './broker';
export type { Fault } from './faults/faults';
export { InvalidFault } from './faults/parse';
export type { FaultRule, Place } from './faults/rule';
export type { DevBrokerOptions } from './options';

export interface DevBroker extends Commanded, AsyncDisposable {
  /** `host:port` of every node, for bootstrap.servers. */
  readonly addresses: readonly string[];
  /** `http://host:port`; null when it was not asked for. */
  readonly controlUrl: string | null;
  /** `add` throws InvalidFault for a rule that could never strike. */
  readonly faults: Pick<Faults, 'add' | 'list' | 'clear'>;
  readonly clock: Pick<BrokerClock, 'now' | 'advance'>;
  /** To look into it without the protocol. */
  readonly topics: Topics;
  readonly transactions: Pick<Transactions, 'list'>;
  /** Tells of every request until the answered function is called. */
  watch(watcher: (request: ObservedRequest) => void): () => void;
  /** Ends connections and writes everything down. */
  close(): Promise<void>;
}

/** Rejects when a port is taken, or the data folder cannot be used. */
export async function startDevBroker(options: DevBrokerOptions = {}): Promise<DevBroker> {
  const settings = settingsOf(options);
  const broker = new Broker(settings);
  const servers = broker.nodes.all.map((node, index) =>
    createNodeServer(broker, node, settings.port === 0 ? 0 : settings.port + index),
  );
  const commanded = commandedOf(broker, servers);
  let control: ControlServer | null = null;
  const close = async () => {
    await control?.close();
    await Promise.all(servers.map((server) => server.stop()));
    broker.close();
  };
  try {
    for (const server of servers) await server.start();
    if (settings.controlPort !== null) control = await startControl(broker, commanded);
  } catch (error) {
    await close();
    throw error;
  }
  const { faults } = broker;
  return {
    ...commanded,
    addresses: broker.nodes.all.map(({ host, port }) => `${host}:${port}`),
    controlUrl: control?.url ?? null,
    faults: {
      add: (rule) => faults.add(parseFault(rule, knownTo(broker))),
      list: () => faults.list(),
      clear: () => faults.clear(),
    },
    clock: broker.clock,
    topics: broker.topics,
    transactions: broker.transactions,
    watch: (watcher) => broker.watch(watcher),
    close,
    [Symbol.asyncDispose]: close,
  };
}

const commandedOf = (broker: Broker, servers: readonly NodeServer[]): Commanded => ({
  clock: broker.clock,
  pause: () => broker.pause(),
  resume: () => broker.resume(),
  moveLeader: (topic, partition, nodeId) => broker.topics.moveLeader(topic, partition, nodeId),
  moveCoordinator: (kind, key, nodeId) => broker.nodes.moveCoordinator(kind, key, nodeId),
  stopNode: async (nodeId) => serverOf(servers, nodeId).stop(),
  startNode: async (nodeId) => serverOf(servers, nodeId).start(),
});

function serverOf(servers: readonly NodeServer[], nodeId: number): NodeServer {
  const server = servers.find(({ node }) => node.id === nodeId);
  if (server === undefined) throw new RangeError(`There is no node ${nodeId}`);
  return server;
}
