/** The leader's part of a round: reads what the members say, decides, and writes what each is told. */
import type { GroupPeer } from '../../kafka/port';
import { DataError, type Logger } from '../../kernel';
import { assignRound, type LeaderState, NEW_LEADER } from './assignor';
import { type ConfigView, isReadTo, workOf } from './config-view';
import {
  type Assignment,
  CONFIG_MISMATCH,
  decodeMetadata,
  encodeAssignment,
  NO_ERROR,
  type Version,
  type WorkerMetadata,
} from './protocol';
import { NO_WORK, type Work } from './work';

export interface LeaderOptions {
  readonly url: string;
  readonly config: ConfigView;
  /** `scheduled.rebalance.max.delay.ms`. */
  readonly maxDelayMs: number;
  readonly version: Version;
  readonly logger: Logger;
}

/** A member as the leader saw it in the last round. */
export interface ClusterMember {
  readonly memberId: string;
  readonly instanceId: string | null;
  readonly url: string;
  /** What it is to run. */
  readonly work: Work;
}

interface Peer extends WorkerMetadata {
  readonly memberId: string;
  readonly instanceId: string | null;
}

export class Leader {
  readonly #options: LeaderOptions;
  #state: LeaderState = NEW_LEADER;
  #members: readonly ClusterMember[] = [];

  constructor(options: LeaderOptions) {
    this.#options = options;
  }

  get members(): readonly ClusterMember[] {
    return this.#members;
  }

  /** Another member leads, or this one was away: what it knew of the others is of no more use. */
  forget(): void {
    this.#state = NEW_LEADER;
    this.#members = [];
  }

  /** @param memberId of the leader. Answers assignments by member id. */
  async assign(memberId: string, candidates: readonly GroupPeer[]): Promise<ReadonlyMap<string, Buffer>> {
    const peers = candidates.flatMap((peer) => this.#read(peer) ?? []);
    this.#tellOfTwins(peers);
    const seen = Math.max(...peers.map(({ configOffset }) => configOffset));
    const { config, url, version } = this.#options;
    const frame = { leaderId: memberId, leaderUrl: url };
    if (!(await isReadTo(seen, config))) {
      const nothing = { ...frame, configOffset: seen, assigned: NO_WORK, revoked: NO_WORK, delayMs: 0 };
      const bytes = encodeAssignment({ ...nothing, error: CONFIG_MISMATCH }, version);
      return new Map(peers.map((peer) => [peer.memberId, bytes]));
    }
    const assignments = this.#decide(peers, frame);
    return new Map([...assignments].map(([id, each]) => [id, encodeAssignment(each, version)]));
  }

  #decide(
    peers: readonly Peer[],
    frame: Pick<Assignment, 'leaderId' | 'leaderUrl'>,
  ): ReadonlyMap<string, Assignment> {
    const snapshot = this.#options.config.snapshot();
    const { grants, delayMs, state } = assignRound({
      members: peers.map(({ memberId: id, url, current }) => ({
        id,
        url,
        runs: current?.assigned ?? NO_WORK,
      })),
      configured: workOf(snapshot),
      now: performance.now(),
      maxDelayMs: this.#options.maxDelayMs,
      state: this.#state,
    });
    this.#state = state;
    this.#members = peers.map(({ memberId, instanceId, url }) => ({
      memberId,
      instanceId,
      url,
      work: grants.get(memberId)!.assigned,
    }));
    const { offset: configOffset } = snapshot;
    const common = { ...frame, error: NO_ERROR, configOffset, delayMs: Math.ceil(delayMs) } as const;
    return new Map([...grants].map(([id, grant]) => [id, { ...common, ...grant }]));
  }

  /** Who cannot be understood gets nothing, and must not keep the others from working. */
  #read({ memberId, instanceId, metadata }: GroupPeer): Peer | null {
    try {
      return { memberId, instanceId, ...decodeMetadata(metadata) };
    } catch (error) {
      if (!(error instanceof DataError)) throw error;
      this.#options.logger.warn({ err: error, memberId }, 'A worker of the group is not understood');
      return null;
    }
  }

  #tellOfTwins(peers: readonly Peer[]): void {
    const urls = peers.map(({ url }) => url);
    const twin = urls.find((url, index) => urls.indexOf(url) !== index);
    if (twin === undefined) return;
    this.#options.logger.warn(
      { url: twin },
      'Two workers have the same URL, so requests do not reach the right one; set rest.advertised.host.name and rest.advertised.port of each',
    );
  }
}
