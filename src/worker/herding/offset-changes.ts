/** Altering and resetting offsets (KIP-875): of stopped connectors only, by the leader. Texts are Kafka Connect's. */
import type { OffsetEntry } from '../../flow';
import { type Config, causeChain, MillraceError, type TopicPartition } from '../../kernel';
import type { SinkConnector, SinkOffsetChange, SourceConnector, SourceOffsetChange } from '../../plugin';
import { consumerSettings } from '../client-settings';
import type { OffsetChange } from '../herder';
import { resolveReferences } from '../references';
import { groupIdOf, withOffsetsOf } from '../task-runner';
import type { Core } from './core';
import { configOf } from './views';
import { requireLeader } from './writes';
import { fenceTasks } from './zombies';

/** Null resets all. Resolves with the sentence REST answers. */
export async function changeOffsets(
  core: Core,
  name: string,
  changes: readonly OffsetChange[] | null,
): Promise<string> {
  requireLeader(core);
  configOf(core, name);
  if (changes?.length === 0)
    throw badRequest('Partitions / offsets need to be provided for an alter offsets request');
  return core.writes.run(() => changeStopped(core, name, changes));
}

/** For who is within `core.writes`. */
export async function changeStopped(
  core: Core,
  name: string,
  changes: readonly OffsetChange[] | null,
): Promise<string> {
  requireStopped(core, name);
  const { config } = await resolveReferences(configOf(core, name), core.parts.environment.providers);
  const plugin = await core.parts.catalog.find('connector', config['connector.class'] ?? '');
  const parsed = plugin.config.parse(config);
  const whole =
    plugin.kind === 'source'
      ? await changeSource(core, name, plugin, parsed, { config, changes })
      : await changeSink(core, name, plugin, parsed, { config, changes });
  return sentence(whole, changes === null ? 'reset' : 'altered');
}

function requireStopped(core: Core, name: string): void {
  const { state } = core.configs;
  if (state.target(name) === 'STOPPED' && state.tasks(name).length === 0) return;
  throw badRequest(
    `Connectors must be in the STOPPED state before their offsets can be modified. This can be done for the specified connector by issuing a 'PUT' request to the '/connectors/${name}/stop' endpoint`,
  );
}

const sentence = (whole: boolean, done: 'reset' | 'altered'): string =>
  whole
    ? `The offsets for this connector have been ${done} successfully`
    : `The Connect framework-managed offsets for this connector have been ${done} successfully. However, if this connector manages offsets externally, they will need to be manually ${done} in the system that the connector uses.`;

async function changeSource(
  core: Core,
  name: string,
  plugin: SourceConnector,
  parsed: Config,
  { config, changes }: Change,
): Promise<boolean> {
  const { environment } = core.parts;
  // A task that was thought stopped must not write its offsets behind these.
  if (environment.exactlyOnce != null) await fenceTasks(core, environment.exactlyOnce.groupId, name);
  return withOffsetsOf(environment, config, async (offsets) => {
    const wanted: readonly OffsetChange[] =
      changes ?? (await offsets.all(name)).map(({ partition }) => ({ partition, offset: null }));
    const whole = await ask(
      () => plugin.alterOffsets?.(parsed, wanted as readonly SourceOffsetChange[]) ?? false,
    );
    const entries = wanted.filter(({ partition }) => partition !== null) as unknown as readonly OffsetEntry[];
    await failingWith(`Failed to modify offsets for source connector ${name}`, () =>
      offsets.set(name, entries),
    );
    return whole;
  });
}

interface Change {
  /** References resolved. */
  readonly config: Readonly<Record<string, string>>;
  readonly changes: readonly OffsetChange[] | null;
}

async function changeSink(
  core: Core,
  name: string,
  plugin: SinkConnector,
  parsed: Config,
  { config, changes }: Change,
): Promise<boolean> {
  const { clients, worker } = core.parts.environment;
  const { groupId: configured, connection } = consumerSettings(worker, config);
  const groupId = groupIdOf(name, configured);
  const kafka = clients.port(connection);
  const wanted =
    changes === null
      ? (await kafka.committed(groupId, null)).map((each): SinkOffsetChange => ({ ...each, offset: null }))
      : changes.map(readSinkChange);
  const whole =
    plugin.alterOffsets === undefined ? true : await ask(() => plugin.alterOffsets!(parsed, wanted));
  if (changes === null) {
    await failingWith(`Failed to delete consumer group ${groupId} for connector ${name}`, () =>
      onceEmpty(core.graceMs, () => kafka.admin.deleteGroups([groupId])),
    );
    return whole;
  }
  const set = wanted.flatMap(({ topic, partition, offset }) =>
    offset === null ? [] : [{ topic, partition, offset }],
  );
  if (set.some(({ offset }) => offset < 0)) {
    throw new MillraceError('TASK_FAILED', `Failed to modify offsets for sink connector ${name}`);
  }
  const removed: TopicPartition[] = wanted.filter(({ offset }) => offset === null);
  await failingWith(`Failed to alter consumer group offsets for connector ${name}`, async () => {
    await requirePartitions(kafka, set);
    await onceEmpty(core.graceMs, () => kafka.commit(groupId, null, set));
    await onceEmpty(core.graceMs, () => kafka.deleteOffsets(groupId, removed));
  });
  return whole;
}

/** Kafka keeps offsets of partitions that do not exist: nobody would ever read them. */
async function requirePartitions(
  kafka: Pick<import('../../kafka/port').KafkaPort, 'metadata'>,
  positions: readonly TopicPartition[],
): Promise<void> {
  const views = await kafka.metadata([...new Set(positions.map(({ topic }) => topic))]);
  const known = new Set(
    views.flatMap(({ topic, partitions }) => partitions.map(({ partition }) => `${topic}/${partition}`)),
  );
  const missing = positions.find(({ topic, partition }) => !known.has(`${topic}/${partition}`));
  if (missing !== undefined) {
    throw new MillraceError('KAFKA_REFUSED', `there is no partition ${missing.topic}-${missing.partition}`);
  }
}

function readSinkChange({ partition, offset }: OffsetChange): SinkOffsetChange {
  if (partition === null)
    throw badRequest('The partition for a sink connector offset cannot be null or missing');
  if (!('kafka_topic' in partition && 'kafka_partition' in partition)) {
    throw badRequest(
      "The partition for a sink connector offset must contain the keys 'kafka_topic' and 'kafka_partition'",
    );
  }
  const { kafka_topic: topic, kafka_partition: number } = partition;
  if (topic === null) throw badRequest('Kafka topic names must be valid strings and may not be null');
  if (number === null) throw badRequest('Kafka partitions must be valid numbers and may not be null');
  const at = { topic: String(topic), partition: integer('partition', 'Partition', number) };
  if (offset === null) return { ...at, offset: null };
  if (!('kafka_offset' in offset)) {
    throw badRequest(
      "The offset for a sink connector should either be null or contain the key 'kafka_offset'",
    );
  }
  return { ...at, offset: integer('offset', 'Offset', offset.kafka_offset) };
}

/** Numbers and text of numbers. */
function integer(what: string, title: string, value: unknown): number {
  const text = String(value);
  if (/^[+-]?\d+$/.test(text) && Number.isSafeInteger(Number(text))) return Number(text);
  throw badRequest(
    `Failed to parse the following Kafka ${what} value in the provided offsets: '${text}'. ${title} values for sink connectors need to be integers.`,
  );
}

const badRequest = (message: string): MillraceError => new MillraceError('CONFIG_INVALID', message);

/** What a plug-in refuses is shown in its own words. */
async function ask(call: () => boolean | Promise<boolean>): Promise<boolean> {
  try {
    return await call();
  } catch (error) {
    throw new MillraceError('TASK_FAILED', error instanceof Error ? error.message : String(error), {
      cause: error,
    });
  }
}

const AGAIN_MS = 100;

/** Tasks on other workers may still be ending, for as long as they are given. */
async function onceEmpty(graceMs: number, work: () => Promise<void>): Promise<void> {
  const deadline = Date.now() + graceMs;
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (!isOccupied(error) || Date.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
    }
  }
}

const isOccupied = (error: unknown): boolean =>
  causeChain(error).some((each) => each.includes('has members') || each.includes('NON_EMPTY_GROUP'));

async function failingWith(message: string, work: () => Promise<unknown>): Promise<void> {
  try {
    await work();
  } catch (cause) {
    const zombies = ' because its consumer group is still active; zombie sink tasks may be running';
    throw new MillraceError('KAFKA_REFUSED', isOccupied(cause) ? `${message}${zombies}` : message, { cause });
  }
}
