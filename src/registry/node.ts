/** A registry as one node of several that share a topic, or as the only one. */
import { hostname } from 'node:os';
import type { ConnectionOptions } from 'node:tls';
import type { FastifyRequest } from 'fastify';
import type { KafkaPort } from '../kafka/port';
import type { Logger, Metrics } from '../kernel';
import type { Standing } from './api/health';
import { createElection, type Election } from './election/election';
import type { NodeAddress } from './election/identity';
import { createForwarder, type Forwarder } from './forwarding/forwarder';
import type { Store } from './log/store';
import { ALONE, type Primacy } from './operations/primacy';

/** What a node is to the others. */
export interface NodeOptions {
  /** May become the primary. True unless given. */
  readonly eligible?: boolean;
  /** The primary stays as long as it lives, else the eligible node with the smallest URL takes its place. True unless given. */
  readonly sticky?: boolean;
  /** How the others reach this node. What is not given is as the listener has it; its host, when it has none, the machine's name. */
  readonly address?: Partial<NodeAddress>;
  /** Headers of requests that the primary is to see beside those it always sees. */
  readonly forwardedHeaders?: readonly string[];
  /** For connections to the other nodes, when they are https. */
  readonly tls?: () => ConnectionOptions;
  /** Headers that tell the primary who the client is, where its own do not. */
  readonly identity?: (request: FastifyRequest) => Readonly<Record<string, string>>;
}

export interface NodeParts {
  readonly kafka: KafkaPort;
  readonly groupId: string;
  readonly store: Store;
  /** How long a write waits for a primary, ms. */
  readonly waitMs: number;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** This node is the primary now, and its state is complete. */
  onTakenOver(): void;
}

export interface RegistryNode {
  readonly primacy: Primacy;
  /** Null when there is nobody to forward to. */
  readonly forwarder: Forwarder | null;
  standing(): Standing;
  /** @param own where this node listens */
  join(own: NodeAddress): void;
  leave(): Promise<void>;
  close(): Promise<void>;
}

export function createNode(options: NodeOptions | null, parts: NodeParts): RegistryNode {
  if (options === null) return loneNode();
  const { store, logger, metrics } = parts;
  const election = electionOf(options, parts, () => forwarder.primaryChanged());
  const forwarder: Forwarder = createForwarder({
    primary: () => election.primary,
    catchUp: () => store.catchUp(),
    headers: options.forwardedHeaders ?? [],
    tls: options.tls ?? (() => ({})),
    identity: options.identity ?? (() => ({})),
    logger,
    metrics,
  });
  return {
    primacy: election,
    forwarder,
    standing: () => ({ role: election.role, primary: election.primary }),
    join: (own) => election.join({ ...reachable(own), ...options.address }),
    async leave() {
      await election.leave();
      // A connection that is closed under a request of theirs would leave open whether it was served.
      await forwarder.untilQuiet();
    },
    close: () => forwarder.close(),
  };
}

function loneNode(): RegistryNode {
  return {
    primacy: ALONE,
    forwarder: null,
    standing: () => ({ role: 'primary', primary: null }),
    join() {},
    async leave() {},
    async close() {},
  };
}

const electionOf = (options: NodeOptions, parts: NodeParts, onChange: () => void): Election =>
  createElection({
    ...parts,
    eligible: options.eligible ?? true,
    sticky: options.sticky ?? true,
    onChange,
    async takeOver() {
      await parts.store.takeOver();
      parts.onTakenOver();
    },
  });

const EVERYWHERE: ReadonlySet<string> = new Set(['', '0.0.0.0', '::']);

const reachable = (own: NodeAddress): NodeAddress =>
  EVERYWHERE.has(own.host) ? { ...own, host: hostname() } : own;

/**
 * What is fenced is the topic, whoever forms a group around it: registries of two groups that write one topic by mistake
 * take turns then, which their logs tell, instead of giving an id twice.
 */
export const writerIdOf = (topic: string): string => `schema-registry-${topic}`;

export const DEFAULT_GROUP = 'schema-registry';
const DEFAULT_TOPIC = '_schemas';

/** Nodes of a group must share a topic, so those of another topic are another group unless somebody names one. */
export const groupOf = (given: string, topic: string): string =>
  given === DEFAULT_GROUP && topic !== DEFAULT_TOPIC ? `${DEFAULT_GROUP}-${topic}` : given;
