/** A small Kafka broker for trying millrace out and for tests that break it. Never for production. */
import { Broker, type ObservedRequest } from './broker';
import type { BrokerClock } from './clock';
import type { Faults } from './faults/faults';
import type { CoordinatorKind } from './nodes';
import { type DevBrokerOptions, settingsOf } from './options';
import { createNodeServer, type NodeServer } from './server';
import type { Topics } from './topics/port';

export type { ObservedRequest } from './broker';
export type { Fault } from './faults/faults';
export type { FaultRule, Place } from './faults/rule';
export type { DevBrokerOptions } from './options';

export interface DevBroker extends AsyncDisposable {
  /** `host:port` of every node, for bootstrap.servers. */
  readonly addresses: readonly string[];
  /** `http://host:port`; null when it was not asked for. */
  readonly controlUrl: string | null;
  readonly faults: Pick<Faults, 'add' | 'list' | 'clear'>;
  readonly clock: Pick<BrokerClock, 'now' | 'advance'>;
  /** To look into it without the protocol. */
  readonly topics: Topics;
  /** Nothing is answered and no time passes until `resume`. */
  pause(): void;
  resume(): void;
  /** Tells of every request until the answered function is called. */
  watch(watcher: (request: ObservedRequest) => void): () => void;
  moveLeader(topic: string, partition: number, nodeId: number): void;
  moveCoordinator(kind: CoordinatorKind, key: string, nodeId: number): void;
  /** As if its machine were switched off: connections end, other nodes take over. */
  stopNode(nodeId: number): Promise<void>;
  startNode(nodeId: number): Promise<void>;
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
  const stopAll = () => Promise.all(servers.map((server) => server.stop()));
  try {
    for (const server of servers) await server.start();
  } catch (error) {
    await stopAll();
    broker.close();
    throw error;
  }
  const close = async () => {
    await stopAll();
    broker.close();
  };
  return {
    addresses: broker.nodes.all.map(({ host, port }) => `${host}:${port}`),
    controlUrl: null,
    faults: broker.faults,
    clock: broker.clock,
    topics: broker.topics,
    pause: () => broker.pause(),
    resume: () => broker.resume(),
    watch: (watcher) => broker.watch(watcher),
    moveLeader: (topic, partition, nodeId) => broker.topics.moveLeader(topic, partition, nodeId),
    moveCoordinator: (kind, key, nodeId) => broker.nodes.moveCoordinator(kind, key, nodeId),
    stopNode: (nodeId) => serverOf(servers, nodeId).stop(),
    startNode: (nodeId) => serverOf(servers, nodeId).start(),
    close,
    [Symbol.asyncDispose]: close,
  };
}

function serverOf(servers: readonly NodeServer[], nodeId: number): NodeServer {
  const server = servers.find(({ node }) => node.id === nodeId);
  if (server === undefined) throw new RangeError(`There is no node ${nodeId}`);
  return server;
}
