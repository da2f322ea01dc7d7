/**
 * The configuration of the process: defaults, then the file, then `CONNECT_…` variables, then arguments. convict lays
 * them over each other and masks secrets; names, types and messages are those of the worker's ConfigDef.
 */
import convict from 'convict';
import type { Config, ConfigIssue } from '../kernel';
import { checkWithHints } from './config-compose';
import { DISTRIBUTED_DEF } from './distributed-keys';
import { type FileIssue, FileIssuesError, type FlatFile, issueAt } from './files';
import { createProviders, type Providers, providerPlugins } from './providers';
import { resolveReferences } from './references';
import { isWithoutEffect, WORKER_DEF } from './worker-keys';

export type WorkerMode = 'standalone' | 'distributed';

export interface WorkerSources {
  /** `standalone` unless given. */
  readonly mode?: WorkerMode;
  /** What the file says, with the lines it says it on. */
  readonly file?: Pick<FlatFile, 'name' | 'values' | 'lineOf'>;
  /** Arguments of the command: they win. */
  readonly arguments?: Readonly<Record<string, string>>;
  /** Used where nothing else is said, in place of the defaults of the definition. */
  readonly defaults?: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string | undefined>>;
}

export interface WorkerConfig {
  readonly config: Config;
  /** As laid over each other, references resolved: holds secrets. */
  readonly raw: Readonly<Record<string, string>>;
  readonly providers: Providers;
  /** Unknown keys and keys without effect; for people to read at the start. */
  readonly warnings: readonly FileIssue[];
  /** Whether file, variables or arguments set the key. */
  isSet(key: string): boolean;
  /** About a key, with the place where it is set. */
  issue(key: string, message: string): FileIssue;
  /** What was set, as JSON, secrets masked. */
  toString(): string;
}

/** Throws FileIssuesError with everything that is wrong. */
export async function loadWorkerConfig(sources: WorkerSources = {}): Promise<WorkerConfig> {
  const { env = process.env, mode = 'standalone' } = sources;
  const layers = layer(sources, env);
  const providers = createProviders(layers.values, env, await providerPlugins(layers.values));
  const { config: raw, broken } = await resolveReferences(layers.values, providers);
  const place = (key: string, message: string, about: Partial<FileIssue> = {}): FileIssue => {
    const origin = originOf(key, sources, env);
    return issueAt(origin.name, origin.line, message, { key, ...about });
  };
  const errors = [
    ...broken.map(({ key, reference, why }) => place(key, `${key}: ${reference} cannot be resolved: ${why}`)),
    ...checkWorker(raw, mode).map(({ key, value, message }) =>
      place(key, hideResolved(message, layers.values[key], raw[key]), { value }),
    ),
  ];
  if (errors.length > 0) throw new FileIssuesError(errors);
  return {
    config: WORKER_DEF.parse(raw),
    raw,
    providers,
    warnings: remarks(raw, mode).map(({ key, message }) => place(key, message, { severity: 'warning' })),
    isSet: (key) => isSaid(key, sources, env),
    issue: (key, message) => place(key, message),
    toString: () => layers.masked,
  };
}

/** Errors of known keys, and what a mode cannot do without. */
export function checkWorker(
  raw: Readonly<Record<string, string>>,
  mode: WorkerMode = 'standalone',
): ConfigIssue[] {
  const missing = mode === 'standalone' ? [] : NEEDED_TOPICS.filter((key) => !raw[key]);
  return [
    ...checkWithHints(WORKER_DEF, raw),
    ...missing.map((key): ConfigIssue => {
      const message = `Missing required configuration "${key}" which has no default value.`;
      return { key, value: null, message, kind: 'missing' };
    }),
  ];
}

const NEEDED_TOPICS = ['group.id', 'config.storage.topic', 'offset.storage.topic', 'status.storage.topic'];

/** Keys nobody knows, with the nearest known one, and keys that mean nothing here. */
export function remarks(
  raw: Readonly<Record<string, string>>,
  mode: WorkerMode = 'standalone',
): ConfigIssue[] {
  const unknown = WORKER_DEF.unknown(raw).map((issue) =>
    isWithoutEffect(issue.key) ? { ...issue, message: `${issue.key} has no effect here.` } : issue,
  );
  if (mode === 'distributed') return unknown;
  const others = Object.entries(raw).flatMap(([key, value]): ConfigIssue[] => {
    if (key === EXACTLY_ONCE && value !== 'disabled') {
      const message = `Sources deliver at least once: ${EXACTLY_ONCE}=${value} has no effect here.`;
      return [{ key, value, message, kind: 'invalid' }];
    }
    const elsewhere = DISTRIBUTED_DEF.keys.has(key) || DISTRIBUTED_FAMILIES.test(key);
    return elsewhere ? [{ key, value, message: `${key} has no effect here.`, kind: 'unknown' }] : [];
  });
  return [...unknown, ...others];
}

const EXACTLY_ONCE = 'exactly.once.source.support';
const DISTRIBUTED_FAMILIES = /^(config|status)\.storage\./;

/** A message must not show what a reference stood for. */
export const hideResolved = (
  message: string,
  written: string | undefined,
  resolved: string | undefined,
): string =>
  written !== undefined && resolved !== undefined && written !== resolved && resolved !== ''
    ? message.replaceAll(resolved, written)
    : message;

const property = (key: string): string => key.replaceAll('.', '/');
const variable = (key: string): string =>
  `CONNECT_${key.toUpperCase().replaceAll('.', '_').replaceAll('-', '___')}`;

interface Layers {
  readonly values: Record<string, string>;
  readonly masked: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

function layer(sources: WorkerSources, env: Environment): Layers {
  const { file, arguments: args = {}, defaults = {} } = sources;
  const families = familyVariables(env);
  const names = new Set([
    ...WORKER_DEF.keys.keys(),
    ...[file?.values ?? {}, args, defaults, families].flatMap(Object.keys),
  ]);
  const schema = Object.fromEntries([...names].map((name) => [property(name), schemaOf(name)]));
  const config = convict<Record<string, string | null>>(schema, {
    env: env as NodeJS.ProcessEnv,
    args: Object.entries(args).map(([name, value]) => `--${property(name)}=${value}`),
  });
  for (const values of [defaults, file?.values ?? {}, families]) config.load(renamed(values));
  config.validate({ allowed: 'strict' });
  const values: Record<string, string> = {};
  for (const name of names) {
    const value = config.get(property(name));
    // The argument parser makes numbers of digits.
    if (value !== null) values[name] = String(value);
  }
  return { values, masked: config.toString() };
}

const schemaOf = (name: string): convict.SchemaObj<string | null> => ({
  format: '*',
  default: null,
  env: variable(name),
  arg: property(name),
  sensitive:
    WORKER_DEF.keys.get(name)?.type === 'PASSWORD' ||
    /password|secret|jaas|user\.info|keystore\.key|certificate\.chain/.test(name),
});

const renamed = (values: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(values).map(([key, value]) => [property(key), value]));

/** Variables of open families, such as CONNECT_VALUE_CONVERTER_SCHEMAS_ENABLE, spelt as container images spell them. */
function familyVariables(env: Environment): Record<string, string> {
  const found: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) {
    if (!name.startsWith('CONNECT_') || value === undefined) continue;
    const key = name
      .slice('CONNECT_'.length)
      .toLowerCase()
      .replaceAll('___', '-')
      .replaceAll('__', '\0')
      .replaceAll('_', '.')
      .replaceAll('\0', '_');
    if (!WORKER_DEF.keys.has(key) && WORKER_DEF.prefixes.some(({ prefix }) => key.startsWith(prefix)))
      found[key] = value;
  }
  return found;
}

const isSaid = (key: string, { file, arguments: args }: WorkerSources, env: Environment): boolean =>
  args?.[key] !== undefined || env[variable(key)] !== undefined || file?.values[key] !== undefined;

function originOf(
  key: string,
  { file, arguments: args }: WorkerSources,
  env: Environment,
): { name: string; line: number | null } {
  if (args !== undefined && key in args) return { name: 'arguments', line: null };
  if (env[variable(key)] !== undefined) return { name: `environment variable ${variable(key)}`, line: null };
  if (file === undefined) return { name: 'worker configuration', line: null };
  return { name: file.name, line: file.lineOf(key) };
}
