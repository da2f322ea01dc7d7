import { ConfigDef } from '../../src/kernel';
import { issueText, lintDocument, parseDocument } from '../../src/worker';
import { checkWorkerConverters } from '../../src/worker/worker-converters';
import { catalogOf, textConverter } from './fakes';

const registry = new ConfigDef([
  { name: 'schema.registry.url', type: 'LIST', importance: 'HIGH', doc: 'URLs.' },
]);
const catalog = catalogOf({ ...textConverter, name: 'avro', aliases: [], config: registry });

const messagesOf = async (raw: Record<string, string>) =>
  (await checkWorkerConverters(raw, catalog)).map(({ message }) => message);

test("settings of the worker's converters are those of the converters named", async () => {
  const text = { 'key.converter': 'com.example.TextConverter', 'key.converter.encoding': 'UTF8' };
  expect(await messagesOf(text)).toEqual([]);
  expect(await messagesOf({ ...text, 'key.converter.encodin': 'x' })).toEqual([
    'Unknown configuration key key.converter.encodin. Did you mean key.converter.encoding?',
  ]);
  expect(await messagesOf({ 'value.converter': 'Txt' })).toEqual([
    expect.stringContaining('there is no converter Txt'),
  ]);
});

test("the worker's registry serves them", async () => {
  const avro = { 'value.converter': 'avro' };
  expect(await messagesOf({ ...avro, 'schema.registry.url': 'http://registry' })).toEqual([]);
  expect(await messagesOf(avro)).toEqual([
    'Missing required configuration "value.converter.schema.registry.url" which has no default value.',
  ]);
});

test('lint tells them with their line', async () => {
  const text = 'bootstrap.servers=h:1\nkey.converter=text\nkey.converter.encodin=x\n';
  const { issues } = await lintDocument(parseDocument('worker.properties', text), catalog);
  expect(issues.map(issueText)).toEqual([
    'worker.properties:3: Unknown configuration key key.converter.encodin. Did you mean key.converter.encoding?',
  ]);
});
