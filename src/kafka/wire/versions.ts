/** The requests this room sends, each in the one version it speaks; Kafka 2.4 to 4.x take all of them. */
import { MillraceError } from '../../kernel';
import type { ApiVersionsAnswer } from './api-versions';

/** Name, api key, version. */
export const SPOKEN: readonly (readonly [string, number, number])[] = [
  ['Produce', 0, 7],
  ['Fetch', 1, 11],
  ['ListOffsets', 2, 3],
  ['Metadata', 3, 6],
  ['OffsetCommit', 8, 7],
  ['OffsetFetch', 9, 5],
  ['FindCoordinator', 10, 2],
  ['JoinGroup', 11, 5],
  ['Heartbeat', 12, 3],
  ['LeaveGroup', 13, 3],
  ['SyncGroup', 14, 3],
  ['ApiVersions', 18, 2],
  ['CreateTopics', 19, 4],
  ['DeleteTopics', 20, 3],
  ['InitProducerId', 22, 1],
  ['AddPartitionsToTxn', 24, 1],
  ['AddOffsetsToTxn', 25, 1],
  ['EndTxn', 26, 1],
  ['TxnOffsetCommit', 28, 1],
  ['DescribeConfigs', 32, 2],
  ['DeleteGroups', 42, 1],
  ['IncrementalAlterConfigs', 44, 0],
  ['OffsetDelete', 47, 0],
];

/** Throws KAFKA_REFUSED that names what a broker does not take. */
export function checkVersions({ apis }: ApiVersionsAnswer): void {
  const offered = new Map(apis.map((api) => [api.apiKey, api]));
  const missing = SPOKEN.filter(([, key, version]) => {
    const range = offered.get(key);
    return range === undefined || version < range.min || version > range.max;
  });
  if (missing.length === 0) return;
  const list = missing.map(([name, , version]) => `${name} v${version}`).join(', ');
  throw new MillraceError('KAFKA_REFUSED', `The Kafka brokers do not take ${list}`, {
    hint: 'millrace works with Apache Kafka 2.4 to 4.x.',
  });
}
