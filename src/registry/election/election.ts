/**
 * A node's part in choosing the one node that writes. Membership of the group says who should write; that nobody else can
 * is the work of the log's fence, which `takeOver` puts up. So nothing here has to be in time.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { GroupMember, GroupPeer, KafkaPort } from '../../kafka/port';
import {
  type Counter,
  createBackoff,
  DataError,
  isRetriable,
  type Logger,
  type Metrics,
  MillraceError,
} from '../../kernel';
import { leaderUnknown, NotPrimary } from '../errors';
import type { Primacy } from '../operations/primacy';
import { choosePrimary, type Member } from './choice';
import {
  decodeChoice,
  decodeIdentity,
  encodeChoice,
  encodeIdentity,
  type NodeAddress,
  PROTOCOL,
  PROTOCOL_TYPE,
  urlOf,
} from './identity';
import { type Role, type RoleEvent, stepRole } from './role';

export interface ElectionOptions {
  readonly kafka: Pick<KafkaPort, 'group'>;
  readonly groupId: string;
  readonly eligible: boolean;
  readonly sticky: boolean;
  /** How long a write waits for a primary, ms. */
  readonly waitMs: number;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** Fences all other writers; resolves when the state has everything they wrote. Rejects with KAFKA_FENCED when another was quicker. */
  takeOver(): Promise<void>;
  /** Role or primary changed. */
  onChange(): void;
}

export interface Election extends Primacy {
  readonly role: Role;
  /** URL of the primary as far as it is known. */
  readonly primary: string | null;
  /** Takes part from now on. @param address where the other nodes reach this one */
  join(address: NodeAddress): void;
  /** Leaves the group, so that another node is chosen at once. Safe to call twice. */
  leave(): Promise<void>;
}

const SESSION_TIMEOUT_MS = 10_000;
/** Shorter than the 3 s of Confluent's registry: so soon the others know that the primary has left. */
const HEARTBEAT_MS = 1000;
const REBALANCE_TIMEOUT_MS = 300_000;
/** A node that was refused (rights, another kind of group) tries again, for somebody may mend it. */
const RETURN_MS = 10_000;
/** A quarter of the time after which brokers forget an epoch that is not used (`producer.id.expiration.ms`, 1 day). */
const FENCE_AGE_MS = 6 * 3600_000;

export const createElection = (options: ElectionOptions): Election => new GroupElection(options);

class GroupElection implements Election {
  readonly isExclusive = true;
  readonly #options: ElectionOptions;
  readonly #logger: Logger;
  #url = '';
  readonly #leaving = new AbortController();
  readonly #rebalances: Counter;
  readonly #takeovers: Counter;
  #role: Role = 'joining';
  #primary: string | null = null;
  /** Why there is no primary, as far as it is not just a matter of time. */
  #obstacle: string | null = null;
  /** What kept this node from taking over when it tried last. */
  #hindrance: string | null = null;
  #member: GroupMember | null = null;
  /** Take-overs run one after the other; only that of the current term counts. */
  #term = 0;
  #takingOver: Promise<void> = Promise.resolve();
  #ageing: NodeJS.Timeout | undefined;
  #waiters: (() => void)[] = [];
  #left: Promise<void> | undefined;

  constructor(options: ElectionOptions) {
    const { metrics, groupId } = options;
    this.#options = options;
    this.#logger = options.logger.child({ group: groupId });
    const count = (name: string, help: string) => metrics.counter(`millrace_registry_${name}_total`, help);
    this.#rebalances = count('rebalances', 'Times the group of registries has chosen its primary');
    this.#takeovers = count('takeovers', 'Times this node has become the primary, or renewed that');
  }

  get role(): Role {
    return this.#role;
  }

  get primary(): string | null {
    return this.#primary;
  }

  join(address: NodeAddress): void {
    if (this.#leaving.signal.aborted) return;
    this.#url = urlOf(address);
    this.#member = this.#memberAt(address);
    this.#member.start();
  }

  leave(): Promise<void> {
    this.#left ??= this.#leave();
    return this.#left;
  }

  async #leave(): Promise<void> {
    this.#leaving.abort();
    await this.#member?.stop({ leave: true });
    this.#on('leave');
    await this.#takingOver;
  }

  async whenPrimary(since: number): Promise<number> {
    for (;;) {
      if (this.#role === 'primary') return this.#term;
      if (this.#role === 'following') throw new NotPrimary(this.#primary!);
      const left = since + this.#options.waitMs - Date.now();
      const isWaiting = this.#role === 'joining' || this.#role === 'taking-over';
      if (!isWaiting || this.#obstacle !== null) throw leaderUnknown(this.#obstacle);
      if (left <= 0) throw leaderUnknown(this.#hindrance);
      await this.#change(left);
    }
  }

  holds(term: number): boolean {
    return term === this.#term && this.#role === 'primary';
  }

  fenced(term: number, error: Error): void {
    if (!this.holds(term)) return;
    this.#logger.warn({ err: error }, 'Another node writes in place of this one');
    this.#on('fenced');
  }

  doubted(term: number): void {
    if (term === this.#term) this.#on('renew');
  }

  #memberAt(address: NodeAddress): GroupMember {
    const { kafka, groupId, eligible } = this.#options;
    return kafka.group({
      groupId,
      protocolType: PROTOCOL_TYPE,
      // A node that comes back after a crash takes its own place at once, instead of waiting for its session to end.
      instanceId: this.#url,
      sessionTimeoutMs: SESSION_TIMEOUT_MS,
      heartbeatMs: HEARTBEAT_MS,
      rebalanceTimeoutMs: REBALANCE_TIMEOUT_MS,
      protocols: () => {
        const leader = this.#role === 'primary' || this.#role === 'taking-over';
        const identity = { ...address, eligible, leader };
        return [{ name: PROTOCOL, metadata: encodeIdentity(identity) }];
      },
      assign: async (_protocol, peers) => this.#assign(peers),
      onAssigned: (assignment) => this.#told(assignment),
      onRevoked: (reason) => {
        if (reason === 'lost') this.#on('expelled');
      },
      onFatal: (error) => void this.#refused(error, address),
    });
  }

  #assign(peers: readonly GroupPeer[]): ReadonlyMap<string, Buffer> {
    const members = peers.flatMap((peer) => this.#read(peer) ?? []);
    const bytes = encodeChoice(choosePrimary(members, this.#options));
    return new Map(peers.map(({ memberId }) => [memberId, bytes]));
  }

  /** Who cannot be understood cannot be chosen, and must not keep the others from it. */
  #read({ memberId, metadata }: GroupPeer): Member | null {
    try {
      return { memberId, identity: decodeIdentity(metadata) };
    } catch (error) {
      if (!(error instanceof DataError)) throw error;
      this.#logger.warn({ err: error, memberId }, 'A member of the group is not understood');
      return null;
    }
  }

  /** By URL, not by member id: a member that took its own place has a new id, and the group is not asked again. */
  #told(assignment: Buffer): void {
    this.#rebalances.add(1);
    const choice = decodeChoice(assignment);
    this.#obstacle = obstacleOf(choice.kind);
    this.#primary = choice.kind === 'chosen' ? urlOf(choice.identity) : null;
    if (this.#obstacle !== null) this.#logger.error({}, `No registry writes: ${this.#obstacle}`);
    if (choice.kind !== 'chosen') this.#on('nobody-chosen');
    else this.#on(this.#primary === this.#url ? 'chosen' : 'other-chosen');
  }

  /** The member has stopped. One whose place another process has taken stays out, or the two would take turns. */
  async #refused(error: Error, address: NodeAddress): Promise<void> {
    const isReplaced = error instanceof MillraceError && error.code === 'KAFKA_FENCED';
    this.#obstacle = isReplaced ? `another registry is ${this.#url} too` : error.message;
    this.#primary = null;
    this.#logger.error(
      { err: error },
      'This node is out of the group of registries: it reads, but cannot write',
    );
    this.#on('nobody-chosen');
    if (isReplaced || !(await this.#pause(RETURN_MS))) return;
    this.join(address);
  }

  #on(event: RoleEvent): void {
    const { role, effect } = stepRole(this.#role, event);
    const before = this.#role;
    this.#role = role;
    if (role !== 'primary') clearTimeout(this.#ageing);
    if (role === 'joining' || role === 'left') this.#primary = null;
    if (role !== before)
      this.#logger.info({ node: this.#url, primary: this.#primary }, `This registry is ${TITLES[role]}`);
    if (effect === 'rejoin') this.#member?.rejoin();
    if (effect === 'take-over') {
      const term = ++this.#term;
      this.#takingOver = this.#takingOver.then(() => this.#takeOver(term));
    }
    for (const wake of this.#waiters.splice(0)) wake();
    this.#options.onChange();
  }

  async #takeOver(term: number): Promise<void> {
    const isCurrent = () => this.#term === term && this.#role === 'taking-over';
    const backoff = createBackoff({ initialMs: 100, maxMs: 5000 });
    while (isCurrent()) {
      try {
        await this.#options.takeOver();
        if (isCurrent()) this.#taken();
        return;
      } catch (error) {
        if (!isCurrent()) return;
        if (isFenced(error)) return this.#on('fenced');
        this.#hindered(error as Error);
      }
      await this.#pause(backoff.next());
    }
  }

  #taken(): void {
    this.#obstacle = this.#hindrance = null;
    this.#takeovers.add(1);
    this.#on('taken');
    this.#ageing = setTimeout(() => this.#on('renew'), FENCE_AGE_MS).unref();
  }

  /** Writes wait for what may pass; what somebody must mend is told at once. */
  #hindered(error: Error): void {
    const before = this.#hindrance;
    this.#hindrance = hinted(error);
    this.#obstacle = isRetriable(error) ? null : this.#hindrance;
    if (this.#hindrance === before) return;
    this.#logger.warn({ err: error }, 'This node was chosen, but cannot take over yet');
    for (const wake of this.#waiters.splice(0)) wake();
  }

  /** Until the role changes, or the time is over. */
  #change(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#waiters.push(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  /** False when the node has left meanwhile. */
  async #pause(ms: number): Promise<boolean> {
    const { signal } = this.#leaving;
    await sleep(ms, undefined, { signal, ref: false }).catch(() => undefined);
    return !signal.aborted;
  }
}

const TITLES: Readonly<Record<Role, string>> = {
  joining: 'joining the others',
  'taking-over': 'taking over',
  primary: 'the primary',
  following: 'a follower',
  vacant: 'without a primary',
  left: 'out of the group',
};

function obstacleOf(kind: 'chosen' | 'nobody' | 'duplicates'): string | null {
  if (kind === 'duplicates') return 'two registries have the same URL; give each its own host.name';
  return kind === 'nobody' ? 'no registry is eligible (leader.eligibility)' : null;
}

const isFenced = (error: unknown): boolean => error instanceof MillraceError && error.code === 'KAFKA_FENCED';

const hinted = (error: Error): string =>
  error instanceof MillraceError && error.hint !== null ? `${error.message} ${error.hint}` : error.message;
