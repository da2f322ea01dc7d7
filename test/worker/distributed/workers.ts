/** Workers of one group in this process; what they run are names in a set. */
import type { KafkaPort } from '../../../src/kafka';
import { NO_METRICS, SILENT } from '../../../src/kernel';
import type { ConfigSnapshot, ConfigView } from '../../../src/worker/distributed/config-view';
import {
  type MemberAssignment,
  type MembershipOptions,
  WorkerMembership,
} from '../../../src/worker/distributed/membership';
import { keyOfTask, type Work } from '../../../src/worker/distributed/work';

export const keysOf = ({ connectors, tasks }: Work): string[] => [...connectors, ...tasks.map(keyOfTask)];

/** The log of configurations that all workers read. */
export class FakeLog {
  offset = 0;
  readonly tasks = new Map<string, number>();

  /** 0 tasks: the connector is removed. */
  put(connector: string, tasks: number): void {
    this.offset++;
    if (tasks === 0) this.tasks.delete(connector);
    else this.tasks.set(connector, tasks);
  }

  snapshot(): ConfigSnapshot {
    const tasks = new Map(this.tasks);
    return {
      offset: this.offset,
      connectors: [...tasks.keys()],
      tasks: (connector) => Array.from({ length: tasks.get(connector) ?? 0 }, (_, task) => task),
    };
  }
}

export class FakeConfig implements ConfigView {
  readonly #log: FakeLog;
  #seen: ConfigSnapshot;
  /** Cannot read. */
  stuck = false;
  catchUps = 0;

  constructor(log: FakeLog) {
    this.#log = log;
    this.#seen = log.snapshot();
  }

  snapshot(): ConfigSnapshot {
    return this.#seen;
  }

  read(): void {
    this.#seen = this.#log.snapshot();
  }

  async catchUp(offset: number): Promise<boolean> {
    this.catchUps++;
    if (!this.stuck) this.read();
    return this.#seen.offset >= offset;
  }
}

/** Who runs what now, and what ever ran twice at once. */
export class Witness {
  readonly running = new Map<string, string>();
  readonly twice: string[] = [];

  start(key: string, worker: string): void {
    const other = this.running.get(key);
    if (other !== undefined) this.twice.push(`${key} on ${other} and ${worker}`);
    this.running.set(key, worker);
  }

  stop(key: string, worker: string): void {
    if (this.running.get(key) === worker) this.running.delete(key);
  }
}

export class TestWorker {
  readonly membership: WorkerMembership;
  readonly config: FakeConfig;
  readonly runs = new Set<string>();
  readonly assignments: MemberAssignment[] = [];
  readonly losses: string[] = [];
  fatal: Error | null = null;

  constructor(
    readonly url: string,
    readonly kafka: KafkaPort,
    groupId: string,
    log: FakeLog,
    readonly witness: Witness,
    options: Partial<MembershipOptions> = {},
  ) {
    this.config = new FakeConfig(log);
    this.membership = new WorkerMembership({
      kafka,
      groupId,
      url,
      config: this.config,
      heartbeatMs: 100,
      sessionTimeoutMs: 6000,
      maxDelayMs: 0,
      logger: SILENT,
      metrics: NO_METRICS,
      onAssignment: (assignment) => this.take(assignment),
      onLost: (reason) => this.#lost(reason),
      onFatal: (error) => {
        this.fatal = error;
      },
      ...options,
    });
    this.membership.start();
  }

  take(assignment: MemberAssignment): void {
    this.assignments.push(assignment);
    for (const key of keysOf(assignment.revoked)) this.#stop(key);
    for (const key of keysOf(assignment.assigned)) {
      if (this.runs.has(key)) this.witness.twice.push(`${key} twice on ${this.url}`);
      this.runs.add(key);
      this.witness.start(key, this.url);
    }
  }

  #stop(key: string): void {
    this.runs.delete(key);
    this.witness.stop(key, this.url);
  }

  #lost(reason: string): void {
    this.losses.push(reason);
    for (const key of [...this.runs]) this.#stop(key);
  }

  get tasks(): number {
    return [...this.runs].filter((key) => /-\d+$/.test(key)).length;
  }

  /** Reads what was configured and tells the group. */
  refresh(): void {
    this.config.read();
    this.membership.requestRejoin();
  }

  /** As a process that is killed: the group is not told. */
  async kill(): Promise<void> {
    await this.kafka.close();
    this.#lost('killed');
  }
}
