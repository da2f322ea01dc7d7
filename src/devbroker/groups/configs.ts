/** Broker configs of the group coordinator, by Kafka's names. */

import { brokerConfig } from '../topics/broker-configs';

export interface GroupConfigs {
  readonly minSessionTimeoutMs: number;
  readonly maxSessionTimeoutMs: number;
  readonly maxSize: number;
  readonly initialRebalanceDelayMs: number;
  readonly offsetsRetentionMs: number;
  readonly offsetsRetentionCheckMs: number;
  /** UTF-16 units, as Kafka counts in spite of the config's name. */
  readonly maxOffsetMetadata: number;
}

const MINUTE_MS = 60_000;

/** @param configs as they were set */
export function groupConfigs(configs: ReadonlyMap<string, string>): GroupConfigs {
  const number = (name: string): number => Number(brokerConfig(configs, name));
  return {
    minSessionTimeoutMs: number('group.min.session.timeout.ms'),
    maxSessionTimeoutMs: number('group.max.session.timeout.ms'),
    maxSize: number('group.max.size'),
    initialRebalanceDelayMs: number('group.initial.rebalance.delay.ms'),
    offsetsRetentionMs: number('offsets.retention.minutes') * MINUTE_MS,
    offsetsRetentionCheckMs: number('offsets.retention.check.interval.ms'),
    maxOffsetMetadata: number('offset.metadata.max.bytes'),
  };
}
