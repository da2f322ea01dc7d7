/** Registrations that go into the log as one batch, which is there as a whole or not at all. */
import { encodeValue, type RegistryEvent } from '../log/events';
import type { Content } from '../state/content';
import type { SubjectName } from '../state/names';

/** What a registration is going to write. */
export interface Draft<T> {
  readonly name: SubjectName;
  readonly id: number;
  readonly content: Content;
  readonly events: readonly RegistryEvent[];
  /** The answer, once the state has the events. */
  finish(): T;
}

/** So far below the size at which brokers refuse a batch that nobody is refused for the company. */
const MAX_BYTES = 64 * 1024;

/** What others must know of drafts that the state does not have yet. */
export class Batch {
  readonly #drafts: Draft<unknown>[] = [];
  #bytes = 0;

  get isEmpty(): boolean {
    return this.#drafts.length === 0;
  }

  get drafts(): readonly Draft<unknown>[] {
    return this.#drafts;
  }

  hasSubject(qualified: string): boolean {
    return this.#drafts.some(({ name }) => name.qualified === qualified);
  }

  hasContext(context: string): boolean {
    return this.#drafts.some(({ name }) => name.context === context);
  }

  /** The id that a content is going to have. */
  idOf(context: string, { schemaType, guid }: Content): number | undefined {
    return this.#drafts.find(
      ({ name, content }) =>
        name.context === context && content.guid === guid && content.schemaType === schemaType,
    )?.id;
  }

  /** 0 when it gives none in this context. */
  maxId(context: string): number {
    return this.#drafts.reduce(
      (most, { name, id }) => (name.context === context ? Math.max(most, id) : most),
      0,
    );
  }

  /** False when there is no room for it; for the first one there always is. */
  add(draft: Draft<unknown>): boolean {
    const bytes = draft.events.reduce((sum, event) => sum + (encodeValue(event)?.length ?? 0), 0);
    if (!this.isEmpty && this.#bytes + bytes > MAX_BYTES) return false;
    this.#bytes += bytes;
    this.#drafts.push(draft);
    return true;
  }
}
