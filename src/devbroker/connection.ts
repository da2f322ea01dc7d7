/** One connection: requests are served one at a time, in order, as Kafka does; who is slow to read answers is not read from. */
import type net from 'node:net';
import { ByteReader, ByteWriter, TruncatedError } from '../kafka/wire/bytes';
import { FrameError, FrameReader } from '../kafka/wire/frames';
import type { Api, Call } from './api';
import type { Broker } from './broker';
import type { Asked } from './faults/faults';
import type { Place } from './faults/rule';
import type { Node } from './nodes';
import { Refusal } from './refusal';
import { type SaslSession, saslSession } from './sasl';

const API_VERSIONS = 18;
/** The answer to an ApiVersions request in a version we do not speak is in version 0, for every client reads that. */
const FALLBACK_VERSION = 0;
/** Requests read ahead of the one being served. */
const MAX_WAITING = 32;

interface Request {
  readonly api: Api;
  readonly version: number;
  readonly isUnknownVersion: boolean;
  readonly correlationId: number;
  readonly clientId: string;
  readonly body: unknown;
  readonly places: readonly Place[];
}

interface HeldAnswer {
  left: number;
  readonly chunks: readonly Buffer[];
}

export class Connection {
  readonly id: number;
  readonly #broker: Broker;
  readonly #node: Node;
  readonly #socket: net.Socket;
  readonly #gone = new AbortController();
  readonly #sasl: SaslSession | null;
  readonly #waiting: Buffer[] = [];
  #serving = false;
  #held: HeldAnswer[] = [];

  constructor(id: number, broker: Broker, node: Node, socket: net.Socket) {
    this.id = id;
    this.#broker = broker;
    this.#node = node;
    this.#socket = socket;
    this.#sasl = saslSession(broker.settings.users);
    socket.setNoDelay(true);
    const frames = new FrameReader((frame) => this.#receive(frame));
    socket.on('data', (chunk) => this.#push(frames, chunk));
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.#gone.abort());
  }

  destroy(): void {
    this.#socket.destroy();
  }

  #push(frames: FrameReader, chunk: Buffer): void {
    try {
      frames.push(chunk);
    } catch (error) {
      if (!(error instanceof FrameError)) throw error;
      this.#breakOff(`it does not speak Kafka's protocol: ${error.message}`);
    }
  }

  #receive(frame: Buffer): void {
    this.#waiting.push(frame);
    if (this.#waiting.length >= MAX_WAITING) this.#socket.pause();
    if (!this.#serving) void this.#serveAll();
  }

  async #serveAll(): Promise<void> {
    this.#serving = true;
    for (let frame = this.#waiting.shift(); frame !== undefined; frame = this.#waiting.shift()) {
      try {
        await this.#broker.whenRunning();
        if (this.#gone.signal.aborted) break;
        await this.#serve(frame);
      } catch (error) {
        this.#breakOff(error instanceof TruncatedError || error instanceof Refusal ? error.message : error);
        break;
      }
      if (this.#socket.isPaused() && this.#waiting.length < MAX_WAITING / 2) this.#socket.resume();
    }
    this.#serving = false;
  }

  async #serve(frame: Buffer): Promise<void> {
    const request = this.#decode(frame);
    const asked: Asked = { api: request.api.name, node: this.#node.id, clientId: request.clientId };
    const { places } = request;
    this.#broker.observed({
      ...asked,
      version: request.version,
      connection: this.id,
      places,
      body: request.body,
    });
    const drop = this.#fault('drop', asked, places)?.drop;
    if (drop === 'before') return this.destroy();
    const delay = this.#fault('delayMs', asked, places);
    if (delay !== undefined) await this.#sleep(delay.delayMs);
    if (this.#gone.signal.aborted) return;
    const reorder = this.#fault('reorder', asked, places)?.reorder;
    const answer = await request.api.handle(request.body, this.#call(request, asked));
    // As for a suspended process: what was asked is done, nobody hears of it yet.
    await this.#broker.whenRunning();
    if (drop === 'after') return this.destroy();
    if (answer === null || this.#gone.signal.aborted) return;
    const chunks = encodeAnswer(request, answer);
    if (reorder !== undefined) this.#held.push({ left: reorder, chunks });
    else await this.#answer(chunks);
    if (this.#sasl?.isOver) this.#socket.end();
  }

  #decode(frame: Buffer): Request {
    const reader = new ByteReader(frame);
    const key = reader.int16();
    const asked = reader.int16();
    const correlationId = reader.int32();
    const api = this.#broker.apis.get(key);
    if (api === undefined) throw new Refusal(35, `a request with api key ${key} is not served`);
    this.#sasl?.admit(api.name);
    const [first, last] = api.versions;
    const isUnknownVersion = asked < first || asked > last;
    if (isUnknownVersion && key !== API_VERSIONS) {
      throw new Refusal(35, `${api.name} v${asked} is not served (${first} to ${last} are)`);
    }
    const version = isUnknownVersion ? FALLBACK_VERSION : asked;
    const clientId = reader.nullableString() ?? '';
    const body = isUnknownVersion ? { isUnknownVersion } : api.decode(reader, version);
    return { api, version, isUnknownVersion, correlationId, clientId, body, places: api.places(body) };
  }

  #fault<K extends 'drop' | 'delayMs' | 'reorder'>(kind: K, asked: Asked, places: readonly Place[]) {
    return this.#broker.faults.take(kind, asked, places.length === 0 ? [{}] : places);
  }

  #call(request: Request, asked: Asked): Call {
    const broker = this.#broker;
    const node = this.#node;
    const fault = (place: Place) => broker.faults.takeError(false, asked, place);
    return {
      broker,
      node,
      asked,
      version: request.version,
      clientId: request.clientId,
      clientHost: `/${this.#socket.remoteAddress?.replace(/^::ffff:/, '') ?? 'unknown'}`,
      sasl: this.#sasl,
      principal: this.#sasl?.user ?? null,
      signal: this.#gone.signal,
      fault,
      afterwards: (place) => broker.faults.takeError(true, asked, place),
      leads: (topic, partition) => fault({ topic, partition }) || broker.leads(node, topic, partition),
      coordinates: (kind, key) =>
        fault(kind === 'group' ? { group: key } : { transactionalId: key }) ||
        broker.coordinates(node, kind, key),
    };
  }

  async #answer(chunks: readonly Buffer[]): Promise<void> {
    this.#write(chunks);
    for (const held of this.#held) held.left--;
    for (const { chunks: late } of this.#held.filter(({ left }) => left <= 0)) this.#write(late);
    this.#held = this.#held.filter(({ left }) => left > 0);
    if (this.#socket.writableNeedDrain && !this.#gone.signal.aborted) await this.#drained();
  }

  #write(chunks: readonly Buffer[]): void {
    this.#socket.cork();
    for (const chunk of chunks) this.#socket.write(chunk);
    this.#socket.uncork();
  }

  #drained(): Promise<void> {
    const socket = this.#socket;
    return new Promise((resolve) => {
      const done = () => {
        socket.off('drain', done).off('close', done);
        resolve();
      };
      socket.on('drain', done).on('close', done);
    });
  }

  /** Broker time; ends early with the connection. */
  #sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const { signal } = this.#gone;
      const end = () => {
        timer.cancel();
        signal.removeEventListener('abort', end);
        resolve();
      };
      const timer = this.#broker.clock.after(ms, end);
      signal.addEventListener('abort', end, { once: true });
    });
  }

  #breakOff(reason: unknown): void {
    const fields = { node: this.#node.id, client: this.#socket.remoteAddress };
    const { logger } = this.#broker.settings;
    if (typeof reason === 'string')
      logger.warn({ ...fields, reason }, 'Connection closed: request not understood');
    else
      logger.error(
        { ...fields, error: reason },
        'Connection closed: the dev broker failed to serve a request',
      );
    this.destroy();
  }
}

/** Size, response header v0 and body. */
function encodeAnswer(request: Request, answer: unknown): Buffer[] {
  const writer = new ByteWriter(512);
  writer.int32(0).int32(request.correlationId);
  request.api.encode(writer, answer, request.version);
  writer.setInt32(0, writer.length - 4);
  return writer.chunks();
}
