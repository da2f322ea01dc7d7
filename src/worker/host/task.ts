/** One task on this worker, from its configuration as stored to a running data plane. */
import type { SinkLag, StuckCall } from '../../flow';
import { causeChain } from '../../kernel';
import { frameworkDef } from '../connector-config';
import { hintField, NO_PROGRESS } from '../connector-status';
import { resolveAsConnect } from '../references';
import { type RunningTask, startTask, type TaskSpec } from '../task-runner';
import type { Progress, TaskId, TaskStatusState } from '../worker-view';
import type { DesiredTask, HostEnvironment, HostEvents } from './types';

export class HostedTask {
  readonly id: TaskId;
  readonly desired: DesiredTask;
  /** Settles when the task has ended; rejects when it failed. */
  readonly done: Promise<void>;
  #running: RunningTask | null = null;
  #error: Error | null = null;
  #version: string | null = null;
  #paused: boolean;
  #stopped = false;
  readonly #environment: HostEnvironment;
  readonly #events: HostEvents;

  /** Starts at once; whatever goes wrong shows as FAILED. */
  constructor(desired: DesiredTask, environment: HostEnvironment, events: HostEvents) {
    this.id = desired.id;
    this.desired = desired;
    this.#paused = desired.paused;
    this.#environment = environment;
    this.#events = events;
    this.done = this.#run();
    this.done.catch(() => {});
  }

  get state(): TaskStatusState {
    if (this.#error !== null) return 'FAILED';
    return this.#running?.state ?? 'UNASSIGNED';
  }

  get error(): Error | null {
    return this.#error ?? this.#running?.error ?? null;
  }

  get waiting(): string | null {
    return this.#running?.waiting ?? null;
  }

  /** The call of the plug-in that does not come back, null when none is stuck. */
  get stuckIn(): StuckCall | null {
    return this.#running?.stuckIn ?? null;
  }

  /** Of a sink that has partitions; else null. */
  get lag(): SinkLag | null {
    return this.#running?.lag ?? null;
  }

  get progress(): Progress {
    return this.#running?.progress ?? NO_PROGRESS;
  }

  /** Of the plug-in; null before it is loaded. */
  get version(): string | null {
    return this.#version;
  }

  get paused(): boolean {
    return this.#paused;
  }

  set paused(paused: boolean) {
    if (this.#paused === paused) return;
    this.#paused = paused;
    if (paused) this.#running?.pause();
    else this.#running?.resume();
  }

  /** Returns within the time given; what still runs then is left behind, its commits and states suppressed. */
  async stop(graceMs: number, forGood: boolean): Promise<void> {
    this.#stopped = true;
    await this.#running?.stop(graceMs, forGood);
  }

  async #run(): Promise<void> {
    const spec = await this.#prepare().catch((error: unknown) => this.#fail(error));
    if (this.#stopped) return;
    const onChange = (): void => {
      if (!this.#stopped) this.#events.taskChanged(this);
    };
    this.#running = startTask(spec, this.#environment, { paused: this.#paused, onChange });
    return this.#running.done;
  }

  async #prepare(): Promise<TaskSpec> {
    const { id, desired } = this;
    const { catalog, providers } = this.#environment;
    const { config: connectorConfig } = await resolveAsConnect(desired.connectorConfig, providers);
    const { config } = await resolveAsConnect(desired.config, providers);
    const plugin = await catalog.find('connector', connectorConfig['connector.class'] ?? '');
    this.#version = plugin.version;
    const { 'task.class': _, ...own } = config;
    const spec: TaskSpec = {
      ...id,
      plugin,
      framework: frameworkDef(plugin.kind).parse(connectorConfig),
      connectorConfig,
      config: Object.freeze(own),
      usedTopics: this.#topicNotes(),
    };
    await this.#events.admitTask(spec);
    return spec;
  }

  /** Tells of a topic when it is used first: the runner notes each batch. */
  #topicNotes(): TaskSpec['usedTopics'] {
    const known = new Set<string>();
    return {
      add: (topic) => {
        if (known.has(topic) || this.#stopped) return;
        known.add(topic);
        this.#events.topicUsed(topic, this.id);
      },
    };
  }

  #fail(error: unknown): never {
    const failure = error instanceof Error ? error : new Error(String(error));
    this.#error = failure;
    const { connector, task } = this.id;
    this.#environment.logger.error(
      { connector, task, ...hintField(error) },
      `Task ${connector}-${task} failed: ${causeChain(error).join(': ')}`,
    );
    if (!this.#stopped) this.#events.taskChanged(this);
    throw failure;
  }
}
