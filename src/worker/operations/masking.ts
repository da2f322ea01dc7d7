/** What may be shown of a configuration: secrets by their definition are hidden, references stay as written. */
import type { ConfigDef, ConfigKey } from '../../kernel';
import type { Plugin } from '../../plugin';
import type { Catalog, LookupKind } from '../catalog';
import { CLIENT_DEFS, CLIENT_KINDS } from '../client-keys';
import { frameworkDef } from '../connector-config';
import type { RawConfig } from '../storage/types';
import { listOf } from '../topic-keys';

export const HIDDEN = '[hidden]';

/** Keys that no definition knows are judged by their names. */
const SECRET_NAME = /pass|secret|token|credential|jaas|private|api.?key|access.?key/i;
const REFERENCES = /\$\{[^}:]*:[^}]*\}/g;
/** A password within a URL: `//user:password@` and `password=`. */
const IN_URL = /(:\/\/[^/?#\s:@]*:)[^@/?#\s]+(?=@)|([?&;](?:password|sslpassword|secret|token)=)[^&;\s]+/gi;

/** Tells of a key whether its value is a secret. */
export type SecretKeys = (key: string) => boolean;

/** By the plug-ins that the configuration names; one that nobody knows has no definitions. */
export async function secretKeys(config: RawConfig, catalog: Catalog): Promise<SecretKeys> {
  const known = new Map<string, ConfigKey>();
  const add = (def: ConfigDef, prefix = ''): void => {
    for (const key of def.keys.values()) known.set(prefix + key.name, key);
  };
  const find = async (kind: LookupKind, name: string | undefined): Promise<Plugin | null> =>
    name === undefined ? null : catalog.find(kind, name.trim()).catch(() => null);
  add(frameworkDef(null));
  for (const kind of CLIENT_KINDS) add(CLIENT_DEFS[kind], `${kind}.override.`);
  for (const { kind, key, prefix } of namedPlugins(config)) {
    const plugin = await find(kind, config[key]);
    if (plugin !== null) add(plugin.config, prefix);
  }
  return (key) => {
    const definition = known.get(key);
    return definition === undefined ? SECRET_NAME.test(key) : definition.type === 'PASSWORD';
  };
}

interface Named {
  readonly kind: LookupKind;
  /** Whose value is the class. */
  readonly key: string;
  readonly prefix: string;
}

function namedPlugins(config: RawConfig): Named[] {
  const chained = (kind: 'transform' | 'predicate', aliases: string | undefined): Named[] =>
    listOf(aliases).map((alias) => {
      const prefix = `${kind}s.${alias}.`;
      return { kind, key: `${prefix}type`, prefix };
    });
  return [
    { kind: 'converter', key: 'key.converter', prefix: 'key.converter.' },
    { kind: 'converter', key: 'value.converter', prefix: 'value.converter.' },
    { kind: 'header-converter', key: 'header.converter', prefix: 'header.converter.' },
    ...chained('transform', config.transforms),
    ...chained('predicate', config.predicates),
    { kind: 'connector', key: 'connector.class', prefix: '' },
  ];
}

/** What is nothing but references is shown. */
export function shownValue(value: string, isSecret: boolean): string {
  if (isSecret) return value.replace(REFERENCES, '').trim() === '' ? value : HIDDEN;
  return value.replace(IN_URL, (found, user?: string, parameter?: string) => {
    const before = user ?? parameter ?? '';
    return found.slice(before.length).startsWith('${') ? found : before + HIDDEN;
  });
}

export const shownConfig = (config: RawConfig, isSecret: SecretKeys): RawConfig =>
  Object.fromEntries(Object.entries(config).map(([key, value]) => [key, shownValue(value, isSecret(key))]));

/** Shorter values are no secrets worth the name, and would be found in any sentence. */
const LEAST_SECRET = 4;

/**
 * Hides the secrets of a configuration wherever a text has them: values of passwords, what references stand for, and
 * passwords within URLs.
 */
export function scrubber(
  written: RawConfig,
  resolved: RawConfig,
  isSecret: SecretKeys,
): (text: string) => string {
  const secrets = new Map<string, string>();
  for (const [key, value] of Object.entries(resolved)) {
    if (isSecret(key)) secrets.set(value, HIDDEN);
    else if (written[key] !== undefined && written[key] !== value) secrets.set(value, written[key]);
    for (const found of value.matchAll(IN_URL)) {
      const [whole, user = '', parameter = ''] = found;
      secrets.set(whole.slice((user || parameter).length), HIDDEN);
    }
  }
  const known = [...secrets].filter(([secret]) => secret.trim().length >= LEAST_SECRET);
  known.sort(([a], [b]) => b.length - a.length);
  return (text) => known.reduce((clean, [secret, shown]) => clean.replaceAll(secret, () => shown), text);
}
