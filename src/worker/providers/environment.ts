import { ConfigDef, ConfigError, type Validator, wholeJavaPattern } from '../../kernel';
import type { ConfigProvider, ConfigProviderPlugin } from '../../plugin';

export type Environment = Readonly<Record<string, string | undefined>>;

const patternValidator: Validator = (value) => {
  try {
    if (typeof value === 'string') wholeJavaPattern(value);
    return null;
  } catch (error) {
    return (error as Error).message;
  }
};

/** `${env:NAME}`, with what `env` holds. */
export const environmentProvider = (env: Environment): ConfigProviderPlugin => ({
  kind: 'config-provider',
  name: 'env',
  aliases: ['org.apache.kafka.common.config.provider.EnvVarConfigProvider'],
  version: '0.1.0',
  summary: 'Variables of the environment.',
  config: new ConfigDef([
    {
      name: 'allowlist.pattern',
      type: 'STRING',
      default: '.*',
      importance: 'HIGH',
      doc: 'Regular expression that the whole name of a variable has to match.',
      validator: patternValidator,
    },
  ]),
  create: (config) => variables(env, wholeJavaPattern(config.string('allowlist.pattern'))),
});

function variables(env: Environment, allowed: RegExp): ConfigProvider {
  return {
    async get(path, keys) {
      if (path !== '') {
        throw new ConfigError(`Path is not supported for EnvVarConfigProvider, invalid value '${path}'`);
      }
      const values: Record<string, string> = {};
      const missing: Record<string, string> = {};
      for (const key of keys) {
        const value = allowed.test(key) ? env[key] : undefined;
        if (value !== undefined) values[key] = value;
        else if (allowed.test(key)) missing[key] = `the environment variable ${key} is not set`;
        else missing[key] = `allowlist.pattern does not allow ${key}`;
      }
      return { values, missing };
    },
  };
}
