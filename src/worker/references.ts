/**
 * `${provider:path:key}` in configuration values, as Connect's config providers resolve them. Unlike there, a reference
 * that leads nowhere is an error: text like `${env:PASSWORD}` must not reach a database as a password.
 */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { MillraceError, nearest, type RawConfig } from '../kernel';
import { parseProperties } from './files/properties';

const REFERENCE = /\$\{([^}:]*):(?:([^}]*?):)?([^}]*)\}/g;

/** Value of a key below a path ('' when the reference has none), or why there is none. */
export type Provider = (path: string, key: string) => Promise<string | { readonly why: string }>;

export type Providers = ReadonlyMap<string, Provider>;

export interface BrokenReference {
  readonly key: string;
  /** `${env:NAME}` as written. */
  readonly reference: string;
  readonly why: string;
}

export interface Resolved {
  readonly config: Readonly<Record<string, string>>;
  readonly broken: readonly BrokenReference[];
}

export const hasReference = (value: string): boolean => value.search(REFERENCE) >= 0;

/** Replaces every reference; what cannot be resolved stays as written and is told. Resolved text is not resolved again. */
export async function resolveReferences(raw: RawConfig, providers: Providers): Promise<Resolved> {
  const config: Record<string, string> = {};
  const broken: BrokenReference[] = [];
  for (const [key, value] of Object.entries(raw)) {
    if (typeof value !== 'string') continue;
    let text = value;
    if (hasReference(value)) {
      text = await resolveValue(value, providers, (reference, why) => broken.push({ key, reference, why }));
    }
    config[key] = text;
  }
  return { config, broken };
}

async function resolveValue(
  value: string,
  providers: Providers,
  fail: (reference: string, why: string) => void,
): Promise<string> {
  let text = '';
  let end = 0;
  for (const match of value.matchAll(REFERENCE)) {
    const [reference, name, place = '', key] = match as unknown as [
      string,
      string,
      string | undefined,
      string,
    ];
    const provider = providers.get(name);
    const found =
      provider === undefined ? { why: unknownProvider(name, providers) } : await provider(place, key);
    if (typeof found !== 'string') fail(reference, found.why);
    text += value.slice(end, match.index) + (typeof found === 'string' ? found : reference);
    end = match.index + reference.length;
  }
  return text + value.slice(end);
}

function unknownProvider(name: string, providers: Providers): string {
  const meant = nearest(name, providers.keys());
  const hint = meant === null ? `Known are ${[...providers.keys()].join(', ')}.` : `Did you mean ${meant}?`;
  return `there is no config provider ${name}. ${hint}`;
}

type Environment = Readonly<Record<string, string | undefined>>;

const KINDS: Readonly<
  Record<string, (parameters: Readonly<Record<string, string>>, env: Environment) => Provider>
> = {
  EnvVarConfigProvider: (parameters, env) => envProvider(env, parameters['allowlist.pattern']),
  FileConfigProvider: (parameters) => fileProvider(parameters['allowed.paths']),
  DirectoryConfigProvider: (parameters) => directoryProvider(parameters['allowed.paths']),
};

/**
 * The providers of a worker: `env`, `file` and `dir` are always there; `config.providers` adds aliases of them with
 * `config.providers.<alias>.class` and `.param.*`. Throws ConfigError for a class that is not one of Kafka's three.
 */
export function createProviders(worker: RawConfig = {}, env: Environment = process.env): Providers {
  const providers = new Map<string, Provider>([
    ['env', envProvider(env)],
    ['file', fileProvider()],
    ['dir', directoryProvider()],
  ]);
  for (const alias of (worker['config.providers'] ?? '').split(',').map((name) => name.trim())) {
    if (alias === '') continue;
    const className = worker[`config.providers.${alias}.class`] ?? '';
    const kind = KINDS[className.replace(/^.*\./, '')];
    if (kind === undefined) throw unknownClass(alias, className);
    providers.set(alias, kind(parametersOf(worker, `config.providers.${alias}.param.`), env));
  }
  return providers;
}

const parametersOf = (raw: RawConfig, prefix: string): Record<string, string> =>
  Object.fromEntries(
    Object.entries(raw).flatMap(([key, value]) =>
      key.startsWith(prefix) && typeof value === 'string' ? [[key.slice(prefix.length), value]] : [],
    ),
  );

const unknownClass = (alias: string, className: string): MillraceError =>
  new MillraceError(
    'PLUGIN_UNKNOWN',
    `config.providers.${alias}.class: no config provider ${className || '(empty)'}`,
    {
      hint: `Known are ${Object.keys(KINDS).join(', ')} of org.apache.kafka.common.config.provider.`,
    },
  );

function envProvider(env: Environment, allowlist?: string): Provider {
  const allowed = allowlist === undefined ? null : new RegExp(`^(?:${allowlist})$`);
  return async (_path, name) => {
    if (allowed !== null && !allowed.test(name)) return { why: `allowlist.pattern does not allow ${name}` };
    return env[name] ?? { why: `the environment variable ${name} is not set` };
  };
}

function fileProvider(allowedPaths?: string): Provider {
  return async (file, key) => {
    const text = await readAllowed(file, allowedPaths);
    if (typeof text !== 'string') return text;
    const found = parseProperties(text).properties.findLast((property) => property.key === key);
    return found?.value ?? { why: `${file} has no key ${key}` };
  };
}

function directoryProvider(allowedPaths?: string): Provider {
  return async (directory, name) => {
    if (name.includes('/') || name === '..') return { why: `${name} is not a plain file name` };
    return readAllowed(path.join(directory, name), allowedPaths);
  };
}

async function readAllowed(
  file: string,
  allowedPaths: string | undefined,
): Promise<string | { why: string }> {
  const full = path.resolve(file);
  const roots = allowedPaths?.split(',').map((root) => path.resolve(root.trim())) ?? null;
  if (roots !== null && !roots.some((root) => full === root || full.startsWith(`${root}/`))) {
    return { why: `allowed.paths does not allow ${file}` };
  }
  try {
    return await readFile(full, 'utf8');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return { why: code === 'ENOENT' ? `there is no file ${file}` : `cannot read ${file}: ${message}` };
  }
}
