/** Offsets of connectors as REST shows them: those of sources from the store, those of sinks from their consumer group. */
import { consumerSettings } from '../client-settings';
import { resolveReferences } from '../references';
import { groupIdOf, withOffsetsOf } from '../task-runner';
import type { ConnectorOffset } from '../worker-view';
import type { Core } from './core';
import { configOf } from './views';

export async function connectorOffsets(core: Core, name: string): Promise<readonly ConnectorOffset[]> {
  const { environment } = core.parts;
  const { clients, worker, providers } = environment;
  const { config: resolved } = await resolveReferences(configOf(core, name), providers);
  if (core.typeOf(name) === 'source') {
    return withOffsetsOf(environment, resolved, (offsets) => offsets.all(name));
  }
  const { groupId, connection } = consumerSettings(worker, resolved);
  const committed = await clients.port(connection).committed(groupIdOf(name, groupId), null);
  return committed.map(({ topic, partition, offset }) => ({
    partition: { kafka_topic: topic, kafka_partition: partition },
    offset: { kafka_offset: offset },
  }));
}
