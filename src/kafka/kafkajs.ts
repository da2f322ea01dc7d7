/**
 * kafkajs 2.2.4 as far as this room uses it: the `Connection` class. The only file that names kafkajs, and the one to look
 * at when its version changes.
 */
import type net from 'node:net';
import { MillraceError } from '../kernel';

/** What kafkajs 2.2.4's Connection calls of its request queue. */
export interface KafkaJsQueue {
  scheduleRequestTimeoutCheck(): void;
  push(request: KafkaJsRequest): void;
  maybeThrottle(ms: number): void;
  rejectAll(error: Error): void;
  waitForPendingRequests(): Promise<void>;
  destroy(): void;
}

export interface KafkaJsRequest {
  readonly entry: {
    readonly correlationId: number;
    resolve(answer: { correlationId: number; entry: unknown; size: number; payload: Buffer }): void;
    reject(error: Error): void;
  };
  sendRequest(): void;
}

/** What we call of it. */
export interface KafkaJsConnection {
  requestQueue: KafkaJsQueue;
  socket: net.Socket;
  processData(chunk: Buffer): void;
  nextCorrelationId(): number;
  setVersions(versions: Record<number, { minVersion: number; maxVersion: number }>): void;
  setSupportAuthenticationProtocol(supported: boolean): void;
  connect(): Promise<boolean>;
  authenticate(): Promise<void>;
  /** Ms, 0 for ever; a Long of kafkajs. */
  sessionLifetime: { toString(): string };
  disconnect(): Promise<boolean>;
}

export type KafkaJsConnectionClass = new (options: object) => KafkaJsConnection;

/** SaslHandshake and SaslAuthenticate v1, so that kafkajs need not ask for versions first. */
export const SASL_VERSIONS = { 17: { minVersion: 0, maxVersion: 1 }, 36: { minVersion: 0, maxVersion: 1 } };

export const NO_LOG = { namespace: () => NO_LOG, debug() {}, info() {}, warn() {}, error() {} };

const METHODS = [
  'processData',
  'nextCorrelationId',
  'setVersions',
  'setSupportAuthenticationProtocol',
  'connect',
  'authenticate',
  'disconnect',
] as const;

const QUEUE_METHODS = [
  'scheduleRequestTimeoutCheck',
  'push',
  'maybeThrottle',
  'rejectAll',
  'waitForPendingRequests',
  'destroy',
] as const;

let loaded: KafkaJsConnectionClass | undefined;

/** Loaded and checked at the first connection: start-up pays only for what it uses, and kafkajs' own index loads more. */
export function loadKafkaJs(): KafkaJsConnectionClass {
  if (loaded === undefined) {
    const found = require('kafkajs/src/network/connection') as KafkaJsConnectionClass;
    checkKafkaJs(found);
    loaded = found;
  }
  return loaded;
}

/**
 * Checks that kafkajs has the shapes this room stands on; throws INTERNAL that names what is missing.
 * Without it a changed kafkajs would show as a hanging connection.
 */
export function checkKafkaJs(connectionClass: KafkaJsConnectionClass): void {
  const options = { host: 'check', port: 0, logger: NO_LOG, socketFactory: () => {} };
  const probe = new connectionClass(options) as unknown as Record<string, unknown>;
  const queue = (probe.requestQueue ?? {}) as Record<string, unknown>;
  const missing = [
    ...METHODS.filter((name) => typeof probe[name] !== 'function'),
    ...QUEUE_METHODS.filter((name) => typeof queue[name] !== 'function').map(
      (name) => `requestQueue.${name}`,
    ),
  ];
  if (missing.length === 0) return;
  const message = `kafkajs is not the version millrace is built on: ${missing.join(', ')} missing`;
  throw new MillraceError('INTERNAL', message, { hint: 'Install exactly kafkajs 2.2.4 (npm ci).' });
}
