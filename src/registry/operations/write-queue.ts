/**
 * Writes, one after the other in the order they came: each is judged by a state that has the effect of those before it.
 * Registrations that cannot meet need not wait for each other, so those that came during a write share the next one. The
 * first that would have to see what another of them writes ends the batch, and is judged when the state has it.
 */
import { Batch, type Draft } from './batch';

/** `wait`: not before the state has what is in the batch; not for an empty one. */
export type Judgement<T> = 'wait' | { readonly answer: T } | { readonly draft: Draft<T> };

/** Synchronous, so that nothing changes between the look and the draft. What it throws is the answer to this one alone. */
export type Judge<T> = (batch: Batch) => Judgement<T>;

/** Longest time without letting other work run, ms. */
const MAX_JUDGING_MS = 10;

interface Alone {
  readonly kind: 'alone';
  run(): Promise<void>;
}

interface Joint {
  readonly kind: 'joint';
  /** False: it waits. Else it is answered, or in the batch. */
  join(batch: Batch): boolean;
  /** Of one in the batch. Null: the state has it. */
  settle(error: Error | null): void;
}

export class WriteQueue {
  readonly #waiting: (Alone | Joint)[] = [];
  #isRunning = false;

  /** @param write resolves when the state has the events of all drafts; what it rejects with is what each of them gets */
  constructor(readonly write: (drafts: readonly Draft<unknown>[]) => Promise<void>) {}

  /** Nothing else is written meanwhile. */
  alone<T>(work: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#enter({ kind: 'alone', run: () => work().then(resolve, reject) });
    });
  }

  /** Rejects with what the judge throws, or with why the batch could not be written. */
  together<T>(judge: Judge<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#enter(jointOf(judge, resolve, reject));
    });
  }

  #enter(item: Alone | Joint): void {
    this.#waiting.push(item);
    if (!this.#isRunning) void this.#run();
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    for (let first = this.#waiting[0]; first !== undefined; first = this.#waiting[0]) {
      if (first.kind === 'alone') {
        this.#waiting.shift();
        await first.run();
        await othersActed();
      } else if (!(await this.#runBatch())) await othersActed();
    }
    this.#isRunning = false;
  }

  /** False when it failed, or there was nothing to write. */
  async #runBatch(): Promise<boolean> {
    const batch = new Batch();
    const members = this.#gather(batch);
    if (batch.isEmpty) return false;
    const error = await this.write(batch.drafts).then(
      () => null,
      (reason: Error) => reason,
    );
    for (const member of members) member.settle(error);
    return error === null;
  }

  /** Takes those that are answered, or in the batch, from the queue. */
  #gather(batch: Batch): Joint[] {
    const members: Joint[] = [];
    const sliceEnd = performance.now() + MAX_JUDGING_MS;
    while (performance.now() < sliceEnd) {
      const [next] = this.#waiting;
      if (next?.kind !== 'joint' || !next.join(batch)) break;
      this.#waiting.shift();
      members.push(next);
    }
    return members;
  }
}

/** Who learns of a failure may find that the turns of all that wait are over, and must be able to say so before the next one. */
const othersActed = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function jointOf<T>(judge: Judge<T>, resolve: (answer: T) => void, reject: (error: unknown) => void): Joint {
  let draft: Draft<T> | null = null;
  return {
    kind: 'joint',
    join(batch) {
      try {
        const judgement = judge(batch);
        if (judgement === 'wait') return false;
        if ('answer' in judgement) resolve(judgement.answer);
        else if (batch.add(judgement.draft)) draft = judgement.draft;
        else return false;
      } catch (error) {
        reject(error);
      }
      return true;
    },
    settle(error) {
      if (draft === null) return;
      if (error === null) resolve(draft.finish());
      else reject(error);
    },
  };
}
