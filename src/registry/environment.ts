/** Configuration from variables, in the spelling of Confluent's image: `SCHEMA_REGISTRY_KAFKASTORE_BOOTSTRAP_SERVERS`. */
import type { RawConfig } from '../kernel';

const PREFIX = 'SCHEMA_REGISTRY_';

/**
 * What is no key: settings of the JVM and of the image's scripts, and what Kubernetes sets in every container when a service is
 * called schema-registry.
 */
const OTHERS =
  /^(OPTS|HEAP_OPTS|JVM_PERFORMANCE_OPTS|JMX_\w+|LOG4J_\w+|CUB_\w+|CLASSPATH|PORT|PORT_\d+_\w+|SERVICE_HOST|SERVICE_PORT\w*)$/;

/** `_` is a dot, `__` a dash and `___` an underscore; empty variables do not count. */
export function registryEnvironment(env: Readonly<Record<string, string | undefined>>): RawConfig {
  const values: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) {
    const rest = name.startsWith(PREFIX) ? name.slice(PREFIX.length) : '';
    if (rest === '' || value === undefined || value === '' || OTHERS.test(rest)) continue;
    values[keyOf(rest)] = value;
  }
  return values;
}

const keyOf = (name: string): string =>
  name.toLowerCase().replace(/_{1,3}/g, (run) => SEPARATORS[run.length - 1]!);

const SEPARATORS = ['.', '-', '_'];
