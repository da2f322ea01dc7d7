/**
 * Kafka's error codes: name, and what they mean for a caller (retry, stop, give up).
 * Source: the "Error Codes" table of Kafka's protocol guide, 4.1.
 */
import { type ErrorCode, type ErrorDetails, MillraceError } from '../kernel';

/** By code, from -1 on. A leading `~` marks the codes Kafka itself calls retriable. */
const NAMES =
  `UNKNOWN_SERVER_ERROR NONE OFFSET_OUT_OF_RANGE ~CORRUPT_MESSAGE ~UNKNOWN_TOPIC_OR_PARTITION INVALID_FETCH_SIZE
~LEADER_NOT_AVAILABLE ~NOT_LEADER_OR_FOLLOWER ~REQUEST_TIMED_OUT BROKER_NOT_AVAILABLE ~REPLICA_NOT_AVAILABLE
MESSAGE_TOO_LARGE STALE_CONTROLLER_EPOCH OFFSET_METADATA_TOO_LARGE ~NETWORK_EXCEPTION ~COORDINATOR_LOAD_IN_PROGRESS
~COORDINATOR_NOT_AVAILABLE ~NOT_COORDINATOR INVALID_TOPIC_EXCEPTION RECORD_LIST_TOO_LARGE ~NOT_ENOUGH_REPLICAS
~NOT_ENOUGH_REPLICAS_AFTER_APPEND INVALID_REQUIRED_ACKS ILLEGAL_GENERATION INCONSISTENT_GROUP_PROTOCOL INVALID_GROUP_ID
UNKNOWN_MEMBER_ID INVALID_SESSION_TIMEOUT REBALANCE_IN_PROGRESS INVALID_COMMIT_OFFSET_SIZE TOPIC_AUTHORIZATION_FAILED
GROUP_AUTHORIZATION_FAILED CLUSTER_AUTHORIZATION_FAILED INVALID_TIMESTAMP UNSUPPORTED_SASL_MECHANISM ILLEGAL_SASL_STATE
UNSUPPORTED_VERSION TOPIC_ALREADY_EXISTS INVALID_PARTITIONS INVALID_REPLICATION_FACTOR INVALID_REPLICA_ASSIGNMENT
INVALID_CONFIG ~NOT_CONTROLLER INVALID_REQUEST UNSUPPORTED_FOR_MESSAGE_FORMAT POLICY_VIOLATION
OUT_OF_ORDER_SEQUENCE_NUMBER DUPLICATE_SEQUENCE_NUMBER INVALID_PRODUCER_EPOCH INVALID_TXN_STATE
INVALID_PRODUCER_ID_MAPPING INVALID_TRANSACTION_TIMEOUT ~CONCURRENT_TRANSACTIONS TRANSACTION_COORDINATOR_FENCED
TRANSACTIONAL_ID_AUTHORIZATION_FAILED SECURITY_DISABLED OPERATION_NOT_ATTEMPTED ~KAFKA_STORAGE_ERROR LOG_DIR_NOT_FOUND
SASL_AUTHENTICATION_FAILED UNKNOWN_PRODUCER_ID REASSIGNMENT_IN_PROGRESS DELEGATION_TOKEN_AUTH_DISABLED
DELEGATION_TOKEN_NOT_FOUND DELEGATION_TOKEN_OWNER_MISMATCH DELEGATION_TOKEN_REQUEST_NOT_ALLOWED
DELEGATION_TOKEN_AUTHORIZATION_FAILED DELEGATION_TOKEN_EXPIRED INVALID_PRINCIPAL_TYPE NON_EMPTY_GROUP
GROUP_ID_NOT_FOUND ~FETCH_SESSION_ID_NOT_FOUND ~INVALID_FETCH_SESSION_EPOCH ~LISTENER_NOT_FOUND TOPIC_DELETION_DISABLED
~FENCED_LEADER_EPOCH ~UNKNOWN_LEADER_EPOCH UNSUPPORTED_COMPRESSION_TYPE STALE_BROKER_EPOCH ~OFFSET_NOT_AVAILABLE
MEMBER_ID_REQUIRED ~PREFERRED_LEADER_NOT_AVAILABLE GROUP_MAX_SIZE_REACHED FENCED_INSTANCE_ID
~ELIGIBLE_LEADERS_NOT_AVAILABLE ~ELECTION_NOT_NEEDED NO_REASSIGNMENT_IN_PROGRESS GROUP_SUBSCRIBED_TO_TOPIC
INVALID_RECORD ~UNSTABLE_OFFSET_COMMIT ~THROTTLING_QUOTA_EXCEEDED PRODUCER_FENCED RESOURCE_NOT_FOUND DUPLICATE_RESOURCE
UNACCEPTABLE_CREDENTIAL INCONSISTENT_VOTER_SET INVALID_UPDATE_VERSION FEATURE_UPDATE_FAILED
PRINCIPAL_DESERIALIZATION_FAILURE SNAPSHOT_NOT_FOUND POSITION_OUT_OF_RANGE ~UNKNOWN_TOPIC_ID
DUPLICATE_BROKER_REGISTRATION BROKER_ID_NOT_REGISTERED ~INCONSISTENT_TOPIC_ID INCONSISTENT_CLUSTER_ID
TRANSACTIONAL_ID_NOT_FOUND ~FETCH_SESSION_TOPIC_ID_ERROR INELIGIBLE_REPLICA NEW_LEADER_ELECTED
OFFSET_MOVED_TO_TIERED_STORAGE FENCED_MEMBER_EPOCH UNRELEASED_INSTANCE_ID UNSUPPORTED_ASSIGNOR STALE_MEMBER_EPOCH
MISMATCHED_ENDPOINT_TYPE UNSUPPORTED_ENDPOINT_TYPE UNKNOWN_CONTROLLER_ID UNKNOWN_SUBSCRIPTION_ID TELEMETRY_TOO_LARGE
INVALID_REGISTRATION TRANSACTION_ABORTABLE INVALID_RECORD_STATE SHARE_SESSION_NOT_FOUND INVALID_SHARE_SESSION_EPOCH
FENCED_STATE_EPOCH INVALID_VOTER_KEY DUPLICATE_VOTER VOTER_NOT_FOUND INVALID_REGULAR_EXPRESSION ~REBOOTSTRAP_REQUIRED`
    .split(/\s+/)
    .map((entry) => ({ name: entry.replace('~', ''), retriable: entry.startsWith('~') }));

/** Codes our own code decides on. */
export const Code = {
  UNKNOWN_SERVER_ERROR: -1,
  NONE: 0,
  OFFSET_OUT_OF_RANGE: 1,
  CORRUPT_MESSAGE: 2,
  UNKNOWN_TOPIC_OR_PARTITION: 3,
  LEADER_NOT_AVAILABLE: 5,
  NOT_LEADER_OR_FOLLOWER: 6,
  COORDINATOR_LOAD_IN_PROGRESS: 14,
  COORDINATOR_NOT_AVAILABLE: 15,
  NOT_COORDINATOR: 16,
  ILLEGAL_GENERATION: 22,
  UNKNOWN_MEMBER_ID: 25,
  REBALANCE_IN_PROGRESS: 27,
  TOPIC_ALREADY_EXISTS: 36,
  OUT_OF_ORDER_SEQUENCE_NUMBER: 45,
  DUPLICATE_SEQUENCE_NUMBER: 46,
  INVALID_PRODUCER_EPOCH: 47,
  CONCURRENT_TRANSACTIONS: 51,
  UNKNOWN_PRODUCER_ID: 59,
  GROUP_ID_NOT_FOUND: 69,
  MEMBER_ID_REQUIRED: 79,
  FENCED_INSTANCE_ID: 82,
  PRODUCER_FENCED: 90,
} as const;

/** Another producer or group member took this one's place. */
const FENCED: ReadonlySet<number> = new Set([
  Code.INVALID_PRODUCER_EPOCH,
  Code.PRODUCER_FENCED,
  Code.FENCED_INSTANCE_ID,
]);

const HINTS: Readonly<Record<number, string>> = {
  3: 'Create the topic, or check its name.',
  10: 'Raise max.message.bytes of the topic, or send smaller batches.',
  17: 'Topic names have letters, digits, ".", "_" and "-" only, 249 at most.',
  23: 'Another kind of client uses this group id; give this one a group id of its own.',
  29: 'Give the user the right to this topic (kafka-acls).',
  30: 'Give the user the right to this group (kafka-acls).',
  31: 'Give the user this right on the cluster (kafka-acls).',
  38: 'Ask for no more replicas than there are brokers.',
  53: 'Give the user the right to this transactional id (kafka-acls).',
  68: 'Stop the members of the group first.',
  82: 'Another process runs with the same instance id; give each its own.',
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
export const codeName = (code: number): string => NAMES[code + 1]?.name ?? `UNKNOWN_CODE_${code}`;

/** Whether the same request may succeed later, perhaps at another broker, without anybody acting. */
export const isRetriableCode = (code: number): boolean => NAMES[code + 1]?.retriable ?? false;

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
