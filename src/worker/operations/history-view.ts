/** Versions of configurations as they may be shown: what changed from one to the next, secrets hidden. */
import type { Catalog } from '../catalog';
import type { TargetState } from '../lifecycle';
import type { RawConfig } from '../storage/types';
import type { Author, ChangeKind } from './changes';
import type { Version } from './history';
import { type SecretKeys, secretKeys, shownConfig, shownValue } from './masking';

export interface ConfigDiff {
  readonly added: RawConfig;
  readonly removed: RawConfig;
  readonly changed: Readonly<Record<string, { readonly from: string; readonly to: string }>>;
}

export interface ShownVersion {
  readonly version: number;
  readonly at: Date;
  readonly kind: ChangeKind;
  /** Null where nobody is known. */
  readonly author: Author | null;
  readonly revertOf: number | null;
  readonly target: TargetState | null;
  /** To the version before; null when that one is forgotten. */
  readonly diff: ConfigDiff | null;
}

export interface ShownConfigVersion extends ShownVersion {
  /** Null: deleted. */
  readonly config: RawConfig | null;
}

/** Of versions of one connector, oldest first. */
export async function showVersions(
  versions: readonly Version[],
  catalog: Catalog,
): Promise<ShownConfigVersion[]> {
  const shown: ShownConfigVersion[] = [];
  for (const [i, version] of versions.entries()) {
    const before = versions[i - 1] ?? null;
    const isSecret = await secretsOfBoth(before?.config ?? {}, version.config ?? {}, catalog);
    const isFirst = version.version === 1;
    shown.push({
      version: version.version,
      at: new Date(version.at),
      kind: version.kind,
      author: version.author,
      revertOf: version.revertOf,
      target: version.target,
      diff: before === null && !isFirst ? null : diffOf(before?.config ?? {}, version.config ?? {}, isSecret),
      config: version.config === null ? null : shownConfig(version.config, isSecret),
    });
  }
  return shown;
}

/** What is a secret to either of them is one. */
async function secretsOfBoth(before: RawConfig, after: RawConfig, catalog: Catalog): Promise<SecretKeys> {
  const [a, b] = await Promise.all([secretKeys(before, catalog), secretKeys(after, catalog)]);
  return (key) => (key in before && a(key)) || (key in after && b(key));
}

function diffOf(before: RawConfig, after: RawConfig, isSecret: SecretKeys): ConfigDiff {
  const shown = (key: string, value: string): string => shownValue(value, isSecret(key));
  const only = (these: RawConfig, those: RawConfig): RawConfig =>
    Object.fromEntries(
      Object.entries(these).flatMap(([key, value]) => (key in those ? [] : [[key, shown(key, value)]])),
    );
  const changed = Object.entries(after).flatMap(([key, value]) => {
    const old = before[key];
    return old === undefined || old === value
      ? []
      : [[key, { from: shown(key, old), to: shown(key, value) }] as const];
  });
  return { added: only(after, before), removed: only(before, after), changed: Object.fromEntries(changed) };
}
