/**
 * What Kafka's error codes mean for a caller (retry, stop, give up).
 */
import { type ErrorCode, type ErrorDetails, MillraceError } from '../kernel';
import { Code } from './wire/codes';

export { Code };

export type CodeName = keyof typeof Code;

const NAMES: ReadonlyMap<number, string> = new Map(Object.entries(Code).map(([name, code]) => [code, name]));

/** Those Kafka itself calls retriable. */
const RETRIABLE: ReadonlySet<number> = new Set([
  Code.CORRUPT_MESSAGE,
  Code.UNKNOWN_TOPIC_OR_PARTITION,
  Code.LEADER_NOT_AVAILABLE,
  Code.NOT_LEADER_OR_FOLLOWER,
  Code.REQUEST_TIMED_OUT,
  Code.REPLICA_NOT_AVAILABLE,
  Code.NETWORK_EXCEPTION,
  Code.COORDINATOR_LOAD_IN_PROGRESS,
  Code.COORDINATOR_NOT_AVAILABLE,
  Code.NOT_COORDINATOR,
  Code.NOT_ENOUGH_REPLICAS,
  Code.NOT_ENOUGH_REPLICAS_AFTER_APPEND,
  Code.NOT_CONTROLLER,
  Code.CONCURRENT_TRANSACTIONS,
  Code.KAFKA_STORAGE_ERROR,
  Code.FETCH_SESSION_ID_NOT_FOUND,
  Code.INVALID_FETCH_SESSION_EPOCH,
  Code.LISTENER_NOT_FOUND,
  Code.FENCED_LEADER_EPOCH,
  Code.UNKNOWN_LEADER_EPOCH,
  Code.OFFSET_NOT_AVAILABLE,
  Code.PREFERRED_LEADER_NOT_AVAILABLE,
  Code.ELIGIBLE_LEADERS_NOT_AVAILABLE,
  Code.ELECTION_NOT_NEEDED,
  Code.UNSTABLE_OFFSET_COMMIT,
  Code.THROTTLING_QUOTA_EXCEEDED,
  Code.UNKNOWN_TOPIC_ID,
  Code.INCONSISTENT_TOPIC_ID,
  Code.FETCH_SESSION_TOPIC_ID_ERROR,
  Code.REBOOTSTRAP_REQUIRED,
]);

/** Another producer or group member took this one's place. */
const FENCED: ReadonlySet<number> = new Set([
  Code.INVALID_PRODUCER_EPOCH,
  Code.PRODUCER_FENCED,
  Code.FENCED_INSTANCE_ID,
]);

const HINTS: Readonly<Record<number, string>> = {
  [Code.UNKNOWN_TOPIC_OR_PARTITION]: 'Create the topic, or check its name.',
  [Code.MESSAGE_TOO_LARGE]: 'Raise max.message.bytes of the topic, or send smaller batches.',
  [Code.INVALID_TOPIC_EXCEPTION]: 'Topic names have letters, digits, ".", "_" and "-" only, 249 at most.',
  [Code.INCONSISTENT_GROUP_PROTOCOL]:
    'Another kind of client uses this group id; give this one a group id of its own.',
  [Code.TOPIC_AUTHORIZATION_FAILED]: 'Give the user the right to this topic (kafka-acls).',
  [Code.GROUP_AUTHORIZATION_FAILED]: 'Give the user the right to this group (kafka-acls).',
  [Code.CLUSTER_AUTHORIZATION_FAILED]: 'Give the user this right on the cluster (kafka-acls).',
  [Code.INVALID_REPLICATION_FACTOR]: 'Ask for no more replicas than there are brokers.',
  [Code.TRANSACTIONAL_ID_AUTHORIZATION_FAILED]:
    'Give the user the right to this transactional id (kafka-acls).',
  [Code.NON_EMPTY_GROUP]: 'Stop the members of the group first.',
  [Code.FENCED_INSTANCE_ID]: 'Another process runs with the same instance id; give each its own.',
};

/** An error code a broker answered with. */
export class KafkaCodeError extends MillraceError {
  constructor(
    code: ErrorCode,
    /** Kafka's number, e.g. 6. */
    readonly kafkaCode: number,
    message: string,
    details?: ErrorDetails,
  ) {
    super(code, message, details);
  }
}

/** `NOT_LEADER_OR_FOLLOWER` for 6; `UNKNOWN_CODE_999` for what this table does not know. */
export const codeName = (code: number): string => NAMES.get(code) ?? `UNKNOWN_CODE_${code}`;

/** Whether the same request may succeed later, perhaps at another broker, without anybody acting. */
export const isRetriableCode = (code: number): boolean => RETRIABLE.has(code);

export const isFencedCode = (code: number): boolean => FENCED.has(code);

const errorCodeOf = (code: number): ErrorCode => {
  if (FENCED.has(code)) return 'KAFKA_FENCED';
  return isRetriableCode(code) ? 'KAFKA_TRANSIENT' : 'KAFKA_REFUSED';
};

/**
 * The error for a code a broker answered with.
 * @param where what was tried, e.g. `produce to orders-3`
 * @param detail the broker's own message, when it sent one
 */
export function kafkaError(code: number, where: string, detail?: string | null): KafkaCodeError {
  const reason = detail ? `: ${detail}` : '';
  const message = `Kafka refused to ${where}: ${codeName(code)} (${code})${reason}`;
  return new KafkaCodeError(errorCodeOf(code), code, message, { hint: HINTS[code] });
}

/** A topic just created is unknown to some brokers for a moment; so long do we ask again before we believe it. */
export const UNKNOWN_GRACE_MS = 1000;

/** Final, while code 3 alone may pass: a topic just created is unknown to some brokers for a moment. */
export const missingTopic = (topic: string): KafkaCodeError =>
  new KafkaCodeError(
    'KAFKA_REFUSED',
    Code.UNKNOWN_TOPIC_OR_PARTITION,
    `Kafka has no topic or partition ${topic}`,
    {
      hint: 'Create it, or check the name.',
    },
  );

export const kafkaCodeOf = (error: unknown): number | undefined =>
  error instanceof KafkaCodeError ? error.kafkaCode : undefined;

export { unreachable } from './connection-errors';
