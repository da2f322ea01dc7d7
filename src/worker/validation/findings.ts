/** What is found while a configuration is validated: definitions, values and errors by key. */
import type { JudgedKey } from '../../kernel';
import { keyInfos } from './definitions';
import type { ConfigInfo, ConfigKeyInfo } from './infos';

interface Finding {
  readonly definition: ConfigKeyInfo | null;
  readonly name: string;
  readonly value: string | null;
  readonly recommended: readonly string[];
  readonly errors: string[];
  readonly visible: boolean;
}

/** One part of the answer; keys that nobody defined stand first in it, as on a JVM worker. */
export class Findings {
  readonly #byName = new Map<string, Finding>();

  /** A part's keys in the order they are listed in; names get the prefix, places and display names stay. */
  addAll(names: readonly string[], judged: readonly JudgedKey[], prefix = ''): void {
    const infos = new Map(keyInfos(judged.map(({ key }) => key)).map((info) => [info.name, info]));
    const byName = new Map(judged.map((each) => [each.key.name, each]));
    for (const name of names) {
      const each = byName.get(name);
      if (each !== undefined) this.#add(each, { ...infos.get(name)!, name: prefix + name });
    }
  }

  /** Takes the place of what was found about a key of that name before. */
  #add({ key, text, errors, visible }: JudgedKey, definition: ConfigKeyInfo): void {
    const { name } = definition;
    const recommended = key.recommended ?? [];
    this.#byName.set(name, { definition, name, value: text, recommended, errors: [...errors], visible });
  }

  /** About a key that may have no definition. */
  complain(name: string, value: string | null, message?: string): void {
    let finding = this.#byName.get(name);
    if (finding === undefined) {
      finding = { definition: null, name, value, recommended: [], errors: [], visible: true };
      this.#byName.set(name, finding);
    }
    if (message !== undefined) finding.errors.push(message);
  }

  hasErrors(names: Iterable<string> = this.#byName.keys()): boolean {
    return [...names].some((name) => (this.#byName.get(name)?.errors.length ?? 0) > 0);
  }

  firstError(): string | null {
    return [...this.#byName.values()].flatMap(({ errors }) => errors)[0] ?? null;
  }

  /** A key that is found again keeps its place and loses what was found before. */
  replace(other: Findings): void {
    for (const [name, finding] of other.#byName) this.#byName.set(name, finding);
  }

  valueOf(name: string): string | null {
    return this.#byName.get(name)?.value ?? null;
  }

  get groups(): string[] {
    const groups = [...this.#byName.values()].map(({ definition }) => definition?.group ?? null);
    return [...new Set(groups.filter((group) => group !== null))];
  }

  infos(): ConfigInfo[] {
    const findings = [...this.#byName.values()];
    const undefinedFirst = [
      ...findings.filter(({ definition }) => definition === null),
      ...findings.filter(({ definition }) => definition !== null),
    ];
    return undefinedFirst.map(({ definition, name, value, recommended, errors, visible }) => ({
      definition,
      value: { name, value, recommended_values: visible ? recommended : [], errors, visible },
    }));
  }
}
