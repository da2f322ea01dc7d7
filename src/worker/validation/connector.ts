/** Rules of sinks and sources over several keys (connect.md §1.4). */
import type { Config } from '../../kernel';
import type { Connector } from '../connector-config';
import { checkSinkTopics } from '../topic-keys';
import type { GivenConfig, ValidationContext } from './context';
import type { Findings } from './findings';

export function judgeSink(findings: Findings, config: GivenConfig, { groupId }: ValidationContext): void {
  for (const { key, value, message } of checkSinkTopics(config)) findings.complain(key, value, message);
  if (groupId === null) return;
  const key = 'consumer.override.group.id';
  const own = config[key];
  if (typeof own === 'string') {
    const message = `Consumer group ${own} conflicts with Connect worker group ${groupId}`;
    findings.complain(key, own, own === groupId ? message : undefined);
    return;
  }
  const name = config['name']?.trim() ?? null;
  if (`connect-${name}` !== groupId) return;
  findings.complain(
    'name',
    name,
    `Consumer group for sink connector named ${name} conflicts with Connect worker group ${groupId}`,
  );
}

/** `parsed` is null when the connector's own keys have errors. */
export function judgeSource(
  findings: Findings,
  plugin: Connector,
  parsed: Config | null,
  firstError: string | null,
  { exactlyOnce }: ValidationContext,
): void {
  if (plugin.kind !== 'source') return;
  const support = 'exactly.once.support';
  if (isSet(findings, support, 'required')) {
    const why = exactlyOnceProblem(plugin, parsed, firstError, exactlyOnce);
    if (why !== null) findings.complain(support, null, why);
  }
  const boundary = 'transaction.boundary';
  if (isSet(findings, boundary, 'connector') && plugin.capabilities?.transactionBoundaries !== true) {
    findings.complain(boundary, null, NO_BOUNDARIES);
  }
}

const NO_BOUNDARIES =
  'The connector does not support connector-defined transaction boundaries with the given configuration. ' +
  'Please reconfigure it to use a different transaction boundary definition.';

const isSet = (findings: Findings, key: string, value: string): boolean =>
  findings.valueOf(key)?.toLowerCase() === value;

function exactlyOnceProblem(
  plugin: Extract<Connector, { kind: 'source' }>,
  parsed: Config | null,
  firstError: string | null,
  byWorker: boolean,
): string | null {
  if (!byWorker) return 'This worker does not have exactly-once source support enabled.';
  if (parsed === null) return `An unexpected error occurred during validation: ${firstError}`;
  const can = plugin.exactlyOnce?.(parsed) ?? plugin.capabilities?.exactlyOnce ?? false;
  return can
    ? null
    : 'The connector does not support exactly-once semantics with the provided configuration.';
}
