/** Subjects that a registry associates with topics: Confluent's AssociatedNameStrategy. */
import { LRUCache } from 'lru-cache';
import { DataError } from '../kernel';
import { RegistryError } from './registry-error';
import type { RegistryHttp } from './registry-http';

/** How long a topic keeps its subject, or the lack of one, without asking again. */
const KEPT_MS = 60_000;
const MAX_KEPT = 1000;

export class Associations {
  readonly #kept = new LRUCache<string, Promise<string | null>>({ max: MAX_KEPT, ttl: KEPT_MS });

  constructor(readonly http: RegistryHttp) {}

  /** The subject of the keys or values of a topic; null when none is associated. Throws DataError when several are. */
  subjectOf(topic: string, isKey: boolean, cluster: string): Promise<string | null> {
    const path = `/associations/resources/${encodeURIComponent(cluster)}/${encodeURIComponent(topic)}`;
    const query = `${path}?resourceType=topic&associationType=${isKey ? 'key' : 'value'}`;
    let known = this.#kept.get(query);
    if (known === undefined) {
      known = this.#ask(query, topic);
      this.#kept.set(query, known);
      known.catch(() => this.#kept.delete(query));
    }
    return known;
  }

  async #ask(query: string, topic: string): Promise<string | null> {
    const answer = await this.#call(query);
    if (!Array.isArray(answer)) return null;
    if (answer.length > 1) throw new DataError(`The topic ${topic} has several associated subjects`);
    const subject = (answer[0] as { subject?: unknown } | undefined)?.subject;
    return typeof subject === 'string' ? subject : null;
  }

  async #call(query: string): Promise<unknown> {
    try {
      return await this.http.call('GET', query);
    } catch (error) {
      // Most registries know no associations at all.
      if (error instanceof RegistryError && error.status === 404) return null;
      throw error;
    }
  }
}
