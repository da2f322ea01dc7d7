/** Virtual nodes: one listener each, one state behind all of them. Who leads what can be moved. */
import { Code, Refusal } from './refusal';

export interface Node {
  readonly id: number;
  readonly host: string;
  /** 0 before it has listened for the first time; kept from then on. */
  port: number;
  /** Listening. */
  up: boolean;
}

export type CoordinatorKind = 'group' | 'transaction';

export class Nodes {
  readonly all: readonly Node[];
  readonly #coordinators = new Map<string, number>();
  readonly #onMoved: ((kind: CoordinatorKind, key: string) => void)[] = [];

  constructor(host: string, count: number) {
    this.all = Array.from({ length: count }, (_, index) => ({ id: index + 1, host, port: 0, up: false }));
  }

  /** Throws for an id that no node has. */
  get(id: number): Node {
    const node = this.all.find((each) => each.id === id);
    if (node === undefined) throw new Refusal(Code.BROKER_NOT_AVAILABLE, `there is no node ${id}`);
    return node;
  }

  /** Those that clients may be sent to. */
  get live(): readonly Node[] {
    return this.all.filter(({ up }) => up);
  }

  get controller(): Node {
    return this.live[0] ?? this.all[0]!;
  }

  /** Where the n-th of something goes: turn by turn over the live nodes. */
  spread(n: number): Node {
    const live = this.live.length > 0 ? this.live : this.all;
    return live[n % live.length]!;
  }

  coordinator(kind: CoordinatorKind, key: string): Node {
    const moved = this.#coordinators.get(`${kind} ${key}`);
    const node = moved === undefined ? undefined : this.get(moved);
    return node?.up ? node : this.spread(hash(key));
  }

  moveCoordinator(kind: CoordinatorKind, key: string, nodeId: number): void {
    this.#coordinators.set(`${kind} ${key}`, this.get(nodeId).id);
    for (const listener of this.#onMoved) listener(kind, key);
  }

  /** Called after one was moved. */
  onCoordinatorMoved(listener: (kind: CoordinatorKind, key: string) => void): void {
    this.#onMoved.push(listener);
  }
}

/** Java's hash of a string, made positive. */
function hash(text: string): number {
  let value = 0;
  for (let i = 0; i < text.length; i++) value = (Math.imul(value, 31) + text.charCodeAt(i)) | 0;
  return value & 0x7fffffff;
}
