import { ConfigDef, NO_METRICS, nonEmpty, SILENT, SourceRecord } from '../../src/kernel';
import type { ConverterPlugin } from '../../src/plugin';
import { buildPipeline } from '../../src/worker/pipeline';
import { catalogOf, textConverter } from './fakes';

const created: { role: string; url: string | null }[] = [];

const registryConverter: ConverterPlugin = {
  ...textConverter,
  name: 'registered',
  aliases: ['com.example.RegisteredConverter'],
  config: new ConfigDef([
    { name: 'converter.type', type: 'STRING', default: null, importance: 'LOW', doc: '' },
    { name: 'schema.registry.url', type: 'LIST', importance: 'HIGH', doc: '', validator: nonEmpty },
  ]),
  create: (context, config, isKey) => {
    created.push({
      role: `${config.get('converter.type')} ${isKey}`,
      url: config.list('schema.registry.url').join(),
    });
    return textConverter.create(context, config, isKey);
  },
};

const context = { logger: SILENT, metrics: NO_METRICS, services: {} };
const build = (connector: Record<string, string>, worker: Record<string, string> = {}) =>
  buildPipeline({
    connector,
    worker: { 'key.converter': 'Text', 'value.converter': 'Text', ...worker },
    catalog: catalogOf(registryConverter),
    context,
  });

const record = (topic: string) => new SourceRecord({}, {}, topic, null, null, null, null, 'v');

describe('pipeline', () => {
  beforeEach(() => created.splice(0));

  test('transforms in order, each under its predicate, negated or not', async () => {
    const { transforms } = await build({
      transforms: 'all, some, others',
      'transforms.all.type': 'com.example.Suffix$Value',
      'transforms.all.text': '1',
      'transforms.some.type': 'Suffix$Value',
      'transforms.some.text': '2',
      'transforms.some.predicate': 'p',
      'transforms.others.type': 'suffix',
      'transforms.others.text': '3',
      'transforms.others.predicate': 'p',
      'transforms.others.negate': 'TRUE',
      predicates: 'p',
      'predicates.p.type': 'OnTopic',
      'predicates.p.pattern': 'mine',
    });
    const run = (topic: string) =>
      transforms.reduce<SourceRecord | null>((current, { apply }) => current && apply(current), record(topic))
        ?.value;
    expect([run('mine'), run('yours')]).toEqual(['v12', 'v13']);
    expect(transforms.map(({ name, className }) => [name, className])).toEqual([
      ['all', 'com.example.Suffix$Value'],
      ['some', 'Suffix$Value'],
      ['others', 'suffix'],
    ]);
  });

  test('a predicate that is not declared fails the task, with the text of Connect', async () => {
    const raw = { transforms: 't', 'transforms.t.type': 'Suffix$Value', 'transforms.t.text': '1' };
    await expect(build({ ...raw, 'transforms.t.predicate': 'gone' })).rejects.toThrow(
      "Unknown configuration 'predicates.gone.plugin.version'",
    );
  });

  test("a connector's converter brings its own settings, the worker's those of the worker", async () => {
    const worker = { 'value.converter': 'Registered', 'value.converter.schema.registry.url': 'http://w' };
    await build({}, worker);
    await build(
      { 'value.converter': 'Registered', 'value.converter.schema.registry.url': 'http://c' },
      worker,
    );
    expect(created).toEqual([
      { role: 'value false', url: 'http://w' },
      { role: 'value false', url: 'http://c' },
    ]);
    await expect(build({ 'value.converter': 'Registered' }, worker)).rejects.toThrow('schema.registry.url');
  });

  test("the worker's registry serves converters that need one and name none", async () => {
    const pipeline = await build({ 'key.converter': 'Registered' }, { 'schema.registry.url': 'http://r' });
    expect(created).toEqual([{ role: 'key true', url: 'http://r' }]);
    expect(pipeline.classNames).toMatchObject({ key: 'Registered', value: 'Text' });
  });

  test('without any converter the way out is told', async () => {
    await expect(build({}, { 'value.converter': '' })).rejects.toThrow('value.converter must be set');
  });
});
