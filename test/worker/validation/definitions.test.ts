import { CONNECTOR_MODULES } from '../../../src/cli/builtin-connectors';
import { BUILT_IN_MODULES, createCatalog, findPlugin } from '../../../src/worker';
import { createProviders } from '../../../src/worker/references';
import {
  type ConfigInfo,
  type ConfigKeyInfo,
  configDefinitions,
  type ValidationContext,
  validateConnectorConfig,
} from '../../../src/worker/validation';
import { type Definition, readGolden, withoutProse } from './golden';

interface Exchange {
  readonly request: { readonly path: string };
  readonly answer: { readonly status: number; readonly json: readonly Definition[] };
}

const PATH = /^\/connector-plugins\/(.+)\/config$/;
const asked = readGolden<Exchange[]>('rest/plugins.json').flatMap(({ request, answer }) => {
  const name = PATH.exec(request.path)?.[1];
  return name === undefined ? [] : [{ name: decodeURIComponent(name), answer }];
});
const found = asked.filter(({ answer }) => answer.status === 200);
const catalog = createCatalog([...CONNECTOR_MODULES, ...BUILT_IN_MODULES]);

const definitionsOf = async (name: string): Promise<ConfigKeyInfo[]> =>
  configDefinitions(findPlugin(await catalog.all(), name)!);

test.each(found)('definitions of $name', async ({ name, answer }) => {
  expect((await definitionsOf(name)).map(withoutProse)).toEqual(answer.json);
});

test('members are in the order of a JVM worker, and every key is explained', async () => {
  const [first] = await definitionsOf('FileStreamSource');
  expect(Object.keys(first!)).toEqual([
    'name',
    'type',
    'required',
    'default_value',
    'importance',
    'documentation',
    'group',
    'width',
    'display_name',
    'dependents',
    'order',
  ]);
  for (const plugin of await catalog.all()) {
    for (const { name, documentation } of configDefinitions(plugin)) {
      expect([plugin.name, name, documentation]).toEqual([plugin.name, name, expect.stringMatching(/\w/)]);
    }
  }
});

test('keys of ours in connectors of another make are told when they are set', async () => {
  const given = { name: 'a', 'connector.class': 'FileStreamSink', topics: 't' };
  const context: ValidationContext = {
    catalog,
    providers: createProviders(),
    policy: 'all',
    worker: {},
    groupId: null,
    exactlyOnce: false,
  };
  const told = async (config: Readonly<Record<string, string>>) =>
    (await validateConnectorConfig(config, context)).configs.filter(({ value }) => value?.name === 'fsync');
  expect(await told(given)).toEqual([]);
  const [{ value }] = (await told({ ...given, fsync: 'maybe' })) as [ConfigInfo];
  expect(value!.errors).toEqual([
    'Invalid value maybe for configuration fsync: Expected value to be either true or false',
  ]);
});

test('a class within another goes by its full name', async () => {
  const plugins = await catalog.all();
  expect(findPlugin(plugins, 'Cast$Value')).toBeNull();
  expect(findPlugin(plugins, 'org.apache.kafka.connect.transforms.Cast$Value')).not.toBeNull();
});
