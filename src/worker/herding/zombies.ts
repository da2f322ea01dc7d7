/** Fences older instances of the tasks of an exactly-once source, before a new set of them starts (KIP-618). */
import { MillraceError } from '../../kernel';
import { producerSettings } from '../client-settings';
import { resolveReferences } from '../references';
import { transactionalId } from '../source-offsets';
import type { Core } from './core';
import { configOf } from './views';

/**
 * On the leader. The count in the config topic says how many tasks may have written; a first set and one task after one
 * need no fencing, since a task fences its own predecessor.
 */
export async function fenceZombies(core: Core, groupId: string, name: string): Promise<void> {
  const { configs } = core;
  await core.writes.run(async () => {
    configOf(core, name);
    if (!configs.state.fencingDue(name)) return;
    const before = configs.state.fencedTasks(name);
    const tasks = configs.state.tasks(name);
    if (before !== null && !(before === 1 && tasks.length === 1)) {
      await core.stages.run(`fencing out zombie tasks of connector ${name}`, () =>
        fenceTasks(core, groupId, name),
      );
    }
    if (configs.state.tasks(name) !== tasks) throw changedMeanwhile(name);
    await configs.putFencedTasks(name, tasks.length);
  });
}

const changedMeanwhile = (name: string): MillraceError =>
  new MillraceError(
    'CONFLICT',
    `Failed to perform zombie fencing for source connector ${name} prior to starting its tasks, since its task configurations changed meanwhile`,
  );

/** All that may have written since the connector exists. */
export async function fenceTasks(core: Core, groupId: string, name: string): Promise<void> {
  const count = core.configs.state.fencedTasks(name) ?? 0;
  const ids = Array.from({ length: count }, (_, task) => transactionalId(groupId, { connector: name, task }));
  await fence(core, configOf(core, name), ids);
}

/** Beginning to use a transactional id ends what its older producers have open, and their writing. */
async function fence(
  core: Core,
  config: Readonly<Record<string, string>>,
  ids: readonly string[],
): Promise<void> {
  const { worker, clients, providers } = core.parts.environment;
  const { config: resolved } = await resolveReferences(config, providers);
  const kafka = clients.port(producerSettings(worker, resolved).connection);
  await Promise.all(
    ids.map(async (id) => {
      const producer = kafka.producer({ transactionalId: id });
      try {
        await producer.transaction!.init();
      } finally {
        await producer.close();
      }
    }),
  );
}
