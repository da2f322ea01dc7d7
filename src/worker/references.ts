/**
 * `${provider:path:key}` in configuration values, as Connect's config providers resolve them. A reference to a provider
 * or key that is not there stays as written and is told: in files that is an error (text like `${env:PASSWORD}` must
 * not reach a database as a password), over REST it is text, as in Connect.
 */
import { ConfigError, nearest, type RawConfig } from '../kernel';
import type { ProvidedValues } from '../plugin';
import type { Providers } from './providers';

export { createProviders, type Providers } from './providers';

const REFERENCE = /\$\{([^}:]*):(?:([^}]*?):)?([^}]*)\}/g;

export interface BrokenReference {
  readonly key: string;
  /** `${env:NAME}` as written. */
  readonly reference: string;
  readonly why: string;
  /** The provider itself failed, such as a file that cannot be read: an error in Connect too. */
  readonly failed: boolean;
}

export interface Resolved {
  readonly config: Readonly<Record<string, string>>;
  readonly broken: readonly BrokenReference[];
  /** How long the shortest-lived of the values hold, ms; null: for good. */
  readonly ttlMs: number | null;
}

export const hasReference = (value: string): boolean => value.search(REFERENCE) >= 0;

/** Replaces every reference; what cannot be resolved stays as written and is told. Resolved text is not resolved again. */
export async function resolveReferences(raw: RawConfig, providers: Providers): Promise<Resolved> {
  const answers = new Answers(providers);
  for (const value of Object.values(raw)) {
    if (typeof value === 'string') for (const found of referencesIn(value)) answers.want(found);
  }
  await answers.fetch();
  const config: Record<string, string> = {};
  const broken: BrokenReference[] = [];
  for (const [key, value] of Object.entries(raw)) {
    if (typeof value !== 'string') continue;
    config[key] = value.replace(
      REFERENCE,
      (reference, name: string, place: string | undefined, item: string) => {
        const answer = answers.of({ name, place: place ?? '', item });
        if (typeof answer === 'string') return answer;
        broken.push({ key, reference, ...answer });
        return reference;
      },
    );
  }
  return { config, broken, ttlMs: answers.ttlMs };
}

/** As Connect resolves: references that lead nowhere are text. Throws ConfigError when a provider fails. */
export async function resolveAsConnect(raw: RawConfig, providers: Providers): Promise<Resolved> {
  const resolved = await resolveReferences(raw, providers);
  const failed = resolved.broken.find((each) => each.failed);
  if (failed === undefined) return resolved;
  throw new ConfigError(`${failed.key}: ${failed.reference} cannot be resolved: ${failed.why}`);
}

/** When the connector has to be restarted for new values, ms from now; null: never, or `config.action.reload=none`. */
export const reloadDelayMs = ({ config, ttlMs }: Pick<Resolved, 'config' | 'ttlMs'>): number | null =>
  (config['config.action.reload'] ?? 'restart').trim().toLowerCase() === 'restart' ? ttlMs : null;

interface Reference {
  readonly name: string;
  readonly place: string;
  readonly item: string;
}

type Unanswered = Pick<BrokenReference, 'why' | 'failed'>;

function* referencesIn(value: string): Iterable<Reference> {
  for (const [, name = '', place = '', item = ''] of value.matchAll(REFERENCE)) yield { name, place, item };
}

/** Asks each provider once for all keys at a path. */
class Answers {
  readonly #providers: Providers;
  readonly #wanted = new Map<string, Map<string, Set<string>>>();
  readonly #found = new Map<string, Map<string, ProvidedValues | Unanswered>>();
  #ttlMs: number | null = null;

  constructor(providers: Providers) {
    this.#providers = providers;
  }

  get ttlMs(): number | null {
    return this.#ttlMs;
  }

  want({ name, place, item }: Reference): void {
    entry(
      entry(this.#wanted, name, () => new Map<string, Set<string>>()),
      place,
      () => new Set<string>(),
    ).add(item);
  }

  async fetch(): Promise<void> {
    for (const [name, places] of this.#wanted) {
      const provider = this.#providers.get(name);
      if (provider === undefined) continue;
      const found = entry(this.#found, name, () => new Map());
      for (const [place, items] of places) {
        const answer = await provider.get(place, [...items]).catch(failure);
        found.set(place, answer);
        if (!('why' in answer)) this.#shorten(answer.ttlMs);
      }
    }
  }

  #shorten(ttlMs: number | undefined): void {
    if (ttlMs !== undefined && ttlMs >= 0) this.#ttlMs = Math.min(this.#ttlMs ?? ttlMs, ttlMs);
  }

  of({ name, place, item }: Reference): string | Unanswered {
    const answer = this.#found.get(name)?.get(place);
    if (answer === undefined) return { why: this.#unknownProvider(name), failed: false };
    if ('why' in answer) return answer;
    const value = Object.hasOwn(answer.values, item) ? answer.values[item] : undefined;
    return value ?? { why: answer.missing?.[item] ?? `${name} has no ${item}`, failed: false };
  }

  #unknownProvider(name: string): string {
    const known = [...this.#providers.keys()];
    const meant = nearest(name, known);
    const hint = meant === null ? `Known are ${known.join(', ') || 'none'}.` : `Did you mean ${meant}?`;
    return `there is no config provider ${name}. ${hint}`;
  }
}

function entry<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  let value = map.get(key);
  if (value === undefined) map.set(key, (value = make()));
  return value;
}

const failure = (error: unknown): Unanswered => ({
  why: error instanceof Error ? error.message : String(error),
  failed: true,
});
