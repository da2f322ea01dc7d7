import { ConfigDef } from '../../src/kernel';
import { type CheckOptions, checkConnector } from '../../src/worker/connector-config';
import { catalogOf, textConverter } from './fakes';

const catalog = catalogOf();
const source = { name: 'c', 'connector.class': 'LinesSource', topic: 't' };
const sink = { name: 'c', 'connector.class': 'TableSink', topics: 't' };

async function issuesOf(raw: Record<string, string>, options: Partial<CheckOptions> = {}) {
  const { issues } = await checkConnector(raw, { catalog, ...options });
  return issues.map(({ key, message }) => [key, message]);
}

describe('connector configuration', () => {
  test('complete ones have no issues', async () => {
    expect(await issuesOf(source)).toEqual([]);
    expect(await issuesOf({ ...sink, 'consumer.override.max.poll.records': '5' })).toEqual([]);
    const { plugin } = await checkConnector(source, { catalog });
    expect(plugin?.name).toBe('lines-source');
  });

  test('everything that is wrong, at once', async () => {
    const issues = await issuesOf({
      name: '',
      'connector.class': 'LinesSource',
      'tasks.max': 'two',
      'errors.tolerance': 'al',
      topc: 'x',
      mode: 'tial',
    });
    expect(issues.map(([key]) => key)).toEqual(['name', 'tasks.max', 'errors.tolerance', 'topic', 'topc']);
    expect(issues[2]![1]).toContain('Did you mean all?');
    expect(issues[3]![1]).toBe('Missing required configuration "topic" which has no default value.');
    expect(issues[4]![1]).toBe('Unknown configuration key topc. Did you mean topic?');
  });

  test('an unknown class is told, and framework keys are checked all the same', async () => {
    const issues = await issuesOf({ ...source, 'connector.class': 'LinezSource', 'tasks.max': '0' });
    expect(issues[0]).toEqual(['connector.class', expect.stringContaining('Did you mean LinesSource')]);
    expect(issues[1]).toEqual(['tasks.max', expect.stringContaining('Value must be at least 1')]);
  });

  test('a source among the sinks', async () => {
    const [issue] = await issuesOf(source, { kind: 'sink' });
    expect(issue).toEqual([
      'connector.class',
      'LinesSource is a source connector and stands among the sinks',
    ]);
  });

  test('transforms and predicates', async () => {
    const chain = {
      ...source,
      transforms: 'a,b,c',
      'transforms.a.type': 'com.example.Suffix$Value',
      'transforms.a.text': 'x',
      'transforms.a.predicate': 'p',
      'transforms.a.negate': 'true',
      'transforms.b.type': 'Suffix$Value',
      'transforms.b.txt': 'x',
      'transforms.b.negate': 'true',
      'transforms.c.type': 'Gone',
      'transforms.c.any': 'x',
      predicates: 'p',
      'predicates.p.type': 'OnTopic',
      'predicates.p.pattern': 't',
    };
    const issues = await issuesOf(chain);
    expect(issues.map(([key]) => key)).toEqual([
      'transforms.b.text',
      'transforms.b.negate',
      'transforms.c.type',
      'transforms.b.txt',
    ]);
    expect(issues[3]![1]).toContain('Did you mean transforms.b.text?');
    expect(
      await issuesOf({
        ...source,
        transforms: 'a',
        'transforms.a.type': 'Suffix$Value',
        'transforms.a.text': 'x',
        'transforms.a.predicate': 'q',
      }),
    ).toEqual([['transforms.a.predicate', expect.stringContaining('predicates names none')]]);
  });

  test('converters with their keys; keys without a converter do nothing', async () => {
    expect(await issuesOf({ ...source, 'key.converter': 'Text', 'key.converter.encoding': 'UTF8' })).toEqual(
      [],
    );
    const issues = await issuesOf({
      ...source,
      'key.converter': 'Text',
      'key.converter.encodin': 'x',
      'value.converter.encoding': 'x',
    });
    expect(issues[0]![1]).toContain('Did you mean key.converter.encoding?');
    expect(issues[1]![1]).toContain('has no effect without value.converter');
    expect(await issuesOf(source, { workerHas: (role) => role === 'key' })).toEqual([
      ['value.converter', expect.stringContaining('must be set here')],
    ]);
  });

  test("a converter that names no registry takes the worker's, when it has one", async () => {
    const registry = new ConfigDef([
      { name: 'schema.registry.url', type: 'LIST', importance: 'HIGH', doc: 'URLs.' },
    ]);
    const withAvro = catalogOf({
      ...textConverter,
      name: 'avro',
      aliases: ['com.example.Avro'],
      config: registry,
    });
    const avro = { ...source, 'value.converter': 'avro' };
    const keysOf = async (workerRegistry: string | null | undefined) =>
      (await issuesOf(avro, { catalog: withAvro, workerRegistry })).map(([key]) => key);
    expect(await keysOf('http://registry:8081')).toEqual([]);
    expect(await keysOf(null)).toEqual(['value.converter.schema.registry.url']);
    // Lint of a file alone does not know the worker.
    expect(await keysOf(undefined)).toEqual([]);
  });

  test('client overrides: types, unknown ones, policies, keys without effect', async () => {
    const raw = {
      ...source,
      'producer.override.linger.ms': 'soon',
      'producer.override.btch.size': '1',
      'producer.override.retries': '3',
    };
    const { issues, withoutEffect } = await checkConnector(raw, { catalog });
    expect(issues.map(({ key }) => key)).toEqual([
      'producer.override.linger.ms',
      'producer.override.btch.size',
    ]);
    expect(withoutEffect).toEqual(['producer.override.retries']);
    const denied = await issuesOf({ ...source, 'producer.override.acks': '1' }, { policy: 'none' });
    expect(denied).toEqual([
      ['producer.override.acks', expect.stringContaining("The 'None' policy does not allow 'acks'")],
    ]);
    expect(
      await issuesOf({ ...source, 'producer.override.sasl.mechanism': 'PLAIN' }, { policy: 'principal' }),
    ).toEqual([]);
  });

  test('sinks read topics or a pattern, not both, not none; the dead-letter topic is another one', async () => {
    const { topics: _, ...none } = sink;
    expect((await issuesOf(none)).map(([key]) => key)).toEqual(['topics', 'topics.regex']);
    expect(await issuesOf({ ...sink, 'topics.regex': 'x' })).toEqual([
      ['topics', 'topics and topics.regex are mutually exclusive options, but both are set.'],
      ['topics.regex', 'topics and topics.regex are mutually exclusive options, but both are set.'],
    ]);
    expect(
      await issuesOf({ ...none, 'topics.regex': 'x.*', 'errors.deadletterqueue.topic.name': 'xx' }),
    ).toHaveLength(1);
  });

  test('exactly once is refused where it is required, as nobody delivers it', async () => {
    expect(await issuesOf({ ...source, 'exactly.once.support': 'requested' })).toEqual([]);
    expect(await issuesOf({ ...source, 'exactly.once.support': 'REQUIRED' })).toEqual([
      ['exactly.once.support', expect.stringContaining('at least once')],
    ]);
  });

  test('topic creation: required keys, groups', async () => {
    const raw = {
      ...source,
      'topic.creation.default.partitions': '0',
      'topic.creation.groups': 'g',
      'topic.creation.h.include': 'x',
    };
    expect((await issuesOf(raw)).map(([key]) => key)).toEqual([
      'topic.creation.default.replication.factor',
      'topic.creation.g.include',
      'topic.creation.default.partitions',
      'topic.creation.h.include',
    ]);
  });

  test('secrets are no part of an issue', async () => {
    const raw = {
      ...source,
      'producer.override.sasl.jaas.config': 'hush',
      'producer.override.security.protocol': 'x',
    };
    const { issues } = await checkConnector(raw, { catalog });
    expect(JSON.stringify(issues)).not.toContain('hush');
  });
});
