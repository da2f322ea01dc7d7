/** A lane: connections of one purpose, one per broker, so that a long poll never holds up anybody else. */
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
   */
  send<T>(nodeId: number | 'any', request: ApiRequest<T>): Promise<T>;
  /** Ends connections and pending requests at once. */
  close(): Promise<void>;
}

/** @param purpose part of the client id, so brokers' logs and quotas tell lanes apart */
export type LaneFactory = (purpose: string) => Lane;
