/**
 * One connection to one broker, over kafkajs' `Connection`: TCP, TLS and SASL are kafkajs', requests are ours.
 * Its request queue is replaced: it arms a 1 ms timer for ever (tulios/kafkajs #1751),
 * copies each request twice and waits for pending requests when it disconnects; its framing copies each answer twice.
 */
import net from 'node:net';
import tls from 'node:tls';
import { MillraceError } from '../kernel';
import { connectionError, unreachable } from './connection-errors';
import { type KafkaJsConnection, type KafkaJsQueue, loadKafkaJs, NO_LOG, SASL_VERSIONS } from './kafkajs';
import type { ApiRequest } from './lane';
import type { KafkaOptions } from './port';
import { ByteReader, ByteWriter } from './wire/bytes';
import { FrameReader } from './wire/frames';

const KEEP_ALIVE_MS = 60_000;
/** TCP, TLS and SASL together. */
const CONNECT_TIMEOUT_MS = 10_000;
const REQUEST_TIMEOUT_MS = 30_000;
/** Share of a session's time after which it is renewed; a broker refuses renewal within a second. */
const RENEW_AFTER = 0.85;
const MIN_RENEW_MS = 1100;

export interface Address {
  readonly host: string;
  readonly port: number;
}

export const addressText = ({ host, port }: Address): string =>
  host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;

/** A request written to the socket, waiting for its answer. */
interface InFlight {
  readonly complete: (payload: Buffer) => void;
  readonly fail: (error: Error) => void;
  readonly timer: NodeJS.Timeout | undefined;
}

/** A request not written yet: connecting, authenticating again, or throttled. */
interface Queued {
  readonly write: () => void;
  readonly fail: (error: Error) => void;
}

export interface ConnectionObserver {
  ready(): void;
  /** Once. `wasReady`: requests had flowed before. */
  closed(error: Error, wasReady: boolean): void;
}

type State = 'connecting' | 'ready' | 'authenticating' | 'closed';

export class BrokerConnection {
  readonly #kafkaJs: KafkaJsConnection;
  readonly #options: KafkaOptions;
  readonly #clientId: string;
  readonly #address: Address;
  readonly #observer: ConnectionObserver;
  readonly #inFlight = new Map<number, InFlight>();
  #queued: Queued[] = [];
  #state: State = 'connecting';
  #socket: net.Socket | null = null;
  #answered = false;
  /** When to log in again: brokers may limit sessions (`connections.max.reauth.ms`). */
  #renewAt = Number.POSITIVE_INFINITY;
  #throttledUntil = 0;
  #throttleTimer: NodeJS.Timeout | undefined;
  #connectTimer: NodeJS.Timeout | undefined;
  /** Resolves when requests flow; rejects with the reason when they never will. */
  readonly ready: Promise<void>;
  #settleReady!: { resolve(): void; reject(error: Error): void };

  constructor(address: Address, options: KafkaOptions, clientId: string, observer: ConnectionObserver) {
    this.#address = address;
    this.#options = options;
    this.#clientId = clientId;
    this.#observer = observer;
    this.ready = new Promise((resolve, reject) => {
      this.#settleReady = { resolve, reject };
    });
    this.ready.catch(() => undefined);
    this.#kafkaJs = this.#createKafkaJs();
    void this.#connect();
  }

  get isReady(): boolean {
    return this.#state === 'ready';
  }

  get isClosed(): boolean {
    return this.#state === 'closed';
  }

  send<T>(request: ApiRequest<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      if (this.#state === 'closed') {
        reject(unreachable(`The connection to Kafka at ${addressText(this.#address)} is closed`));
        return;
      }
      const write = () => this.#write(request, resolve, reject);
      if (this.#mayWrite()) write();
      else this.#queued.push({ write, fail: reject });
    });
  }

  /** Ends the connection and rejects all that is pending with `error`. */
  close(error: Error): void {
    if (this.#state === 'closed') return;
    // While it connects kafkajs holds a timer that only an error of the socket ends.
    const reason = this.#state === 'connecting' ? error : undefined;
    this.#state = 'closed';
    clearTimeout(this.#connectTimer);
    clearTimeout(this.#throttleTimer);
    this.#observer.closed(error, reason === undefined);
    this.#settleReady.reject(error);
    const pending = [...this.#inFlight.values(), ...this.#queued];
    for (const { timer } of this.#inFlight.values()) clearTimeout(timer);
    this.#inFlight.clear();
    this.#queued = [];
    for (const { fail } of pending) fail(error);
    this.#socket?.destroy(reason);
  }

  async #connect(): Promise<void> {
    const late = () =>
      this.close(
        unreachable(`Kafka at ${addressText(this.#address)} did not answer within ${CONNECT_TIMEOUT_MS} ms`),
      );
    this.#connectTimer = setTimeout(late, CONNECT_TIMEOUT_MS);
    try {
      await this.#kafkaJs.connect();
      await this.#authenticate();
    } catch (error) {
      this.#fail(error);
      return;
    }
    clearTimeout(this.#connectTimer);
    this.#becomeReady();
  }

  #becomeReady(): void {
    if (this.#state === 'closed') return;
    if (this.#state === 'connecting') this.#observer.ready();
    this.#state = 'ready';
    this.#settleReady.resolve();
    this.#flush();
  }

  async #authenticate(): Promise<void> {
    if (this.#options.sasl === undefined) return;
    await this.#kafkaJs.authenticate();
    const lifetimeMs = Number(this.#kafkaJs.sessionLifetime.toString());
    if (lifetimeMs > 0) this.#renewAt = Date.now() + Math.max(MIN_RENEW_MS, lifetimeMs * RENEW_AFTER);
  }

  /** Requests wait while the session is renewed (KIP-368). */
  async #renewSession(): Promise<void> {
    this.#state = 'authenticating';
    try {
      await this.#authenticate();
    } catch (error) {
      this.#fail(error);
      return;
    }
    this.#becomeReady();
  }

  #fail(cause: unknown): void {
    this.close(connectionError(addressText(this.#address), this.#options, cause, this.#answered));
  }

  /** True when a request may be written now; otherwise it is arranged that `#flush` runs when it may. */
  #mayWrite(): boolean {
    if (this.#state !== 'ready') return false;
    if (Date.now() >= this.#renewAt) {
      void this.#renewSession();
      return false;
    }
    const wait = this.#throttledUntil === 0 ? 0 : this.#throttledUntil - Date.now();
    if (wait <= 0) return true;
    this.#throttleTimer ??= setTimeout(() => {
      this.#throttleTimer = undefined;
      this.#flush();
    }, wait);
    return false;
  }

  /** Writes what has waited, in call order. */
  #flush(): void {
    while (this.#queued.length > 0 && this.#mayWrite()) this.#queued.shift()!.write();
  }

  #write<T>(request: ApiRequest<T>, resolve: (answer: T) => void, reject: (error: Error) => void): void {
    const correlationId = this.#kafkaJs.nextCorrelationId();
    const chunks = encodeRequest(request, correlationId, this.#clientId);
    if (request.expectResponse === false) {
      this.#writeChunks(chunks, (error) => {
        if (error) reject(unreachable(`The connection to Kafka at ${addressText(this.#address)} was lost`));
        else resolve(undefined as T);
      });
      return;
    }
    const timeoutMs = request.timeoutMs ?? this.#options.requestTimeoutMs ?? REQUEST_TIMEOUT_MS;
    const late = () => {
      const what = `${request.apiName} within ${timeoutMs} ms`;
      this.close(unreachable(`Kafka at ${addressText(this.#address)} did not answer ${what}`));
    };
    const complete = (payload: Buffer) => this.#complete(request, payload, resolve, reject);
    this.#inFlight.set(correlationId, { complete, fail: reject, timer: setTimeout(late, timeoutMs) });
    this.#writeChunks(chunks);
  }

  /** In one system call. */
  #writeChunks(chunks: readonly Buffer[], done?: (error?: Error | null) => void): void {
    const { socket } = this.#kafkaJs;
    socket.cork();
    for (const [n, chunk] of chunks.entries())
      socket.write(chunk, n === chunks.length - 1 ? done : undefined);
    socket.uncork();
  }

  #complete<T>(
    request: ApiRequest<T>,
    payload: Buffer,
    resolve: (answer: T) => void,
    reject: (error: Error) => void,
  ): void {
    let answer: T;
    try {
      answer = request.decode(new ByteReader(payload));
    } catch (cause) {
      const what = `${request.apiName} v${request.apiVersion}`;
      const message = `The answer of Kafka at ${addressText(this.#address)} to ${what} cannot be read`;
      reject(cause instanceof MillraceError ? cause : new MillraceError('INTERNAL', message, { cause }));
      return;
    }
    const throttleMs = (answer as { throttleMs?: number } | undefined | null)?.throttleMs ?? 0;
    if (throttleMs > 0) this.#throttledUntil = Math.max(this.#throttledUntil, Date.now() + throttleMs);
    resolve(answer);
  }

  #receive(frame: Buffer): void {
    this.#answered = true;
    const correlationId = frame.readInt32BE(0);
    const waiting = this.#inFlight.get(correlationId);
    if (waiting === undefined) return;
    this.#inFlight.delete(correlationId);
    clearTimeout(waiting.timer);
    waiting.complete(frame.subarray(4));
  }

  #createKafkaJs(): KafkaJsConnection {
    const { ssl, sasl } = this.#options;
    const kafkaJs = new (loadKafkaJs())({
      host: this.#address.host,
      port: this.#address.port,
      clientId: this.#clientId,
      logger: NO_LOG,
      ssl: ssl === false ? undefined : ssl,
      // A copy: kafkajs keeps an authenticator on it.
      sasl: sasl === undefined ? undefined : { ...sasl },
      connectionTimeout: CONNECT_TIMEOUT_MS,
      requestTimeout: CONNECT_TIMEOUT_MS,
      enforceRequestTimeout: false,
      // kafkajs then takes every limited session for ended, so that `authenticate` renews it whenever it is asked to.
      reauthenticationThreshold: 2 ** 40,
      socketFactory: ({ onConnect }: { onConnect: () => void }) => this.#openSocket(onConnect),
    });
    const frames = new FrameReader((frame) => this.#receive(frame));
    kafkaJs.processData = (chunk) => {
      try {
        frames.push(chunk);
      } catch (error) {
        this.#fail(error);
      }
    };
    kafkaJs.requestQueue = this.#createQueue();
    kafkaJs.setVersions(SASL_VERSIONS);
    kafkaJs.setSupportAuthenticationProtocol(true);
    return kafkaJs;
  }

  /** kafkajs sends only its SASL requests through it. */
  #createQueue(): KafkaJsQueue {
    return {
      push: ({ entry, sendRequest }) => {
        const { correlationId } = entry;
        const complete = (payload: Buffer) =>
          entry.resolve({ correlationId, entry, size: payload.length, payload });
        this.#inFlight.set(correlationId, {
          complete,
          fail: (error) => entry.reject(error),
          timer: undefined,
        });
        sendRequest();
      },
      rejectAll: (error) => this.#fail(error),
      waitForPendingRequests: () => Promise.resolve(),
      scheduleRequestTimeoutCheck() {},
      maybeThrottle() {},
      destroy() {},
    };
  }

  /** No Nagle: with delayed acknowledgements it adds 40 ms to requests that span packets. */
  #openSocket(onConnect: () => void): net.Socket {
    const { host, port } = this.#address;
    const { ssl } = this.#options;
    const secure = ssl === true ? {} : ssl;
    const servername = net.isIP(host) === 0 ? { servername: host } : {};
    const socket = secure
      ? tls.connect({ host, port, ...servername, ...secure }, onConnect)
      : net.connect({ host, port }, onConnect);
    socket.setNoDelay(true);
    socket.setKeepAlive(true, KEEP_ALIVE_MS);
    // kafkajs never settles `connect` when the peer ends the connection during the TLS handshake.
    socket.once('close', () => this.#fail(new Error('the broker closed the connection')));
    this.#socket = socket;
    return socket;
  }
}

/** Size, request header v1 and body. */
function encodeRequest<T>(request: ApiRequest<T>, correlationId: number, clientId: string): Buffer[] {
  const writer = new ByteWriter(512);
  writer.int32(0).int16(request.apiKey).int16(request.apiVersion).int32(correlationId).string(clientId);
  request.encode(writer);
  writer.setInt32(0, writer.length - 4);
  return writer.chunks();
}
