/** Transforms and predicates: what naming one adds to the keys of a connector (connect.md §5.1). */
import type { ConfigKey } from '../../kernel';
import { type ClassKind, classesOf, type FoundClass, findClass } from './classes';
import type { GivenConfig, ValidationContext } from './context';
import { embeddedOrder } from './definitions';

export interface Link {
  readonly kind: 'transform' | 'predicate';
  /** `transforms.a.` */
  readonly prefix: string;
  /** Names without the prefix. */
  readonly keys: readonly ConfigKey[];
  readonly found: FoundClass | null;
}

const WORDS = {
  transform: { list: 'transforms', title: 'Transformation', group: 'Transforms' },
  predicate: { list: 'predicates', title: 'Predicate', group: 'Predicates' },
} as const;

export async function findLinks(
  kind: Link['kind'],
  aliases: readonly string[],
  config: GivenConfig,
  context: ValidationContext,
): Promise<Link[]> {
  const links: Link[] = [];
  for (const alias of new Set(aliases)) links.push(await findLink(kind, alias, config, context));
  return links;
}

async function findLink(
  kind: Link['kind'],
  alias: string,
  config: GivenConfig,
  { catalog, recommend }: ValidationContext,
): Promise<Link> {
  const prefix = `${WORDS[kind].list}.${alias}.`;
  const type = config[`${prefix}type`];
  const version = config[`${prefix}plugin.version`] ?? null;
  const found = typeof type === 'string' ? await findClass(catalog, kind, type, version) : null;
  const classes = recommend === false ? [] : classesOf(await catalog.all(), kind as ClassKind);
  const group = `${WORDS[kind].group}: ${alias}`;
  const keys = [...typeKeys(kind, alias, found?.version ?? null, classes), ...ownKeys(kind, found)];
  return { kind, prefix, found, keys: keys.map((key) => ({ ...key, group })) };
}

function typeKeys(
  kind: Link['kind'],
  alias: string,
  version: string | null,
  classes: readonly string[],
): ConfigKey[] {
  const { title } = WORDS[kind];
  return [
    {
      ...chainKeys(kind)[0]!,
      displayName: `${title} type for ${alias}`,
      recommended: classes,
    },
    {
      ...chainKeys(kind)[1]!,
      default: version,
      displayName: `${title} version for ${alias}`,
      recommended: version === null ? [] : [version],
    },
  ];
}

function ownKeys(kind: Link['kind'], found: FoundClass | null): ConfigKey[] {
  if (!found?.plugin) return [];
  const own = [...found.plugin.config.keys.values()];
  const keys = kind === 'predicate' ? own : [...own, ...CONDITION_KEYS];
  return embeddedOrder(keys).map((key, i) => ({ ...key, recommended: key.recommended ?? [], order: i + 2 }));
}

/** What every transform and predicate has beside its own keys; names without the prefix. */
export const chainKeys = (kind: Link['kind']): readonly ConfigKey[] => [
  {
    name: 'type',
    type: 'CLASS',
    importance: 'HIGH',
    width: 'LONG',
    doc: `Class of the ${kind}.`,
    order: 0,
  },
  {
    name: 'plugin.version',
    type: 'STRING',
    default: null,
    importance: 'HIGH',
    width: 'LONG',
    doc: `Version of the ${kind}; without it the one that is there.`,
    order: 1,
  },
  ...(kind === 'transform' ? CONDITION_KEYS : []),
];

const CONDITION_KEYS: readonly ConfigKey[] = [
  {
    name: 'predicate',
    type: 'STRING',
    default: null,
    importance: 'MEDIUM',
    doc: 'Alias of the predicate that decides whether the transform is applied.',
  },
  {
    name: 'negate',
    type: 'BOOLEAN',
    default: false,
    importance: 'MEDIUM',
    doc: 'Whether the predicate must be false instead.',
  },
];
