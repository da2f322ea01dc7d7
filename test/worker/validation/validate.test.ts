import { CONNECTOR_MODULES } from '../../../src/cli/builtin-connectors';
import { BUILT_IN_MODULES, createCatalog } from '../../../src/worker';
import { createProviders } from '../../../src/worker/references';
import { type ValidationContext, validateConnectorConfig } from '../../../src/worker/validation';
import { type Answer, type Case, neutral, readCases, withOurVersions } from './golden';

const JSON_CONVERTER = 'org.apache.kafka.connect.json.JsonConverter';

const CONTEXT: ValidationContext = {
  catalog: createCatalog([...CONNECTOR_MODULES, ...BUILT_IN_MODULES]),
  providers: createProviders(),
  policy: 'all',
  worker: { 'key.converter': JSON_CONVERTER, 'value.converter': JSON_CONVERTER },
  groupId: 'connect-oracle',
  exactlyOnce: false,
};

const WORKERS = {
  default: CONTEXT,
  strict: { ...CONTEXT, policy: 'none', exactlyOnce: true, groupId: 'oracle-strict' },
  principal: { ...CONTEXT, policy: 'principal', groupId: 'oracle-principal' },
} as const;

/** Refused here and there, in other words. */
const OTHER_WORDS = [
  'sink: broken regex',
  'sink: broken regex and topics',
  'transform: Cast, bad spec',
  'transform: Cast, empty spec',
  'transform: RegexRouter, broken',
  'transform: ReplaceField',
  'transform: class of the platform',
  'predicate: broken pattern',
  'converter: class of the platform',
  'converter: header class of the platform',
  'converter: other version',
];

/** What a JVM worker takes, or answers with 500, and is an error of these keys here. */
const STRICTER: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'file source: null topic': { topic: 'Null value can not be supplied as the configuration value.' },
  'converter: header string': {
    'header.converter.converter.encoding':
      'Invalid value x for configuration converter.encoding: Unknown character set',
  },
  'reference: unknown provider': {
    topic:
      'topic: ${nosuch:key} cannot be resolved: there is no config provider nosuch. Known are env, file, dir.',
  },
  'reference: unknown variable': {
    topic:
      'topic: ${env:GOLDEN_ABSENT} cannot be resolved: the environment variable GOLDEN_ABSENT is not set',
  },
  'reference: absent file': {
    topic:
      'topic: ${file:golden-absent.properties:key} cannot be resolved: there is no file golden-absent.properties',
  },
  'override: wrong value': {
    'producer.override.acks': 'Invalid value 7 for configuration acks: String must be one of: all, -1, 0, 1',
    'producer.override.linger.ms': 'Invalid value x for configuration linger.ms: Not a number of type LONG',
  },
};

/** Taken here, and not by a JVM worker. */
const LOOSER = ['transform: short nested name'];

const answerTo = async ({ config }: Case, context: ValidationContext): Promise<Answer> =>
  neutral(await validateConnectorConfig(withOurVersions(config), context));

/** What the keys of Kafka's clients default to is each client's own; forms may be offered more than there. */
function comparable({ configs, ...rest }: Answer, words = true) {
  return {
    ...rest,
    configs: configs.map(({ name, definition, value }) => ({
      name,
      definition: name.includes('.override.') ? definition === null : definition,
      value: {
        ...value,
        value: words ? value.value : 'any',
        visible: words ? value.visible : 'any',
        recommended_values: name === 'transforms.a.operation' ? 'any' : value.recommended_values,
        errors: words ? value.errors : value.errors.length,
      },
    })),
  };
}

const errorsOf = ({ configs }: Answer): Record<string, readonly string[]> =>
  Object.fromEntries(
    configs.filter(({ value }) => value.errors.length > 0).map(({ name, value }) => [name, value.errors]),
  );

describe.each(['default', 'strict', 'principal'] as const)('as the JVM worker `%s`', (worker) => {
  const others = [...OTHER_WORDS, ...LOOSER, ...Object.keys(STRICTER)];
  const cases = readCases(worker).filter(({ answer }) => answer !== null);

  it.each(cases.filter((each) => !others.includes(each.case)))('$case', async (each) => {
    expect(comparable(await answerTo(each, WORKERS[worker]))).toEqual(comparable(each.answer!));
  });

  const worded = cases.filter((each) => OTHER_WORDS.includes(each.case));
  if (worded.length === 0) return;
  it.each(worded)('$case, in other words', async (each) => {
    expect(comparable(await answerTo(each, WORKERS[worker]), false)).toEqual(comparable(each.answer!, false));
  });
});

describe('beyond a JVM worker', () => {
  const cases = readCases('default');

  it.each(Object.keys(STRICTER))('refuses %s', async (name) => {
    const found = cases.find((each) => each.case === name)!;
    const errors = Object.entries(STRICTER[name]!).map(([key, message]) => [key, [message]]);
    expect(errorsOf(await answerTo(found, CONTEXT))).toEqual(Object.fromEntries(errors));
  });

  it.each(LOOSER)('takes %s', async (name) => {
    const found = cases.find((each) => each.case === name)!;
    expect((await answerTo(found, CONTEXT)).error_count).toBe(0);
  });

  it.each(['9.9.9', 'x y', ''])('tells that there is no connector of version "%s"', async (version) => {
    const given = { 'connector.class': 'FileStreamSource', 'connector.plugin.version': version };
    const why = `Plugin org.apache.kafka.connect.file.FileStreamSourceConnector not found that matches the version range [${version},${version}], available versions: [4.1.1]`;
    expect(errorsOf(neutral(await validateConnectorConfig(given, CONTEXT)))).toEqual({
      name: ['Missing required configuration "name" which has no default value.'],
      'connector.class': [why],
      'connector.plugin.version': [why],
    });
  });
});
