/** Changes of what the cluster is to run: checked, then written by the leader, one after the other. */
import { MillraceError } from '../../kernel';
import { type GivenConfig, OtherWorkerError } from '../herder';
import type { TargetState } from '../lifecycle';
import type { Change, ChangeKind, Origin } from '../operations/changes';
import { isScheduled } from '../own-keys';
import type { RawConfig } from '../storage/types';
import type { ConnectorInfo } from '../worker-view';
import type { Core } from './core';
import { configOf, connectorInfo, notFound } from './views';

/** Throws InvalidConnectorError, for null values too. */
export type CheckConfig = (config: GivenConfig) => Promise<void>;

/** Throws OtherWorkerError unless this worker leads. */
export function requireLeader(core: Core): void {
  const { isLeader, leaderUrl } = core.membership;
  if (!isLeader) throw new OtherWorkerError(leaderUrl);
}

export async function createConnector(
  core: Core,
  check: CheckConfig,
  name: string,
  given: GivenConfig,
  target: TargetState | undefined,
  origin: Origin | null = null,
): Promise<ConnectorInfo> {
  const config = await checkConfig(core, check, name, given);
  requireLeader(core);
  await core.writes.run(async () => {
    if (core.configs.state.config(name) !== null) throw alreadyExists(name);
    await write(core, name, config, { target, origin });
  });
  return connectorInfo(core, name);
}

const alreadyExists = (name: string): MillraceError =>
  new MillraceError('CONFLICT', `Connector ${name} already exists`, { retriable: false });

export async function putConnector(
  core: Core,
  check: CheckConfig,
  name: string,
  given: GivenConfig,
  origin: Origin | null = null,
): Promise<{ created: boolean; info: ConnectorInfo }> {
  const config = await checkConfig(core, check, name, given);
  requireLeader(core);
  const created = await core.writes.run(async () => {
    const isNew = core.configs.state.config(name) === null;
    await write(core, name, config, { origin });
    return isNew;
  });
  return { created, info: connectorInfo(core, name) };
}

export async function patchConnector(
  core: Core,
  check: CheckConfig,
  name: string,
  patch: GivenConfig,
  origin: Origin | null = null,
): Promise<{ info: ConnectorInfo }> {
  requireLeader(core);
  configOf(core, name);
  const patched = (): RawConfig => applyPatch(configOf(core, name), patch);
  await checkConfig(core, check, name, patched());
  // Patched anew: somebody else's change meanwhile is kept.
  await core.writes.run(() => write(core, name, patched(), { origin, kind: 'patched' }));
  return { info: connectorInfo(core, name) };
}

function applyPatch(config: RawConfig, patch: GivenConfig): RawConfig {
  const patched: Record<string, string> = { ...config };
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete patched[key];
    else patched[key] = value;
  }
  return patched;
}

async function checkConfig(
  core: Core,
  check: CheckConfig,
  name: string,
  config: GivenConfig,
): Promise<RawConfig> {
  await core.stages.run(`performing multi-property validation for the connector ${name}`, () =>
    check(config),
  );
  return withoutNulls(config);
}

export const withoutNulls = (config: GivenConfig): RawConfig =>
  Object.fromEntries(Object.entries(config).filter((entry): entry is [string, string] => entry[1] !== null));

interface Written {
  readonly target?: TargetState;
  readonly origin: Origin | null;
  readonly kind?: ChangeKind;
}

async function write(
  core: Core,
  name: string,
  config: RawConfig,
  { target, origin, kind }: Written,
): Promise<void> {
  await core.learnClass(config['connector.class'] ?? '');
  const before = snapshot(core, name);
  await core.stages.run(`writing a config for connector ${name} to the config topic`, () =>
    core.configs.putConnector(name, config, target ?? (before === null ? firstTarget(config) : undefined)),
  );
  const known = origin?.revertOf === undefined ? kind : 'reverted';
  tell(core, name, known ?? (before === null ? 'created' : 'updated'), before, origin);
}

/** What runs by a schedule rests until its first load, unless somebody said otherwise. */
export const firstTarget = (config: RawConfig): TargetState | undefined =>
  isScheduled(config) ? 'PAUSED' : undefined;

function snapshot({ configs: { state } }: Core, name: string): Change['before'] {
  const config = state.config(name);
  return config === null ? null : { config, target: state.target(name) ?? 'STARTED' };
}

function tell(
  core: Core,
  connector: string,
  kind: ChangeKind,
  before: Change['before'],
  origin: Origin | null,
): void {
  core.onChange({ connector, kind, before, after: snapshot(core, connector), origin, at: Date.now() });
}

export async function deleteConnector(core: Core, name: string, origin: Origin | null = null): Promise<void> {
  requireLeader(core);
  await core.writes.run(async () => {
    configOf(core, name);
    const before = snapshot(core, name);
    await core.stages.run(`removing the config for connector ${name} from the config topic`, () =>
      core.configs.removeConnector(name),
    );
    tell(core, name, 'deleted', before, origin);
  });
  await core.reconcile(name);
}

/** Pausing and resuming is any worker's; a stop also empties the set of tasks, which is the leader's. */
export async function setTarget(
  core: Core,
  name: string,
  target: TargetState,
  origin: Origin | null = null,
): Promise<void> {
  if (target === 'STOPPED') requireLeader(core);
  const known = (): void => {
    if (core.configs.state.config(name) === null) throw notFound(`Unknown connector ${name}`);
  };
  if (target !== 'STOPPED') {
    known();
    const before = snapshot(core, name);
    if (target === 'STARTED' && before?.target !== 'STARTED') announceLoad(core, name);
    await core.configs.putTarget(name, target);
    return tell(core, name, 'target', before, origin);
  }
  await core.writes.run(async () => {
    known();
    const before = snapshot(core, name);
    await core.configs.putTasks(name, []);
    await core.configs.putTarget(name, 'STOPPED');
    tell(core, name, 'target', before, origin);
  });
  await core.reconcile(name);
}

/** The states of an earlier load must not be taken for the end of the next one. */
export function announceLoad(core: Core, name: string): void {
  const config = core.configs.state.config(name);
  if (config === null || !isScheduled(config)) return;
  for (const id of core.taskIds(name)) core.writer.taskRestarts(id);
}
