/** A herder in memory: connectors run at once, and nothing is behind them. What steers it is public. */
import { MillraceError } from '../../src/kernel';
import {
  type ConnectorInfo,
  type ConnectorStateInfo,
  type GivenConfig,
  type Herder,
  type InternalSignature,
  InvalidConnectorError,
  type OffsetChange,
  RefusedError,
  type Stage,
  type TargetState,
  type TaskId,
} from '../../src/worker';
import { plugins } from '../worker/fakes';

interface Kept {
  config: Record<string, string>;
  target: TargetState;
  offsets: Map<string, OffsetChange>;
}

const notFound = (message: string) => new MillraceError('NOT_FOUND', message);
const STATES = { STARTED: 'RUNNING', PAUSED: 'PAUSED', STOPPED: 'STOPPED' } as const;

export class FakeHerder implements Herder {
  readonly kept = new Map<string, Kept>();
  /** Thrown by everything that changes something. */
  refusal: Error | null = null;
  /** Nothing that takes time ends. */
  hangs = false;
  current: Stage | null = null;
  readonly restarted: string[] = [];
  readonly internal: { name: string; tasks: readonly GivenConfig[] | null; signature: InternalSignature }[] =
    [];
  readonly levels: (readonly [string, string, string])[] = [];

  constructor(readonly workerId = 'h:8083') {}

  async #act<T>(act: () => T): Promise<T> {
    if (this.hangs) await new Promise(() => {});
    if (this.refusal !== null) throw this.refusal;
    return act();
  }

  #find(name: string, message = `Connector ${name} not found`): Kept {
    const found = this.kept.get(name);
    if (found === undefined) throw notFound(message);
    return found;
  }

  info = async () => ({ version: '4.1.1', commit: 'x', kafka_cluster_id: 'k' });
  health = () => ({ status: 'healthy', stage: null }) as const;
  problems = () => [];
  connectors = () => [...this.kept.keys()].sort();

  connector(name: string): ConnectorInfo {
    const { config, target } = this.#find(name);
    const tasks = target === 'STARTED' ? [{ connector: name, task: 0 }] : [];
    return { name, config, tasks, type: 'source' };
  }

  config = (name: string) => this.#find(name).config;

  status(name: string): ConnectorStateInfo | null {
    const found = this.kept.get(name);
    if (found === undefined) return null;
    const row = { worker_id: this.workerId, version: '1.0.0' };
    const tasks = found.target === 'STARTED' ? [{ id: 0, state: 'RUNNING' as const, ...row }] : [];
    return { name, connector: { state: STATES[found.target], ...row }, tasks, type: 'source' };
  }

  tasks = (name: string) => this.connector(name).tasks.map((id) => ({ id, config: this.config(name) }));
  topics = () => [];
  offsets = (name: string) =>
    this.#act(() =>
      [...this.#find(name).offsets.values()].map(({ partition, offset }) => ({
        partition: partition ?? {},
        offset: offset ?? {},
      })),
    );
  progress = () => ({ records: 0, skipped: 0, firstRecordAt: null, lastRecordAt: null });
  plugins = async () => plugins;

  #checked(config: GivenConfig): Record<string, string> {
    const bad = Object.entries(config).filter(([, value]) => value === null);
    if (bad.length > 0)
      throw new InvalidConnectorError('Null value can not be supplied as the configuration value.');
    return config as Record<string, string>;
  }

  createConnector(name: string, config: GivenConfig, initialState: TargetState | null) {
    return this.#act(() => {
      if (this.kept.has(name)) throw new MillraceError('CONFLICT', `Connector ${name} already exists`);
      const kept = { config: this.#checked(config), target: initialState ?? 'STARTED', offsets: new Map() };
      this.kept.set(name, kept);
      return { ...this.connector(name), tasks: [] };
    });
  }

  putConnector(name: string, config: GivenConfig) {
    return this.#act(() => {
      const before = this.kept.get(name);
      const kept = before ?? { config: {}, target: 'STARTED' as const, offsets: new Map() };
      this.kept.set(name, { ...kept, config: this.#checked(config) });
      return { created: before === undefined, info: this.connector(name) };
    });
  }

  patchConnector(name: string, patch: GivenConfig) {
    return this.#act(() => {
      const kept = this.#find(name);
      const merged = Object.entries({ ...kept.config, ...patch }).filter(([, value]) => value !== null);
      kept.config = Object.fromEntries(merged) as Record<string, string>;
      return { info: this.connector(name) };
    });
  }

  deleteConnector = (name: string) =>
    this.#act(() => {
      this.#find(name);
      this.kept.delete(name);
    });

  validate = (config: GivenConfig) =>
    this.#act(() => {
      const name = config['connector.class'];
      if (!name) throw new RefusedError(400, 'Connector config {} contains no connector type');
      return { name, error_count: 0, groups: [], configs: [] };
    });

  setTarget = (name: string, target: TargetState) =>
    this.#act(() => {
      this.#find(name, `Unknown connector ${name}`).target = target;
    });

  restartConnector = (name: string) =>
    this.#act(() => {
      this.#find(name, `Unknown connector: ${name}`);
      this.restarted.push(name);
    });

  restartConnectorAndTasks(name: string, options: { includeTasks: boolean; onlyFailed: boolean }) {
    return this.#act(() => {
      this.#find(name, `Unknown connector: ${name}`);
      this.restarted.push(`${name} ${options.includeTasks} ${options.onlyFailed}`);
      const status = this.status(name)!;
      return { ...status, connector: { ...status.connector, state: 'RESTARTING' as const } };
    });
  }

  restartTask = ({ connector, task }: TaskId) =>
    this.#act(() => {
      this.#find(connector, `Unknown connector: ${connector}`);
      if (task !== 0) throw notFound(`Unknown task: ${connector}-${task}`);
      this.restarted.push(`${connector}-${task}`);
    });

  alterOffsets = (name: string, changes: readonly OffsetChange[] | null) =>
    this.#act(() => {
      const { offsets, target } = this.#find(name);
      if (target !== 'STOPPED') throw new RefusedError(400, 'Connectors must be in the STOPPED state');
      if (changes === null) offsets.clear();
      for (const change of changes ?? []) offsets.set(String(Object.values(change.partition ?? {})), change);
      return 'The offsets for this connector have been altered successfully';
    });

  resetTopics = () => this.#act(() => undefined);

  setLoggerLevel = (namespace: string, level: string, scope: 'worker' | 'cluster') =>
    this.#act(() => {
      this.levels.push([namespace, level, scope]);
      return [namespace];
    });

  putTasks = (name: string, tasks: readonly GivenConfig[], signature: InternalSignature) =>
    this.#act(() => void this.internal.push({ name, tasks, signature }));

  fenceZombies = (name: string, signature: InternalSignature) =>
    this.#act(() => void this.internal.push({ name, tasks: null, signature }));

  healthCheck = () => this.#act(() => undefined);
  stage = () => this.current;
}
