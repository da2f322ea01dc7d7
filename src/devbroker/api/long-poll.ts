/** A fetch that waits. Nothing is polled: it costs a look at one partition whenever that changes. */
import type { Call } from '../api';
import type { FetchPartition, FetchRequest } from './fetch-partitions';
import { checkLeaderEpoch } from './leader-epoch';

type Need = Pick<FetchRequest, 'maxWaitMs' | 'minBytes' | 'isolation'>;

/**
 * Resolves when `minBytes` can be read from the partitions together, when `maxWaitMs` of broker time are over, when a
 * partition can no longer be read from the offset or from this node, and when the connection is gone.
 */
export function enoughToRead(partitions: readonly FetchPartition[], need: Need, call: Call): Promise<void> {
  return new Promise((resolve) => {
    const wait = new Wait(need, call, resolve);
    for (const partition of partitions) wait.follow(partition);
    wait.begin();
  });
}

class Wait {
  readonly #need: Need;
  readonly #call: Call;
  readonly #resolve: () => void;
  readonly #followed: FetchPartition[] = [];
  readonly #undo: (() => void)[] = [];
  #availableBytes = 0;

  constructor(need: Need, call: Call, resolve: () => void) {
    this.#need = need;
    this.#call = call;
    this.#resolve = resolve;
  }

  follow(wanted: FetchPartition): void {
    const { log } = this.#call.broker.topics.partition(wanted.topic, wanted.partition)!;
    const { isolation, minBytes } = this.#need;
    const limit = Math.min(wanted.maxBytes, minBytes);
    const available = () => log.available(wanted.offset, isolation, limit);
    let counted = available();
    this.#availableBytes += counted;
    const look = () => {
      if (!this.#isReadable(wanted) || wanted.offset < log.startOffset) {
        this.#end();
        return;
      }
      const now = available();
      this.#availableBytes += now - counted;
      counted = now;
      if (this.#availableBytes >= minBytes) this.#end();
    };
    this.#undo.push(log.onChange(look));
    this.#followed.push(wanted);
  }

  /** After everything is followed. */
  begin(): void {
    const { broker, signal } = this.#call;
    if (signal.aborted || this.#availableBytes >= this.#need.minBytes) {
      this.#end();
      return;
    }
    const end = () => this.#end();
    const timer = broker.clock.after(this.#need.maxWaitMs, end);
    signal.addEventListener('abort', end, { once: true });
    this.#undo.push(
      broker.topics.onLeaderChange(() => {
        if (!this.#followed.every((each) => this.#isReadable(each))) this.#end();
      }),
      () => timer.cancel(),
      () => signal.removeEventListener('abort', end),
    );
  }

  #isReadable({ topic, partition, leaderEpoch }: FetchPartition): boolean {
    const { broker, node } = this.#call;
    if (broker.leads(node, topic, partition) !== 0) return false;
    return checkLeaderEpoch(leaderEpoch, broker.topics.partition(topic, partition)!) === 0;
  }

  #end(): void {
    for (const undo of this.#undo.splice(0)) undo();
    this.#resolve();
  }
}
