import { CONNECTOR_MODULES } from '../../../src/cli/builtin-connectors';
import { BUILT_IN_MODULES, createCatalog } from '../../../src/worker';
import { createProviders } from '../../../src/worker/references';
import {
  invalidConfigError,
  type ValidationContext,
  validateConnectorConfig,
} from '../../../src/worker/validation';
import { readGolden } from './golden';

type Config = Readonly<Record<string, string | null>>;

interface Exchange {
  readonly request: {
    readonly path: string;
    readonly json?: { readonly name?: string | null; readonly config?: Config | null };
  };
  readonly answer: { readonly status: number; readonly json: { readonly message: string } };
}

const context = (more: Partial<ValidationContext> = {}): ValidationContext => ({
  catalog: createCatalog([...CONNECTOR_MODULES, ...BUILT_IN_MODULES]),
  providers: createProviders(
    {},
    { TOPIC: 'hunter2-topic', LIST: 'hunter2-a, hunter2-b,hunter2-a', BAD: 'hunter2' },
  ),
  policy: 'all',
  worker: { 'key.converter': 'JsonConverter', 'value.converter': 'JsonConverter' },
  groupId: null,
  exactlyOnce: false,
  recommend: false,
  ...more,
});

const refused = readGolden<Exchange[]>('rest/create-errors.json').flatMap(({ request, answer }) => {
  const { name, config } = request.json ?? {};
  if (!answer.json.message?.startsWith('Connector configuration is invalid') || config == null) return [];
  const given: Config = { ...config, name: config['name'] ?? name?.trim() ?? '' };
  return [{ given, text: JSON.stringify(given), message: answer.json.message }];
});

test.each(refused)('POST of $text', async ({ given, message }) => {
  expect(invalidConfigError(await validateConnectorConfig(given, context()))).toBe(message);
});

test('a configuration without errors has no text', async () => {
  const given = { name: 'a', 'connector.class': 'FileStreamSource', topic: 't' };
  expect(invalidConfigError(await validateConnectorConfig(given, context()))).toBeNull();
});

describe('which connector', () => {
  const error = async (config: Config): Promise<string> => {
    const wrong = await validateConnectorConfig(config, context()).then(
      () => null,
      (thrown: unknown) => thrown as Error,
    );
    return wrong!.message;
  };

  test('none: the configuration is told, its secrets are not', async () => {
    expect(await error({})).toBe('Connector config {} contains no connector type');
    expect(await error({ name: 'x', 'connector.class': null, 'connection.password': 'hunter2' })).toBe(
      'Connector config {name=x, connector.class=null, connection.password=[hidden]} contains no connector type',
    );
    expect(await error({ file: '${env:BAD}' })).toContain('{file=${env:BAD}}');
  });

  test('unknown, by a reference', async () => {
    expect(await error({ 'connector.class': '${env:BAD}' })).toContain('name matches ${env:BAD}, available');
  });

  test('unknown: all known ones are told, in the words that clients look for', async () => {
    const message = await error({ 'connector.class': 'NoSuchClass' });
    expect(message).toMatch(
      /^Failed to find any class that implements Connector and which name matches NoSuchClass, available connectors are: PluginDesc\{klass=class /,
    );
    expect(message).toContain(
      "PluginDesc{klass=class org.apache.kafka.connect.file.FileStreamSinkConnector, name='org.apache.kafka.connect.file.FileStreamSinkConnector', version='1.0.0', encodedVersion=1.0.0, type=sink, typeName='sink', location='classpath'}",
    );
  });
});

describe('what came from config providers stays there', () => {
  const validated = async (config: Config) => {
    const infos = await validateConnectorConfig({ name: 'a', ...config }, context());
    expect(JSON.stringify(infos)).not.toContain('hunter2');
    const told = (key: string) => infos.configs.find(({ value }) => value?.name === key)?.value;
    return { infos, told };
  };

  test('values', async () => {
    const { infos, told } = await validated({ 'connector.class': 'FileStreamSource', topic: '${env:TOPIC}' });
    expect(infos.error_count).toBe(0);
    expect(told('topic')!.value).toBe('${env:TOPIC}');
  });

  test('errors, also when they name a part, or another key', async () => {
    const { told } = await validated({
      'connector.class': 'FileStreamSink',
      topics: '${env:LIST}',
      'errors.deadletterqueue.topic.name': '${env:TOPIC}',
      'tasks.max': '${env:BAD}',
      transforms: '${env:LIST}',
      'topics.regex': '${env:TOPIC}',
    });
    expect(told('tasks.max')!.errors[0]).toBe(
      'Invalid value ${env:BAD} for configuration tasks.max: Not a number of type INT',
    );
    expect(told('transforms')!.errors).toEqual([
      'Invalid value ${env:LIST} for configuration transforms: Duplicate alias provided.',
    ]);
    expect(told('transforms.${env:LIST}.type')!.errors).toHaveLength(1);
    expect(told('topics.regex')!.errors[1]).toBe(
      "The DLQ topic '${env:TOPIC}' may not be matched by the regex for the topics ('topics.regex=${env:TOPIC}') consumed by the connector",
    );
  });

  test('passwords are never shown', async () => {
    const { told } = await validated({
      'connector.class': 'io.confluent.connect.jdbc.JdbcSinkConnector',
      'connection.url': 'jdbc:postgresql://localhost/x',
      'connection.password': 'hunter2',
      topics: '',
    });
    expect(told('connection.password')!.value).toBe('[hidden]');
  });
});

test('a converter without a registry of its own takes that of the worker', async () => {
  const given = {
    name: 'a',
    topic: 't',
    'connector.class': 'FileStreamSource',
    'value.converter': 'io.confluent.connect.avro.AvroConverter',
  };
  const url = { 'schema.registry.url': 'http://localhost:8081' };
  const errors = async (config: Config, worker: Readonly<Record<string, string>>): Promise<number> =>
    (await validateConnectorConfig(config, context({ worker }))).error_count;
  expect(await errors(given, {})).toBeGreaterThan(0);
  expect(await errors(given, url)).toBe(0);
  expect(await errors({ ...given, 'value.converter.schema.registry.url': '' }, url)).toBeGreaterThan(0);
});
