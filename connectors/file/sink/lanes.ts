import type { SinkRecord } from '../../../src/plugin';

/**
 * State per topic partition, looked up once per run of records that share it. Partitions are those of Kafka, whatever
 * transforms made of the topic.
 */
export class Lanes<T> {
  readonly #lanes = new Map<string, T>();
  readonly #create: (topic: string, partition: number) => T;
  #topic = '';
  #partition = -1;
  #last: T | null = null;

  constructor(create: (topic: string, partition: number) => T) {
    this.#create = create;
  }

  of({ originalTopic, partition }: SinkRecord): T {
    if (this.#last !== null && partition === this.#partition && originalTopic === this.#topic)
      return this.#last;
    const name = `${originalTopic}/${partition}`;
    let lane = this.#lanes.get(name);
    if (lane === undefined) {
      lane = this.#create(originalTopic, partition);
      this.#lanes.set(name, lane);
    }
    this.#topic = originalTopic;
    this.#partition = partition;
    this.#last = lane;
    return lane;
  }

  find(topic: string, partition: number): T | undefined {
    return this.#lanes.get(`${topic}/${partition}`);
  }

  delete(topic: string, partition: number): void {
    this.#lanes.delete(`${topic}/${partition}`);
    this.#last = null;
  }

  values(): IterableIterator<T> {
    return this.#lanes.values();
  }

  clear(): void {
    this.#lanes.clear();
    this.#last = null;
  }
}

/** How far a partition is taken; what comes again after a failed write is not taken twice. */
export class Progress {
  next = Number.NEGATIVE_INFINITY;
}
