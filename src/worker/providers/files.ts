/** Values in files: keys of a `.properties` file, and whole files of a directory, as secrets are mounted into containers. */
import { existsSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { type Config, ConfigDef, ConfigError, type Validator } from '../../kernel';
import type { ConfigProviderPlugin, ProvidedValues } from '../../plugin';
import { parseProperties } from '../files/properties';

const existingPaths: Validator = (value) => {
  for (const given of (value ?? []) as readonly string[]) {
    if (!path.isAbsolute(given)) return `Path ${given} is not absolute`;
    if (!existsSync(given)) return `Path ${given} does not exist`;
  }
  return null;
};

const config = new ConfigDef([
  {
    name: 'allowed.paths',
    type: 'LIST',
    default: [],
    importance: 'HIGH',
    doc: 'Files and directories below which may be read; without it any.',
    validator: existingPaths,
  },
]);

type Read = (file: string, keys: readonly string[]) => Promise<ProvidedValues>;

/** Keeps a provider to its `allowed.paths`; `..` leads out of none of them. */
function within(parsed: Config, read: Read) {
  const roots = parsed.list('allowed.paths').map((root) => path.normalize(`${root}/`));
  const allows = (file: string): boolean =>
    roots.length === 0 || roots.some((root) => path.normalize(`${file}/`).startsWith(root));
  return {
    async get(file: string, keys: readonly string[]): Promise<ProvidedValues> {
      if (file === '') return noneOf(keys, () => 'the reference names no path');
      return allows(file) ? read(file, keys) : noneOf(keys, () => `allowed.paths does not allow ${file}`);
    },
  };
}

const noneOf = (keys: readonly string[], why: (key: string) => string): ProvidedValues => ({
  values: {},
  missing: Object.fromEntries(keys.map((key) => [key, why(key)])),
});

const base = { kind: 'config-provider', version: '0.1.0', config } as const;

/** `${file:/path/file.properties:key}` */
export const fileProvider: ConfigProviderPlugin = {
  ...base,
  name: 'file',
  aliases: ['org.apache.kafka.common.config.provider.FileConfigProvider'],
  summary: 'Keys of a properties file.',
  create: (parsed) => within(parsed, readProperties),
};

/** `${dir:/path:file}` */
export const directoryProvider: ConfigProviderPlugin = {
  ...base,
  name: 'dir',
  aliases: ['org.apache.kafka.common.config.provider.DirectoryConfigProvider'],
  summary: 'Files of a directory, each one value.',
  create: (parsed) => within(parsed, readDirectory),
};

async function readProperties(file: string, keys: readonly string[]): Promise<ProvidedValues> {
  const found = new Map<string, string>();
  for (const { key, value } of parseProperties(await readText(file)).properties) found.set(key, value);
  const values: Record<string, string> = {};
  const missing: Record<string, string> = {};
  for (const key of keys) {
    const value = found.get(key);
    if (value === undefined) missing[key] = `${file} has no key ${key}`;
    else values[key] = value;
  }
  return { values, missing };
}

async function readDirectory(directory: string, names: readonly string[]): Promise<ProvidedValues> {
  const values: Record<string, string> = {};
  const missing: Record<string, string> = {};
  for (const name of names) {
    const file = path.join(directory, name);
    if (name === '..' || name.includes('/')) missing[name] = `${name} is not a plain file name`;
    else if (await isFile(file)) values[name] = await readText(file);
    else missing[name] = `there is no file ${file}`;
  }
  return { values, missing };
}

const isFile = (file: string): Promise<boolean> =>
  stat(file).then(
    (found) => found.isFile(),
    () => false,
  );

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new ConfigError(
      code === 'ENOENT' ? `there is no file ${file}` : `cannot read ${file}: ${message}`,
      { cause: error },
    );
  }
}
