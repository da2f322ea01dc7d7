/** A herder's place in the group of workers: what the group says, in the words of the herder. */
import type { KafkaPort } from '../../kafka/port';
import type { Config, Logger, Metrics } from '../../kernel';
import type { ConfigView } from '../distributed/config-view';
import { type MemberAssignment, WorkerMembership } from '../distributed/membership';
import { keyOfTask, type Work } from '../distributed/work';
import type { Assignment, Membership, MembershipEvents } from '../membership';
import type { ConfigStore } from '../storage/types';

export interface GroupMembershipOptions {
  readonly kafka: Pick<KafkaPort, 'group'>;
  /** Of the worker. */
  readonly config: Config;
  readonly configs: ConfigStore;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** Where other workers reach this one; asked once it joins. */
  url(): string;
  /** After each round, before its work starts. */
  onRound(): Promise<void>;
  /** The worker has no place in the group any more, and will not get one. */
  onFatal(error: Error): void;
}

export class GroupMembership implements Membership {
  readonly #options: GroupMembershipOptions;
  #group: WorkerMembership | null = null;

  constructor(options: GroupMembershipOptions) {
    this.#options = options;
  }

  /** Not while another one may have been made leader without this worker knowing. */
  get isLeader(): boolean {
    return this.isCurrent && this.#group!.isLeader;
  }

  get leaderUrl(): string | null {
    return this.isCurrent ? this.#group!.leaderUrl : null;
  }

  get generation(): number {
    return this.#group?.generation ?? -1;
  }

  get isCurrent(): boolean {
    return this.#group?.isCurrent ?? false;
  }

  get rebalancing(): boolean {
    return this.#group?.rebalancing ?? true;
  }

  async start(events: MembershipEvents): Promise<void> {
    const { config, kafka, configs, logger, metrics, url, onRound, onFatal } = this.#options;
    await new Promise<void>((resolve) => {
      this.#group = new WorkerMembership({
        kafka,
        url: url(),
        groupId: config.string('group.id'),
        instanceId: config.optionalString('worker.instance.id') ?? undefined,
        sessionTimeoutMs: config.number('session.timeout.ms'),
        heartbeatMs: config.number('heartbeat.interval.ms'),
        rebalanceTimeoutMs: config.number('rebalance.timeout.ms'),
        maxDelayMs: config.number('scheduled.rebalance.max.delay.ms'),
        unsyncBackoffMs: config.number('worker.unsync.backoff.ms'),
        config: viewOf(configs, config.number('worker.sync.timeout.ms')),
        standIn: true,
        logger,
        metrics,
        onAssignment: async (assignment) => {
          await onRound();
          await events.assigned(assignmentOf(assignment));
          resolve();
        },
        onLost: () => events.lost(),
        onFatal,
      });
      this.#group.start();
    });
  }

  ownerUrl(connector: string, task: number): string | null {
    const owner = this.#group?.cluster.find(({ work }) => includes(work, connector, task));
    return owner?.url ?? null;
  }

  workers(): readonly string[] | null {
    const cluster = this.#group?.cluster ?? [];
    return this.isLeader && cluster.length > 0 ? cluster.map(({ url }) => url) : null;
  }

  requestRejoin(): void {
    this.#group?.requestRejoin();
  }

  problems(): readonly string[] {
    if (this.#group === null || this.generation >= 0) return [];
    return [`the worker is not in its group ${this.#options.config.string('group.id')}`];
  }

  async stop(): Promise<void> {
    await this.#group?.stop();
  }
}

const includes = ({ connectors, tasks }: Work, connector: string, task: number): boolean =>
  task < 0
    ? connectors.includes(connector)
    : tasks.some((each) => each.connector === connector && each.task === task);

function assignmentOf({ current }: MemberAssignment): Assignment {
  const connectors = new Set(current.connectors);
  const tasks = new Set(current.tasks.map(keyOfTask));
  return { hasConnector: (name) => connectors.has(name), hasTask: (id) => tasks.has(keyOfTask(id)) };
}

function viewOf(configs: ConfigStore, timeoutMs: number): ConfigView {
  const { state } = configs;
  return {
    snapshot: () => ({
      offset: state.offset,
      connectors: state.connectors(),
      tasks: (name) => state.tasks(name).map((_, task) => task),
    }),
    async catchUp(offset) {
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, timeoutMs)));
      await Promise.race([configs.readToEnd(), late]).finally(() => clearTimeout(timer));
      return state.offset >= offset;
    },
  };
}
