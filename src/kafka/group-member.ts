/**
 * Membership in a group of the classic protocol, any protocol type, any bytes: join, sync, heartbeat, leave.
 *
 * One loop runs through the generations. Heartbeats have a timer and a lane of their own from the answer to JoinGroup on,
 * also while the owner gives up its work, so neither slow processing nor a pending join costs the membership.
 */
import { isRetriable, type Logger, MillraceError } from '../kernel';
import { type Coordinators, mayHaveMoved } from './coordinator';
import { Code, kafkaCodeOf, kafkaError } from './errors';
import type { Lane, LaneFactory } from './lane';
import type { GroupIdentity, GroupMember, GroupOptions } from './port';
import { newBackoff, sleep } from './retry';
import { SessionClock, SilenceError } from './session-clock';
import type { StandIn } from './stand-in';
import { heartbeatRequest } from './wire/heartbeat';
import { type JoinGroupAnswer, joinGroupRequest } from './wire/join-group';
import { leaveGroupRequest } from './wire/leave-group';
import { syncGroupRequest } from './wire/sync-group';

const SESSION_TIMEOUT_MS = 10_000;
const HEARTBEAT_MS = 1000;
const REBALANCE_TIMEOUT_MS = 60_000;
/** Leaving is a courtesy to the others: their wait for the session's end is the worst that can happen. */
const LEAVE_TIMEOUT_MS = 2000;

export interface GroupParts {
  readonly openLane: LaneFactory;
  /** Shared by all members of the client: heartbeats never wait for anything. */
  readonly heartbeats: Lane;
  readonly coordinators: Coordinators;
  readonly logger: Logger;
  /** For members that ask for one. */
  openStandIn(): StandIn;
}

/** Why a generation ended: somebody else's doing, the owner's `rejoin` or `stop`, or an error. */
type End = 'rebalance' | 'rejoin' | 'stop' | MillraceError;

/** A generation under way; `ended` settles once, with the first reason. */
interface Generation {
  readonly ended: Promise<End>;
  end(reason: End): void;
  /** Out of the group, perhaps after `ended`: what was assigned may be somebody else's by now. */
  lost: MillraceError | null;
}

export function createGroupMember(parts: GroupParts, options: GroupOptions): GroupMember {
  return new ClassicMember(parts, options);
}

class ClassicMember implements GroupMember {
  readonly #parts: GroupParts;
  readonly #options: GroupOptions;
  #lane: Lane;
  readonly #logger: Logger;
  readonly #stopping = new AbortController();
  readonly #backoff = newBackoff();
  readonly #sessionTimeoutMs: number;
  readonly #rebalanceTimeoutMs: number;
  #memberId = '';
  /** Whether the coordinator may know of this member. */
  #hasAsked = false;
  #identity: GroupIdentity | null = null;
  #generation: Generation = newGeneration();
  /** Between `onAssigned` and `onRevoked('lost' | 'leave')`. */
  #holding = false;
  readonly #session: SessionClock;
  readonly #standIn: StandIn | null;
  /** Rejects when the session is over by the own clock; null unless that counts and something is held. */
  #silence: Promise<never> | null = null;
  /** Ends the watch for silence. */
  #watching = new AbortController();
  /** Ends the heartbeats. */
  #beating = new AbortController();
  #leave: boolean;
  #running: Promise<void> | null = null;

  constructor(parts: GroupParts, options: GroupOptions) {
    this.#parts = parts;
    this.#options = options;
    this.#lane = this.#openLane();
    this.#logger = parts.logger.child({ group: options.groupId });
    this.#sessionTimeoutMs = options.sessionTimeoutMs ?? SESSION_TIMEOUT_MS;
    this.#rebalanceTimeoutMs = options.rebalanceTimeoutMs ?? REBALANCE_TIMEOUT_MS;
    this.#standIn = options.standIn ? parts.openStandIn() : null;
    this.#session = new SessionClock(this.#sessionTimeoutMs, this.#standIn);
    this.#leave = options.instanceId === undefined;
  }

  #openLane(): Lane {
    return this.#parts.openLane(`group-${this.#options.groupId}`);
  }

  get identity(): GroupIdentity | null {
    return this.#identity;
  }

  get sessionLeftMs(): number {
    return this.#session.leftMs;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  rejoin(): void {
    this.#generation.end('rejoin');
  }

  async stop(options: { leave?: boolean } = {}): Promise<void> {
    this.#leave = options.leave ?? this.#leave;
    this.#stopping.abort();
    this.#generation.end('stop');
    // A pending join or sync ends with its connection.
    await this.#lane.close();
    await this.#running;
  }

  async #run(): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      const generation = newGeneration();
      this.#generation = generation;
      if (this.#stopping.signal.aborted) break;
      const goesOn = await this.#runGeneration(generation).then(
        () => true,
        (error) => this.#survive(error),
      );
      if (!goesOn) return;
      // On the way out heartbeats go on until the owner has given up its work; and where silence counts while the next
      // join is pending, since that may take longer than a session.
      if (!this.#stopping.signal.aborted && this.#silence === null) this.#beating.abort();
    }
    await this.#depart();
  }

  /** Joins, works until the generation ends, and has the owner give up its work. */
  async #runGeneration(generation: Generation): Promise<void> {
    const joined = await this.#unlessSilent(this.#join());
    const identity = identityOf(joined, this.#options.instanceId);
    this.#beating.abort();
    this.#beating = new AbortController();
    this.#seat(identity);
    void this.#beat(identity, generation, this.#beating.signal);
    const assignment = await this.#unlessSilent(this.#sync(joined, identity));
    if (this.#stopping.signal.aborted) return;
    this.#identity = identity;
    this.#backoff.reset();
    this.#hold();
    this.#logger.debug({ generation: identity.generation, memberId: identity.memberId }, 'Joined the group');
    await owned(() => this.#options.onAssigned(assignment, identity, joined.protocol));
    const end = await generation.ended;
    if (end === 'stop') return;
    if (end instanceof MillraceError) throw end;
    await owned(() => this.#options.onRevoked('rebalance'));
    if (generation.lost !== null) throw generation.lost;
  }

  #unlessSilent<T>(answer: Promise<T>): Promise<T> {
    return this.#silence === null ? answer : Promise.race([answer, this.#silence]);
  }

  #seat(identity: GroupIdentity): void {
    const { groupId, heartbeatMs = HEARTBEAT_MS } = this.#options;
    const sessionTimeoutMs = this.#sessionTimeoutMs;
    this.#standIn?.seat({
      groupId,
      identity,
      sessionTimeoutMs,
      heartbeatMs,
      patienceMs: this.#rebalanceTimeoutMs,
    });
  }

  #proven(sentAt: number): void {
    this.#session.proven(sentAt);
    this.#standIn?.alive();
  }

  /** From now on, over all generations until `#letGo`. */
  #hold(): void {
    if (this.#holding) return;
    this.#holding = true;
    if (!this.#options.lostWhenSilent) return;
    this.#watching = new AbortController();
    this.#silence = this.#watch(this.#watching.signal);
    this.#silence.catch(() => undefined);
  }

  #letGo(): void {
    this.#holding = false;
    this.#identity = null;
    this.#silence = null;
    this.#standIn?.seat(null);
    this.#watching.abort();
    this.#beating.abort();
  }

  async #watch(signal: AbortSignal): Promise<never> {
    const isOver = await this.#session.over(signal);
    const error = new SilenceError(this.#options.groupId, this.#sessionTimeoutMs);
    if (isOver) this.#generation.end(error);
    throw error;
  }

  async #join(): Promise<JoinGroupAnswer> {
    const { groupId, protocolType, instanceId = null, protocols } = this.#options;
    for (;;) {
      const nodeId = await this.#parts.coordinators.find('group', groupId);
      const request = joinGroupRequest({
        groupId,
        protocolType,
        instanceId,
        sessionTimeoutMs: this.#sessionTimeoutMs,
        rebalanceTimeoutMs: this.#rebalanceTimeoutMs,
        memberId: this.#memberId,
        protocols: protocols(),
      });
      const sentAt = performance.now();
      this.#hasAsked = true;
      const answer = await this.#lane.send(nodeId, request);
      if (answer.error !== Code.NONE && answer.error !== Code.MEMBER_ID_REQUIRED) {
        throw kafkaError(answer.error, `join group ${groupId}`);
      }
      // The coordinator names new members first, so that a lost answer leaves no ghost behind (KIP-394).
      this.#memberId = answer.memberId;
      if (answer.error !== Code.NONE) continue;
      this.#proven(sentAt);
      return answer;
    }
  }

  async #sync(joined: JoinGroupAnswer, identity: GroupIdentity): Promise<Buffer> {
    const { groupId, assign } = this.#options;
    const leads = joined.leader === joined.memberId;
    // Views of the answer, which nobody keeps beyond `assign`.
    const assignments = leads
      ? await assign(joined.protocol, joined.members, joined.memberId)
      : new Map<string, Buffer>();
    const nodeId = await this.#parts.coordinators.find('group', groupId);
    const request = syncGroupRequest(groupId, identity, assignments, this.#rebalanceTimeoutMs + 5000);
    const sentAt = performance.now();
    const answer = await this.#lane.send(nodeId, request);
    if (answer.error !== Code.NONE) throw kafkaError(answer.error, `get the assignment of group ${groupId}`);
    this.#proven(sentAt);
    return answer.assignment;
  }

  async #beat(identity: GroupIdentity, generation: Generation, signal: AbortSignal): Promise<void> {
    const { groupId, heartbeatMs = HEARTBEAT_MS } = this.#options;
    const request = heartbeatRequest(groupId, identity, this.#sessionTimeoutMs);
    for (;;) {
      await sleep(heartbeatMs, signal);
      if (signal.aborted) return;
      const error = await this.#beatOnce(request);
      if (signal.aborted) return;
      if (kafkaCodeOf(error) === Code.REBALANCE_IN_PROGRESS) generation.end('rebalance');
      else if (error !== null && !isRetriable(error)) {
        generation.lost = error;
        generation.end(error);
        return;
      }
    }
  }

  /** Null when the coordinator is content. */
  async #beatOnce(request: ReturnType<typeof heartbeatRequest>): Promise<MillraceError | null> {
    const { coordinators, heartbeats } = this.#parts;
    const { groupId } = this.#options;
    try {
      const nodeId = await coordinators.find('group', groupId);
      const sentAt = performance.now();
      const { error } = await heartbeats.send(nodeId, request);
      if (error === Code.NONE || error === Code.REBALANCE_IN_PROGRESS) this.#proven(sentAt);
      if (error !== Code.NONE) throw kafkaError(error, `stay in group ${groupId}`);
      return null;
    } catch (error) {
      if (mayHaveMoved(error)) coordinators.invalidate('group', groupId);
      return asMillraceError(error);
    }
  }

  /**
   * What to do about the error that ended a generation: join again (true), or stop for good (false).
   * Waits a little before the next join, so that no answer of a broker makes this loop spin.
   */
  async #survive(thrown: unknown): Promise<boolean> {
    if (thrown instanceof OwnerError) {
      await this.#die(asMillraceError(thrown.cause));
      return false;
    }
    if (this.#stopping.signal.aborted) return true;
    const error = asMillraceError(thrown);
    const code = kafkaCodeOf(error);
    const silent = error instanceof SilenceError;
    const lost = silent || code === Code.UNKNOWN_MEMBER_ID || code === Code.ILLEGAL_GENERATION;
    const passing = lost || code === Code.REBALANCE_IN_PROGRESS || isRetriable(error);
    if (lost && !(await this.#revokeLost())) return false;
    if (!passing) {
      await this.#die(error);
      return false;
    }
    if (code === Code.UNKNOWN_MEMBER_ID) this.#memberId = '';
    if (silent) await this.#renewLane();
    if (mayHaveMoved(error)) this.#parts.coordinators.invalidate('group', this.#options.groupId);
    this.#logger.debug({ reason: error.message }, 'Joining the group again');
    await sleep(this.#backoff.next(), this.#stopping.signal);
    return true;
  }

  /** A join or sync of before would keep the next one waiting on its connection. */
  async #renewLane(): Promise<void> {
    const old = this.#lane;
    this.#lane = this.#openLane();
    await old.close();
    if (this.#stopping.signal.aborted) await this.#lane.close();
  }

  /** False when the owner's own handler failed, which is final. */
  async #revokeLost(): Promise<boolean> {
    const holding = this.#holding;
    this.#letGo();
    if (!holding) return true;
    try {
      await this.#options.onRevoked('lost');
      return true;
    } catch (error) {
      await this.#die(asMillraceError(error));
      return false;
    }
  }

  async #die(error: MillraceError): Promise<void> {
    const holding = this.#holding;
    this.#letGo();
    await this.#lane.close();
    if (holding) await ignoringErrors(async () => this.#options.onRevoked('lost'));
    await this.#sayGoodbye();
    await this.#standIn?.close();
    this.#options.onFatal(error);
  }

  /** The orderly end: the owner gives up its work while it is still a member, then the member leaves. */
  async #depart(): Promise<void> {
    const { onRevoked, onFatal } = this.#options;
    try {
      if (this.#holding) await onRevoked('leave');
    } catch (error) {
      onFatal(asMillraceError(error));
    }
    this.#letGo();
    // A join whose answer did not come may still be carried out: a static member can be taken out by its name (KIP-345).
    await this.#sayGoodbye(this.#hasAsked && this.#options.instanceId !== undefined);
    await this.#standIn?.close();
  }

  /** So that the others need not wait until the session of this member has ended. */
  async #sayGoodbye(byName = false): Promise<void> {
    if (!this.#leave || (this.#memberId === '' && !byName)) return;
    const enough = new AbortController();
    const left = ignoringErrors(() => this.#sendLeave()).finally(() => enough.abort());
    await Promise.race([left, sleep(LEAVE_TIMEOUT_MS, enough.signal)]);
  }

  async #sendLeave(): Promise<void> {
    const { groupId, instanceId = null } = this.#options;
    const { coordinators, heartbeats } = this.#parts;
    const request = leaveGroupRequest(groupId, this.#memberId, instanceId, LEAVE_TIMEOUT_MS);
    const attempt = async (nodeId: number) => {
      const { error } = await heartbeats.send(nodeId, request);
      if (error !== Code.NONE) throw kafkaError(error, `leave group ${groupId}`);
    };
    await coordinators.retrying('group', groupId, attempt, { timeoutMs: LEAVE_TIMEOUT_MS });
  }
}

/** What a handler of the owner threw: final, since the owner knows better than this loop what is worth a retry. */
class OwnerError extends Error {}

async function owned(handler: () => Promise<void> | void): Promise<void> {
  try {
    await handler();
  } catch (cause) {
    throw new OwnerError('a handler failed', { cause });
  }
}

function newGeneration(): Generation {
  let settle!: (reason: End) => void;
  const ended = new Promise<End>((resolve) => {
    settle = resolve;
  });
  return { ended, end: settle, lost: null };
}

const identityOf = (joined: JoinGroupAnswer, instanceId: string | undefined): GroupIdentity => ({
  memberId: joined.memberId,
  generation: joined.generation,
  instanceId: instanceId ?? null,
});

/** Whatever else is thrown is a defect, and final. */
const asMillraceError = (error: unknown): MillraceError =>
  error instanceof MillraceError
    ? error
    : new MillraceError('INTERNAL', error instanceof Error ? error.message : String(error), { cause: error });

async function ignoringErrors(run: () => Promise<void>): Promise<void> {
  try {
    await run();
  } catch {
    // The caller ends anyway; whatever failed here cannot be mended by anybody.
  }
}
