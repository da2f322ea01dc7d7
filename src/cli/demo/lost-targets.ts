/** A target that was emptied (a new database, say) is filled again: its sinks must not go on where they once were. */
import type { KafkaPort } from '../../kafka';
import type { PipelineFile } from '../../worker';
import type { Interruption } from '../signals';
import type { Demo } from './demo';

export interface Patience {
  say(text: string): void;
  readonly patienceMs: number;
  readonly interruption: Interruption;
}

const POLL_MS = 1000;

export async function forgetLostTargets(
  kafka: KafkaPort,
  pipelines: readonly PipelineFile[],
  demo: Demo,
  patience: Patience,
): Promise<void> {
  for (const { name, connectors } of pipelines) {
    const target = demo.targets.get(name);
    if (target === undefined || (await target.arrived()) > 0) continue;
    for (const { kind, name: sink, config } of connectors) {
      const group = `connect-${sink}`;
      if (kind === 'sink' && (await hasCommitted(kafka, group, config.topics ?? '')))
        await forgetGroup(kafka, group, patience);
    }
  }
}

/** Nothing to forget otherwise, and no reason to wait for the members of a run that was killed. */
async function hasCommitted(kafka: KafkaPort, group: string, topics: string): Promise<boolean> {
  const views = await kafka.metadata(topics.split(',').map((topic) => topic.trim()));
  const partitions = views.flatMap(({ topic, partitions }) =>
    partitions.map(({ partition }) => ({ topic, partition })),
  );
  return partitions.length > 0 && (await kafka.committed(group, partitions)).length > 0;
}

/** Static members stay in their group until their session ends, so an earlier run may hold it for that long. */
async function forgetGroup(
  kafka: KafkaPort,
  group: string,
  { say, patienceMs, interruption }: Patience,
): Promise<void> {
  const { Code, kafkaCodeOf } = require('../../kafka') as typeof import('../../kafka');
  const deadline = Date.now() + patienceMs;
  for (let told = false; !interruption.aborted.aborted; told = true) {
    try {
      await kafka.admin.deleteGroups([group]);
      return;
    } catch (error) {
      if (kafkaCodeOf(error) !== Code.NON_EMPTY_GROUP || Date.now() > deadline) throw error;
      if (!told) say(`Waiting until an earlier run has left the group ${group} …`);
      await Promise.race([new Promise((resolve) => setTimeout(resolve, POLL_MS)), interruption.signalled]);
    }
  }
}
