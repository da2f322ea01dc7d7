/** Broker configs of the group coordinator, by Kafka's names. */

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
const MAX_INT = 2 ** 31 - 1;

export function groupConfigs(configs: Readonly<Record<string, string>>): GroupConfigs {
  const number = (name: string, fallback: number): number => {
    const text = configs[name];
    const value = text === undefined ? fallback : Number(text);
    if (!Number.isInteger(value)) throw new RangeError(`${name} is not a whole number: ${text}`);
    return value;
  };
  return {
    minSessionTimeoutMs: number('group.min.session.timeout.ms', 6000),
    maxSessionTimeoutMs: number('group.max.session.timeout.ms', 30 * MINUTE_MS),
    maxSize: number('group.max.size', MAX_INT),
    // Kafka's default is 3000: time for a fleet to come up. Who tries something out should not wait.
    initialRebalanceDelayMs: number('group.initial.rebalance.delay.ms', 0),
    offsetsRetentionMs: number('offsets.retention.minutes', 7 * 24 * 60) * MINUTE_MS,
    offsetsRetentionCheckMs: number('offsets.retention.check.interval.ms', 10 * MINUTE_MS),
    maxOffsetMetadata: number('offset.metadata.max.bytes', 4096),
  };
}
