/** Recorded answers of a JVM worker in full (test/golden/connect/README.md), and ours in the same form. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { ConfigInfos, ConfigKeyInfo } from '../../../src/worker/validation';

const FOLDER = path.join(__dirname, '../../golden/connect');
export const JVM_VERSION = '4.1.1';

export const readGolden = <T>(file: string): T =>
  JSON.parse(readFileSync(path.join(FOLDER, file), 'utf8')) as T;

export type Definition = Omit<ConfigKeyInfo, 'documentation'>;

export interface Value {
  readonly value: string | null;
  readonly recommended_values: readonly string[] | '{classes}';
  readonly errors: readonly string[];
  readonly visible: boolean;
}

export interface Answer {
  readonly name: string;
  readonly error_count: number;
  readonly groups: readonly string[];
  readonly configs: readonly {
    readonly name: string;
    readonly definition: Definition | null;
    readonly value: Value;
  }[];
}

export interface Case {
  readonly case: string;
  readonly config: Readonly<Record<string, string | null>>;
  readonly status: number;
  /** Null when the whole request failed. */
  readonly answer: Answer | null;
}

interface Row extends Omit<Case, 'answer'> {
  readonly answer: Omit<Answer, 'configs'> & {
    readonly configs: readonly (readonly [number | null, Partial<Value> & { readonly name?: string }])[];
  };
}

export function readCases(worker: 'default' | 'strict' | 'principal'): Case[] {
  const definitions = readGolden<Definition[]>('validation/definitions.json');
  return readGolden<Row[]>(`validation/${worker}.json`).map((row) => {
    if (row.status !== 200) return { ...row, answer: null };
    const configs = row.answer.configs.map(([index, value]) => {
      const definition = index === null ? null : definitions[index]!;
      const { name = definition!.name, ...rest } = value;
      const full: Value = { value: null, recommended_values: [], errors: [], visible: true, ...rest };
      return { name, definition, value: full };
    });
    return { ...row, config: textsOf(row.config), answer: { ...row.answer, configs } };
  });
}

/** As the server reads a body: numbers become strings. */
const textsOf = (config: Readonly<Record<string, unknown>>): Record<string, string | null> =>
  Object.fromEntries(
    Object.entries(config).map(([key, value]) => [key, value === null ? null : String(value)]),
  );

/** Of the file connectors, and of the built-in converters, transforms and predicates. */
const CONNECTOR_VERSION = '1.0.0';
const PLUGIN_VERSION = '0.1.0';
const JVM_RANGE = '[4.0,5)';
const OUR_RANGE = '[0.1,2)';

/** The versions that a configuration asks for, as ours. */
export const withOurVersions = (config: Case['config']): Case['config'] =>
  Object.fromEntries(
    Object.entries(config).map(([key, value]) => {
      const own = key.startsWith('connector.') ? CONNECTOR_VERSION : PLUGIN_VERSION;
      if (!key.endsWith('plugin.version') || value === null) return [key, value];
      return [key, value.replace(JVM_VERSION, own).replace(JVM_RANGE, OUR_RANGE)];
    }),
  );

const jvmVersion = (value: string | null): string | null => {
  if (value === OUR_RANGE) return JVM_RANGE;
  return value === CONNECTOR_VERSION || value === PLUGIN_VERSION ? JVM_VERSION : value;
};

/** Versions and lists of classes are each worker's own, and so are the defaults of Kafka's clients. */
export function neutral(infos: ConfigInfos): Answer {
  return {
    ...infos,
    configs: infos.configs.map(({ definition, value }) => ({
      name: value!.name,
      definition: definition === null ? null : withoutProse(definition),
      value: {
        value: jvmVersion(value!.value),
        recommended_values: value!.recommended_values.some((each) => each.startsWith('org.apache.kafka.'))
          ? '{classes}'
          : value!.recommended_values.map((each) => jvmVersion(each)!),
        errors: value!.errors.map((error) => error.replace(/\[(1\.0\.0|0\.1\.0)\]/, `[${JVM_VERSION}]`)),
        visible: value!.visible,
      },
    })),
  };
}

export const withoutProse = ({ documentation: _, ...definition }: ConfigKeyInfo): Definition => ({
  ...definition,
  default_value: jvmVersion(definition.default_value),
});
