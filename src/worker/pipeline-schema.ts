/** JSON Schema of pipeline files, for editors: completion, documentation and the coarse mistakes. `millrace lint` tells the rest. */
import type { ConfigKey } from '../kernel';
import type { Plugin } from '../plugin';
import { namesOf } from './catalog';
import { CONNECTOR_KEYS, SINK_KEYS, SOURCE_KEYS } from './connector-keys';
import { INITIAL_STATES } from './files';
import { ownDef } from './own-keys';
import { WORKER_DEF } from './worker-keys';

export interface JsonSchema {
  readonly [keyword: string]: unknown;
}

const SCALAR: JsonSchema = { type: ['string', 'number', 'boolean'] };

export function pipelineSchema(plugins: readonly Plugin[]): JsonSchema {
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'millrace pipeline',
    description:
      'Sources and sinks of one purpose. Keys are those of Kafka Connect; nested maps are joined with dots.',
    type: 'object',
    additionalProperties: false,
    anyOf: [{ required: ['sources'] }, { required: ['sinks'] }],
    properties: {
      name: { type: 'string', description: 'Name of the pipeline; that of the file unless given.' },
      description: { type: 'string' },
      worker: {
        type: 'object',
        description: 'Keys of the worker.',
        properties: properties(workerKeys()),
      },
      converters: { $ref: '#/definitions/converters' },
      sources: connectors('source'),
      sinks: connectors('sink'),
    },
    definitions: {
      source: connector(plugins, 'source', [
        ...CONNECTOR_KEYS,
        ...SOURCE_KEYS,
        ...ownDef('source').keys.values(),
      ]),
      sink: connector(plugins, 'sink', [...CONNECTOR_KEYS, ...SINK_KEYS, ...ownDef('sink').keys.values()]),
      converters: CONVERTERS,
      converter: converter(plugins, 'converter'),
      headerConverter: converter(plugins, 'header-converter'),
      transform: chained(plugins, 'transform'),
      predicate: chained(plugins, 'predicate'),
    },
  };
}

/** Those of the clients are many, and rarely said per pipeline. */
const workerKeys = (): ConfigKey[] =>
  [...WORKER_DEF.keys.values()].filter(({ name }) => !/^(producer|consumer|admin)\./.test(name));

const connectors = (kind: 'source' | 'sink'): JsonSchema => ({
  type: 'object',
  description: `${kind === 'source' ? 'Sources' : 'Sinks'} by name.`,
  additionalProperties: { $ref: `#/definitions/${kind}` },
});

const shortNames = (plugin: Plugin): string[] => [
  ...new Set(namesOf(plugin).flatMap((name) => [name, name.slice(name.lastIndexOf('.') + 1)])),
];

/** One of the names known, or any other: plug-ins may come from elsewhere. */
const oneOfNames = (plugins: readonly Plugin[], description: string): JsonSchema => ({
  description,
  anyOf: [{ enum: [...new Set(plugins.flatMap(shortNames))] }, { type: 'string' }],
});

function connector(
  plugins: readonly Plugin[],
  kind: 'source' | 'sink',
  framework: readonly ConfigKey[],
): JsonSchema {
  const own = plugins.filter((plugin) => plugin.kind === kind);
  const name = oneOfNames(
    own,
    `Which connector: ${own.map((plugin) => plugin.name).join(', ')}, or a Java class name.`,
  );
  const {
    transforms: _,
    predicates: __,
    ...keys
  } = properties(framework.filter((key) => key.name !== 'name'));
  return {
    type: 'object',
    properties: {
      connector: name,
      tasks: { ...SCALAR, description: 'Most tasks (tasks.max).' },
      state: {
        enum: INITIAL_STATES.flatMap((state) => [state, state.toLowerCase()]),
        description: 'State to begin in.',
      },
      converters: { $ref: '#/definitions/converters' },
      transforms: {
        anyOf: [{ type: 'array', items: { $ref: '#/definitions/transform' } }, { type: 'string' }],
      },
      predicates: {
        anyOf: [
          { type: 'object', additionalProperties: { $ref: '#/definitions/predicate' } },
          { type: 'string' },
        ],
      },
      ...keys,
      'connector.class': name,
    },
    allOf: own.map((plugin) => whenNamed(plugin, 'connector', 'connector.class')),
  };
}

/** The keys of a plug-in apply where its name stands. */
const whenNamed = (plugin: Plugin, ...keys: string[]): JsonSchema => ({
  if: {
    anyOf: keys.map((key) => ({ properties: { [key]: { enum: shortNames(plugin) } }, required: [key] })),
  },
  // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema.
  then: { properties: properties([...plugin.config.keys.values()]) },
});

/** A converter by its type alone, or a map of type and settings. */
function converter(plugins: readonly Plugin[], kind: 'converter' | 'header-converter'): JsonSchema {
  const own = plugins.filter((plugin) => plugin.kind === kind);
  return {
    anyOf: [
      oneOfNames(own, 'Which converter.'),
      {
        type: 'object',
        required: ['type'],
        properties: { type: oneOfNames(own, 'Which converter.') },
        allOf: own.map((plugin) => whenNamed(plugin, 'type')),
      },
    ],
  };
}

const CONVERTERS: JsonSchema = {
  type: 'object',
  description: 'How records become bytes: a type, or a map of its type and settings.',
  additionalProperties: false,
  properties: {
    key: { $ref: '#/definitions/converter' },
    value: { $ref: '#/definitions/converter' },
    header: { $ref: '#/definitions/headerConverter' },
  },
};

function chained(plugins: readonly Plugin[], kind: 'transform' | 'predicate'): JsonSchema {
  const own = plugins.filter((plugin) => plugin.kind === kind);
  const type = oneOfNames(own, `Which ${kind}.`);
  const full: JsonSchema = {
    type: 'object',
    required: ['type'],
    properties: {
      type,
      ...(kind === 'transform' && {
        name: { type: 'string', description: 'Alias; made of the type unless given.' },
        predicate: {
          type: 'string',
          description: 'Predicate that decides whether the transform is applied.',
        },
        negate: { type: ['boolean', 'string'], description: 'Whether the predicate must be false instead.' },
      }),
    },
    allOf: own.map((plugin) => whenNamed(plugin, 'type')),
  };
  return kind === 'transform' ? full : { anyOf: [{ type: 'string' }, full] };
}

function properties(keys: readonly ConfigKey[]): Record<string, JsonSchema> {
  return Object.fromEntries(keys.map((key) => [key.name, keySchema(key)]));
}

/** Every value may also be a text: `${env:…}` stands for anything. */
function keySchema(key: ConfigKey): JsonSchema {
  const { doc, default: fallback, example, recommended } = key;
  return {
    description: doc,
    ...typeOf(key),
    ...(fallback === undefined || fallback === null ? {} : { default: fallback }),
    ...(example === undefined ? {} : { examples: [example] }),
    ...(recommended === undefined ? {} : { examples: recommended }),
  };
}

function typeOf({ type }: ConfigKey): JsonSchema {
  switch (type) {
    case 'BOOLEAN':
      return { type: ['boolean', 'string'] };
    case 'INT':
    case 'SHORT':
    case 'LONG':
      return { type: ['integer', 'string'] };
    case 'DOUBLE':
      return { type: ['number', 'string'] };
    case 'LIST':
      return { type: ['array', 'string'], items: SCALAR };
    default:
      return SCALAR;
  }
}
