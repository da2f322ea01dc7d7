/**
 * Lanes: connections of one purpose, one per broker. A broker answers one request at a time per connection, so a long
 * poll (fetch, join, sync) on a lane of its own never holds up produce, heartbeats or metadata.
 */
import { isRetriable, type Logger, type Metrics, MillraceError, NO_METRICS, SILENT } from '../kernel';
import { type Address, addressText, BrokerConnection } from './connection';
import { laneClosed, unreachable } from './connection-errors';
import type { KafkaOptions } from './port';
import type { ByteReader, ByteWriter } from './wire/bytes';

/** One request of Kafka's protocol in a non-flexible version (request header v1, response header v0). */
export interface ApiRequest<T> {
  readonly apiKey: number;
  readonly apiVersion: number;
  /** For messages: `Metadata`. */
  readonly apiName: string;
  /** Writes the body; the lane has written the header. */
  encode(writer: ByteWriter): void;
  /**
   * Reads the body. Bytes taken from the reader are views of the response. An answer with a property `throttleMs` > 0
   * makes the lane hold back later requests to that broker for so long (KIP-219).
   */
  decode(reader: ByteReader): T;
  /** How long to wait for the answer; `request.timeout.ms` unless given. */
  readonly timeoutMs?: number;
  /** False for produce with acks 0: `send` then resolves with undefined once written. */
  readonly expectResponse?: boolean;
}

export interface Lane {
  /**
   * Sends to a broker, `any` for whichever answers. Requests to one broker are written in call order and may be
   * pipelined. Rejects with KAFKA_UNREACHABLE on connection trouble and time-outs; a time-out ends the connection.
   * Rejects with KAFKA_REFUSED when the broker refuses credentials or has an untrusted certificate.
   */
  send<T>(nodeId: number | 'any', request: ApiRequest<T>): Promise<T>;
  /** Ends connections and pending requests at once; these and later ones reject with an error that is not retriable. */
  close(): Promise<void>;
}

/** @param purpose part of the client id, so that brokers' logs and quotas tell lanes apart */
export type LaneFactory = (purpose: string) => Lane;

/** Where brokers are: the bootstrap addresses, and what metadata and coordinator answers told. Shared by all lanes. */
export interface BrokerDirectory {
  address(nodeId: number): Address | undefined;
  learn(nodeId: number, host: string, port: number): void;
  /** Known brokers first, then the bootstrap addresses. */
  candidates(): Address[];
}

export function createDirectory(bootstrap: readonly string[]): BrokerDirectory {
  const known = new Map<number, Address>();
  const first = bootstrap.map(parseAddress);
  return {
    address: (nodeId) => known.get(nodeId),
    learn: (nodeId, host, port) => void known.set(nodeId, { host, port }),
    candidates: () => [
      ...new Map([...known.values(), ...first].map((each) => [addressText(each), each])).values(),
    ],
  };
}

/** `host:port`, `[::1]:9092`, with or without Kafka's `PLAINTEXT://` before it. */
export function parseAddress(text: string): Address {
  const match = /^(?:[A-Za-z_]+:\/\/)?(?:\[([^\]]+)\]|([^:[\]/\s]+)):(\d{1,5})$/.exec(text.trim());
  const port = Number(match?.[3]);
  if (match === null || port < 1 || port > 65535) {
    throw new MillraceError('CONFIG_INVALID', `"${text}" is not the address of a broker`, {
      hint: 'Write host:port in bootstrap.servers, several separated by commas.',
    });
  }
  return { host: match[1] ?? match[2]!, port };
}

export interface Lanes {
  readonly open: LaneFactory;
  readonly directory: BrokerDirectory;
  /** Closes every lane that is still open. */
  close(): Promise<void>;
}

/**
 * @param logger one warning when a broker stops to answer, one line when it answers again; whatever else goes wrong is
 *   told to who waits for it
 */
export function createLanes(
  options: KafkaOptions,
  logger: Logger = SILENT,
  metrics: Metrics = NO_METRICS,
): Lanes {
  const outages = createOutages(logger, metrics);
  const directory = createDirectory(options.brokers);
  const lanes = new Set<Lane>();
  return {
    directory,
    open(purpose) {
      const clientId = `${options.clientId}-${purpose}`;
      const lane: Lane = new BrokerLane(options, clientId, directory, outages, () => lanes.delete(lane));
      lanes.add(lane);
      return lane;
    },
    async close() {
      await Promise.all([...lanes].map((lane) => lane.close()));
      outages.close();
    },
  };
}

interface Outages {
  has(address: string): boolean;
  failed(address: string, error: Error): void;
  recovered(address: string): void;
  close(): void;
}

function createOutages(logger: Logger, metrics: Metrics): Outages {
  const down = new Set<string>();
  const help = 'Kafka brokers that could not be connected to at the last try.';
  const remove = metrics.observedGauge('millrace_kafka_brokers_unreachable', help, {}, () => down.size);
  return {
    has: (address) => down.has(address),
    failed(address, error) {
      if (down.has(address)) return;
      down.add(address);
      logger.warn({ broker: address, reason: error.message }, 'Kafka broker not reachable, trying on');
    },
    recovered(address) {
      if (down.delete(address)) logger.info({ broker: address }, 'Kafka broker reachable again');
    },
    close: remove,
  };
}

class BrokerLane implements Lane {
  readonly #options: KafkaOptions;
  readonly #clientId: string;
  readonly #directory: BrokerDirectory;
  readonly #outages: Outages;
  readonly #onClosed: () => void;
  readonly #connections = new Map<string, BrokerConnection>();
  #search: Promise<BrokerConnection> | null = null;
  #closed = false;

  constructor(
    options: KafkaOptions,
    clientId: string,
    directory: BrokerDirectory,
    outages: Outages,
    onClosed: () => void,
  ) {
    this.#options = options;
    this.#clientId = clientId;
    this.#directory = directory;
    this.#outages = outages;
    this.#onClosed = onClosed;
  }

  send<T>(nodeId: number | 'any', request: ApiRequest<T>): Promise<T> {
    if (this.#closed) return Promise.reject(laneClosed());
    if (nodeId === 'any') return this.#sendToAny(request);
    const address = this.#directory.address(nodeId);
    if (address === undefined) {
      return Promise.reject(unreachable(`The address of Kafka broker ${nodeId} is not known yet`));
    }
    return this.#connection(address).send(request);
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#onClosed();
    for (const connection of [...this.#connections.values()]) connection.close(laneClosed());
  }

  async #sendToAny<T>(request: ApiRequest<T>): Promise<T> {
    for (const connection of this.#connections.values()) {
      if (connection.isReady) return connection.send(request);
    }
    this.#search ??= this.#findAny().finally(() => {
      this.#search = null;
    });
    return (await this.#search).send(request);
  }

  /** The first broker that lets itself be connected to. */
  async #findAny(): Promise<BrokerConnection> {
    const failures: string[] = [];
    let cause: unknown;
    for (const address of this.#inOrder()) {
      if (this.#closed) throw laneClosed();
      const connection = this.#connection(address);
      try {
        await connection.ready;
        return connection;
      } catch (error) {
        if (!(error instanceof MillraceError) || !error.retriable) throw error;
        failures.push(error.message);
        cause = error;
      }
    }
    if (failures.length === 1) throw cause;
    throw unreachable(`No Kafka broker answers:\n${failures.join('\n')}`, { cause });
  }

  /** Those that did not answer at the last try come last: a dead address may cost the whole time-out. */
  #inOrder(): Address[] {
    const all = shuffle(this.#directory.candidates());
    const isDown = (address: Address) => this.#outages.has(addressText(address));
    return [...all.filter((each) => !isDown(each)), ...all.filter(isDown)];
  }

  /** One per broker: who asks while it is being made shares it, its requests wait in order. */
  #connection(address: Address): BrokerConnection {
    const key = addressText(address);
    const existing = this.#connections.get(key);
    if (existing !== undefined) return existing;
    const connection: BrokerConnection = new BrokerConnection(address, this.#options, this.#clientId, {
      ready: () => this.#outages.recovered(key),
      closed: (error, wasReady) => {
        if (this.#connections.get(key) === connection) this.#connections.delete(key);
        if (!wasReady && isRetriable(error)) this.#outages.failed(key, error);
      },
    });
    this.#connections.set(key, connection);
    return connection;
  }
}

/** So that not every client of a cluster begins with the same broker. */
function shuffle<T>(items: T[]): T[] {
  for (let i = items.length - 1; i > 0; i--) {
    const j = Math.floor(Math.random() * (i + 1));
    [items[i], items[j]] = [items[j]!, items[i]!];
  }
  return items;
}
