/**
 * A worker's place in its group: joins, says what it runs, is told what to run, and, when it leads, decides for all.
 *
 * Incremental and cooperative (KIP-415): what runs goes on while a join is pending. Other than on JVM workers an
 * assignment names all that the member is to run, not just what is new: then one that is given out again (a static member
 * that has restarted, a join that changed nothing) means the same, and a member that gave up its work meanwhile has it back.
 */
import type { GroupIdentity, GroupMember, KafkaPort } from '../../kafka/port';
import { createBackoff, DataError, type Logger, type Metrics } from '../../kernel';
import { type ConfigView, isReadTo } from './config-view';
import { type ClusterMember, Leader } from './leader';
import { RebalanceMetrics } from './membership-metrics';
import {
  type Assignment,
  type AssignmentError,
  CONFIG_MISMATCH,
  decodeAssignment,
  encodeMetadata,
  PROTOCOL,
  PROTOCOL_TYPE,
  type Version,
} from './protocol';
import { commonWork, isNoWork, joinWork, NO_WORK, type Work, withoutWork } from './work';

export interface MembershipOptions {
  readonly kafka: Pick<KafkaPort, 'group'>;
  readonly groupId: string;
  /** Where other workers reach this one. */
  readonly url: string;
  /** `worker.instance.id`: who restarts with it has its place back at once (KIP-345). */
  readonly instanceId?: string;
  /** 10 s unless given. */
  readonly sessionTimeoutMs?: number;
  /** 1 s unless given. */
  readonly heartbeatMs?: number;
  /** 60 s unless given: so long may work that was revoked take to stop. */
  readonly rebalanceTimeoutMs?: number;
  /** `scheduled.rebalance.max.delay.ms`: how long lost work waits for its worker; 300 s unless given. */
  readonly maxDelayMs?: number;
  /** `worker.unsync.backoff.ms`: a worker that cannot read the configurations leaves the group for so long; 300 s unless given. */
  readonly unsyncBackoffMs?: number;
  /** Keeps the place while a task holds up the process. */
  readonly standIn?: boolean;
  /** For tests with JVM workers. */
  readonly protocol?: typeof PROTOCOL | 'sessioned' | 'compatible';
  readonly config: ConfigView;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /**
   * After each round. To resolve once what was revoked has stopped: only then the member asks for the next round, which
   * gives it to others. What was assigned need not run by then. A rejection is final.
   */
  onAssignment(assignment: MemberAssignment): Promise<void> | void;
  /**
   * Everything is to stop: it may be somebody else's by now (`lost`: thrown out, or cut off from Kafka for a session), or
   * will be when this resolves (`leave`: by `stop`).
   */
  onLost(reason: 'lost' | 'leave'): Promise<void> | void;
  /** Refused by Kafka, or another process has taken the place of this one: the membership has ended. */
  onFatal(error: Error): void;
}

export interface MemberAssignment {
  /** What is to start. */
  readonly assigned: Work;
  /** What is to stop. */
  readonly revoked: Work;
  /** All that is to run from now on. */
  readonly current: Work;
  readonly leaderId: string;
  readonly leaderUrl: string;
  readonly isLeader: boolean;
  readonly generation: number;
  /** What the assignment was made from; this worker has read that far, too. */
  readonly configOffset: number;
  /** CONFIG_MISMATCH: nothing changes; the group is asked again. */
  readonly error: AssignmentError;
  /** Until the next round, when work waits for a worker that was lost; 0: no work does. */
  readonly delayMs: number;
}

const SESSION_TIMEOUT_MS = 10_000;
const MAX_DELAY_MS = 300_000;
const UNSYNC_BACKOFF_MS = 300_000;
/** As Kafka Connect: so often a worker tries to read the configurations before it gives its work to others. */
const CATCH_UP_TRIES = 5;

/** So many times as long as a round takes no other one is wished for. */
const WISH_PAUSE = 3;
/** Rounds of several workers take long because they hear of them by their heartbeats, not for the work they make. */
const MAX_WISH_PAUSE_MS = 100;

/** The member is not started yet. Do not await `stop` in a callback: it waits for callbacks. */
export class WorkerMembership {
  readonly #options: MembershipOptions;
  readonly #logger: Logger;
  readonly #leader: Leader;
  readonly #metrics: RebalanceMetrics;
  readonly #version: Version;
  readonly #backoff = createBackoff({ initialMs: 250, maxMs: 10_000 });
  #member: GroupMember;
  #last: Assignment | null = null;
  #current: Work = NO_WORK;
  #rebalancing = true;
  /** Generation in which this member asked for the next one because of what was revoked. */
  #askedAfter = -1;
  #failedTries = 0;
  #timer: NodeJS.Timeout | undefined;
  /** A wish for another round that waits. */
  #wish: NodeJS.Timeout | undefined;
  /** `performance.now()` */
  #nextWishAt = 0;
  #stopped = false;

  constructor(options: MembershipOptions) {
    const { groupId, url, config, maxDelayMs = MAX_DELAY_MS } = options;
    this.#options = options;
    this.#logger = options.logger.child({ group: groupId });
    this.#version = options.protocol === 'compatible' ? 1 : 2;
    this.#leader = new Leader({ url, config, maxDelayMs, version: this.#version, logger: this.#logger });
    this.#metrics = new RebalanceMetrics(options.metrics, this);
    this.#member = this.#newMember();
  }

  get memberId(): string | null {
    return this.#member.identity?.memberId ?? null;
  }

  /** -1 while out of the group. */
  get generation(): number {
    return this.#member.identity?.generation ?? -1;
  }

  get leaderId(): string | null {
    return this.#last?.leaderId ?? null;
  }

  get leaderUrl(): string | null {
    return this.#last?.leaderUrl ?? null;
  }

  get isLeader(): boolean {
    return this.#last !== null && this.#leads(this.#last, this.memberId);
  }

  /** All workers as of the last round; empty on others than the leader. */
  get cluster(): readonly ClusterMember[] {
    return this.#leader.members;
  }

  get current(): Work {
    return this.#current;
  }

  get rebalancing(): boolean {
    return this.#rebalancing;
  }

  get metrics(): RebalanceMetrics {
    return this.#metrics;
  }

  /**
   * Whether what was assigned is sure to be this worker's still. False at once in a process that was stopped for longer
   * than its session, even before `onLost`.
   */
  get isCurrent(): boolean {
    return this.#last !== null && this.#member.sessionLeftMs > 0;
  }

  start(): void {
    this.#member.start();
  }

  /**
   * Asks for another round. Kafka begins one when the leader asks, or when a member has something new to say (it has
   * read more configurations, or runs something else). The first wish is carried out at once. A round is work for every
   * worker, the more, the more there is to run: so the next wish waits, and others join it.
   */
  requestRejoin(): void {
    if (this.#wish !== undefined) return;
    this.#wish = setTimeout(() => this.#member.rejoin(), Math.max(0, this.#nextWishAt - performance.now()));
  }

  /** What is said in a round that begins now is what another one was wished for. */
  #wishFulfilled(): void {
    clearTimeout(this.#wish);
    this.#wish = undefined;
  }

  /** Has the work given up, then leaves. Static members leave only if asked to. */
  async stop(options: { readonly leave?: boolean } = {}): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    this.#wishFulfilled();
    await this.#member.stop(options);
    this.#metrics.close();
  }

  #newMember(): GroupMember {
    const {
      kafka,
      groupId,
      instanceId,
      heartbeatMs,
      rebalanceTimeoutMs,
      protocol = PROTOCOL,
    } = this.#options;
    return kafka.group({
      groupId,
      instanceId,
      heartbeatMs,
      rebalanceTimeoutMs,
      protocolType: PROTOCOL_TYPE,
      sessionTimeoutMs: this.#options.sessionTimeoutMs ?? SESSION_TIMEOUT_MS,
      lostWhenSilent: true,
      standIn: this.#options.standIn,
      protocols: () => {
        this.#wishFulfilled();
        return [{ name: protocol, metadata: this.#metadata() }];
      },
      assign: (_protocol, peers, leaderId) => this.#leader.assign(leaderId, peers),
      onAssigned: (bytes, identity) => this.#told(bytes, identity),
      onRevoked: (reason) => this.#revoked(reason),
      onFatal: (error) => this.#died(error),
    });
  }

  #metadata(): Buffer {
    const { url, config } = this.#options;
    const configOffset = config.snapshot().offset;
    const last = isNoWork(this.#current) ? null : this.#last;
    const current = last && { ...last, assigned: this.#current, revoked: NO_WORK, delayMs: 0 };
    return encodeMetadata({ url, configOffset, current }, this.#version);
  }

  async #told(bytes: Buffer, identity: GroupIdentity): Promise<void> {
    clearTimeout(this.#timer);
    const assignment = this.#read(bytes);
    if (assignment === null) return this.#tryAgain();
    if (!this.#leads(assignment, identity.memberId)) this.#leader.forget();
    if (assignment.error === CONFIG_MISMATCH) return this.#mismatched(assignment, identity);
    const isReady = await isReadTo(assignment.configOffset, this.#options.config);
    await this.#take(assignment, identity, isReady);
    if (!isReady) return this.#tryAgain();
    this.#failedTries = 0;
    this.#backoff.reset();
    this.#askForNext(assignment, identity);
  }

  /** Null when it is not understood: everything goes on then. */
  #read(bytes: Buffer): Assignment | null {
    try {
      return decodeAssignment(bytes);
    } catch (error) {
      if (!(error instanceof DataError)) throw error;
      this.#logger.error({ err: error }, 'The leader of the group is not understood; asking again');
      return null;
    }
  }

  /** By URL, too: a static member that took its own place has a new id, of which the last assignment knows nothing. */
  #leads({ leaderId, leaderUrl }: Assignment, memberId: string | null): boolean {
    return (
      leaderId === memberId || (this.#options.instanceId !== undefined && leaderUrl === this.#options.url)
    );
  }

  async #mismatched(assignment: Assignment, identity: GroupIdentity): Promise<void> {
    const { configOffset } = assignment;
    this.#logger.warn(
      { configOffset },
      'The leader has not read all configurations; the group is asked again',
    );
    await this.#options.onAssignment(this.#report(assignment, identity, NO_WORK, NO_WORK));
    await isReadTo(configOffset, this.#options.config);
    this.#rejoinAfter(this.#backoff.next());
  }

  /** Without the configurations nothing starts; what is to stop stops all the same. */
  async #take(assignment: Assignment, identity: GroupIdentity, isReady: boolean): Promise<void> {
    const before = this.#current;
    const target = this.#targetOf(assignment);
    const revoked = withoutWork(before, target);
    const assigned = isReady ? withoutWork(target, before) : NO_WORK;
    this.#current = isReady ? target : commonWork(before, target);
    this.#last = assignment;
    await this.#options.onAssignment(this.#report(assignment, identity, assigned, revoked));
    this.#rebalancing = false;
    const tookMs = this.#metrics.complete();
    this.#nextWishAt = performance.now() + Math.min(MAX_WISH_PAUSE_MS, WISH_PAUSE * tookMs);
    const { leaderUrl } = assignment;
    this.#logger.debug({ generation: identity.generation, leaderUrl, assigned, revoked }, 'Assigned');
  }

  #targetOf({ assigned, revoked }: Assignment): Work {
    const { protocol = PROTOCOL } = this.#options;
    return protocol === PROTOCOL ? assigned : joinWork(withoutWork(this.#current, revoked), assigned);
  }

  #report(
    assignment: Assignment,
    { memberId, generation }: GroupIdentity,
    assigned: Work,
    revoked: Work,
  ): MemberAssignment {
    const { leaderId, leaderUrl, configOffset, error, delayMs } = assignment;
    const isLeader = this.#leads(assignment, memberId);
    const common = { leaderId, leaderUrl, isLeader, generation, configOffset, error, delayMs };
    return { assigned, revoked, current: this.#current, ...common };
  }

  /**
   * Who has stopped what was revoked asks for the next round, once, since the same assignment may be given out again. When
   * a delay ends, the leader does.
   */
  #askForNext({ revoked, delayMs }: Assignment, { generation }: GroupIdentity): void {
    if (!isNoWork(revoked) && this.#askedAfter !== generation) {
      this.#askedAfter = generation;
      this.#member.rejoin();
    } else if (this.isLeader && delayMs > 0) {
      this.#rejoinAfter(delayMs);
    }
  }

  #rejoinAfter(ms: number): void {
    if (this.#stopped) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#member.rejoin(), ms);
  }

  /** The configurations could not be read; Kafka answers the next join with the same assignment. */
  #tryAgain(): void {
    if (++this.#failedTries <= CATCH_UP_TRIES) {
      this.#rejoinAfter(this.#backoff.next());
      return;
    }
    const ms = this.#options.unsyncBackoffMs ?? UNSYNC_BACKOFF_MS;
    this.#logger.error(
      { backoffMs: ms },
      'The configurations cannot be read; this worker leaves the group for a while',
    );
    if (!this.#stopped) this.#timer = setTimeout(() => void this.#rest(ms), 0);
  }

  /** Out of the group, so that other workers have the work. */
  async #rest(ms: number): Promise<void> {
    await this.#member.stop({ leave: true });
    if (this.#stopped) return;
    this.#failedTries = 0;
    this.#timer = setTimeout(() => {
      this.#member = this.#newMember();
      this.#member.start();
    }, ms);
  }

  async #revoked(reason: 'rebalance' | 'lost' | 'leave'): Promise<void> {
    this.#rebalancing = true;
    this.#metrics.begin();
    if (reason === 'rebalance') return;
    this.#forget();
    if (reason === 'lost') this.#logger.warn({}, 'This worker was out of its group: everything stops here');
    await this.#options.onLost(reason);
  }

  #forget(): void {
    clearTimeout(this.#timer);
    this.#leader.forget();
    this.#last = null;
    this.#current = NO_WORK;
  }

  #died(error: Error): void {
    this.#forget();
    this.#options.onFatal(error);
  }
}
