/** The broker's parts put together: what every request may reach. */
import type { Api } from './api';
import { FetchSessions } from './api/fetch-sessions';
import { APIS } from './api/index';
import { BrokerClock } from './clock';
import { Faults } from './faults/faults';
import type { Place } from './faults/rule';
import { createGroups, type GroupCoordinator } from './groups/coordinator';
import { type CoordinatorKind, type Node, Nodes } from './nodes';
import type { Settings } from './options';
import { Code } from './refusal';
import { type OpenTopics, openTopics } from './topics/topics';
import { createTransactions, type TransactionCoordinator } from './transactions/coordinator';

/** A request that was received, told to whoever watches. */
export interface ObservedRequest {
  readonly api: string;
  readonly version: number;
  readonly node: number;
  readonly clientId: string;
  /** Number of the connection. */
  readonly connection: number;
  readonly places: readonly Place[];
  /** As decoded; its shape is that of the request's file. Only good during the call. */
  readonly body: unknown;
}

export class Broker {
  readonly apis: ReadonlyMap<number, Api> = APIS;
  readonly clock = new BrokerClock();
  readonly faults = new Faults();
  readonly fetchSessions = new FetchSessions();
  readonly nodes: Nodes;
  readonly topics: OpenTopics;
  readonly groups: GroupCoordinator;
  readonly transactions: TransactionCoordinator;
  readonly clusterId: string;
  readonly #watchers = new Set<(request: ObservedRequest) => void>();
  #running: Promise<void> = Promise.resolve();
  #resume: (() => void) | null = null;

  constructor(readonly settings: Settings) {
    this.nodes = new Nodes(settings.host, settings.nodes);
    this.topics = openTopics(this);
    this.clusterId = this.topics.clusterId;
    try {
      this.groups = createGroups(this);
      this.transactions = createTransactions(this);
    } catch (error) {
      this.topics.close();
      throw error;
    }
    this.topics.onDeleted((topic) => this.groups.forgetTopic(topic));
  }

  /** Error code, 0 when the node leads the partition. */
  leads(node: Node, topic: string, partition: number): number {
    const found = this.topics.partition(topic, partition);
    if (found === undefined) return Code.UNKNOWN_TOPIC_OR_PARTITION;
    return found.leader === node.id ? Code.NONE : Code.NOT_LEADER_OR_FOLLOWER;
  }

  /** Error code, 0 when the node is the coordinator. */
  coordinates(node: Node, kind: CoordinatorKind, key: string): number {
    return this.nodes.coordinator(kind, key).id === node.id ? Code.NONE : Code.NOT_COORDINATOR;
  }

  /** Tells of every request until the answered function is called. */
  watch(watcher: (request: ObservedRequest) => void): () => void {
    this.#watchers.add(watcher);
    return () => void this.#watchers.delete(watcher);
  }

  observed(request: ObservedRequest): void {
    for (const watcher of this.#watchers) watcher(request);
  }

  /** Nothing is answered and no time passes until `resume`: a process that was suspended. */
  pause(): void {
    if (this.#resume !== null) return;
    this.clock.stop();
    this.#running = new Promise((resolve) => (this.#resume = resolve));
  }

  resume(): void {
    this.clock.resume();
    this.#resume?.();
    this.#resume = null;
  }

  whenRunning(): Promise<void> {
    return this.#running;
  }

  /** Writes everything down and lets go of it. */
  close(): void {
    this.resume();
    this.groups.close();
    this.transactions.close();
    this.clock.close();
    this.topics.close();
  }
}
