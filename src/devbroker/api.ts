/** One request of the protocol, as the broker sees it. Each has a file in `api/`. */
import type { ByteReader, ByteWriter } from '../kafka/wire/bytes';
import type { Broker } from './broker';
import type { Asked } from './faults/faults';
import type { Place } from './faults/rule';
import type { Node } from './nodes';
import type { SaslSession } from './sasl';

/** @typeParam Q decoded request  @typeParam A answer to be encoded */
export interface Api<Q = unknown, A = unknown> {
  readonly key: number;
  /** As Kafka's protocol guide spells it: `Produce`. */
  readonly name: string;
  /**
   * First and last version. One is enough for our own clients (the lanes of `src/kafka`, kafkajs); a range where others
   * (librdkafka, Java) would not come to an agreement otherwise. None of the versions is flexible.
   */
  readonly versions: readonly [first: number, last: number];
  /** Reads the body. Bytes are views of the request: copy what outlives the call. Throws TruncatedError. */
  decode(reader: ByteReader, version: number): Q;
  /** What the request speaks of: each partition, group and transactional id. For faults and for who watches. */
  places(request: Q): readonly Place[];
  /**
   * Serves it. Null: no answer (produce with acks 0). Refusals of parts of it belong into the answer; a thrown error ends the
   * connection, as a broker does with what it cannot make sense of.
   */
  handle(request: Q, call: Call): A | null | Promise<A | null>;
  encode(writer: ByteWriter, answer: A, version: number): void;
}

/** Lets a list hold requests of all kinds. */
export const api = <Q, A>(definition: Api<Q, A>): Api => definition as unknown as Api;

/** One request being served: who asked, and what the faults say about it. */
export interface Call {
  readonly broker: Broker;
  /** The virtual node it was sent to. */
  readonly node: Node;
  /** The request as faults see it. */
  readonly asked: Asked;
  readonly version: number;
  readonly clientId: string;
  /** Address of the client as describe-group answers show it: `/127.0.0.1`. */
  readonly clientHost: string;
  /** Null when no login is required. */
  readonly sasl: SaslSession | null;
  /** User after SASL; null without. */
  readonly principal: string | null;
  /** Aborted when the connection is gone: a long poll ends then. */
  readonly signal: AbortSignal;
  /**
   * Code that a fault answers with for this place, 0 for none. Asked once per place and before anything is applied;
   * with a fault that is `applied` it is 0 here and the code comes from `afterwards`.
   */
  fault(place: Place): number;
  /** Code that a fault with `applied` puts in the place of success. Asked once per place, after it was applied. */
  afterwards(place: Place): number;
  /** Fault, then unknown topic or partition (3), then other node leads (6): code, 0 when this node may serve it. */
  leads(topic: string, partition: number): number;
  /** Fault, then other node coordinates (16): code, 0 when this node may serve it. */
  coordinates(kind: 'group' | 'transaction', key: string): number;
}
