import { parseDocument } from '../../../src/worker/files/document';
import { readPipeline } from '../../../src/worker/files/pipeline-file';

const read = (text: string) => readPipeline(parseDocument('dir/p.yaml', text));

const FULL = `
name: demo
worker:
  bootstrap.servers: b:9092
converters:
  key: string
  value: { type: avro, schema.registry.url: http://r }
sources:
  lines:
    connector: FileStreamSource
    tasks: 2
    topic: t
    errors:
      tolerance: all
    transforms:
      - type: org.apache.kafka.connect.transforms.InsertField$Value
        static.field: source
        static.value: demo
      - type: InsertField$Value
        timestamp.field: at
        predicate: tombstone
        negate: true
      - name: route
        type: RegexRouter
    predicates:
      tombstone: RecordIsTombstone
sinks:
  out:
    connector: FileStreamSink
    topics: [a, b]
    state: paused
    converters:
      value: json
    file: /tmp/x
`;

describe('pipeline files', () => {
  const pipeline = read(FULL);
  const [source, sink] = pipeline.connectors;

  test('short forms become Connect keys', () => {
    expect(pipeline.issues).toEqual([]);
    expect(pipeline.name).toBe('demo');
    expect(pipeline.worker).toEqual({ 'bootstrap.servers': 'b:9092' });
    expect(source!.config).toEqual({
      name: 'lines',
      'connector.class': 'FileStreamSource',
      'tasks.max': '2',
      'key.converter': 'string',
      'value.converter': 'avro',
      'value.converter.schema.registry.url': 'http://r',
      topic: 't',
      'errors.tolerance': 'all',
      transforms: 'insertField,insertField2,route',
      'transforms.insertField.type': 'org.apache.kafka.connect.transforms.InsertField$Value',
      'transforms.insertField.static.field': 'source',
      'transforms.insertField.static.value': 'demo',
      'transforms.insertField2.type': 'InsertField$Value',
      'transforms.insertField2.timestamp.field': 'at',
      'transforms.insertField2.predicate': 'tombstone',
      'transforms.insertField2.negate': 'true',
      'transforms.route.type': 'RegexRouter',
      predicates: 'tombstone',
      'predicates.tombstone.type': 'RecordIsTombstone',
    });
  });

  test('a converter of its own replaces that of the file with all its keys', () => {
    expect(sink).toMatchObject({ kind: 'sink', initialState: 'PAUSED' });
    expect(sink!.config).toEqual({
      name: 'out',
      'connector.class': 'FileStreamSink',
      'key.converter': 'string',
      'value.converter': 'json',
      topics: 'a,b',
      file: '/tmp/x',
    });
  });

  test('lines of keys that are written, implied and missing', () => {
    expect(source!.lineOf('connector.class')).toBe(10);
    expect(source!.lineOf('errors.tolerance')).toBe(14);
    expect(source!.lineOf('transforms.insertField2.timestamp.field')).toBe(20);
    expect(source!.lineOf('transforms.route.regex')).toBe(23);
    expect(source!.lineOf('value.converter.schema.registry.url')).toBe(7);
    expect(source!.lineOf('file')).toBe(9);
    expect(sink!.lineOf('value.converter')).toBe(33);
  });

  test("Connect's own way of writing transforms stays possible", () => {
    const [only] = read('sources:\n  s:\n    transforms: a,b\n    transforms.a.type: X\n').connectors;
    expect(only!.config).toEqual({ name: 's', transforms: 'a,b', 'transforms.a.type': 'X' });
  });

  test.each([
    ['source:\n  a: {}\nsinks: {}', 1, 'Did you mean sources?'],
    ['sources:\n  a: {connector: X}\nsinks:\n  a: {connector: Y}', 4, 'a is the name of a source already'],
    ['sources:\n  - a', 1, 'must be a map'],
    ['sources:\n  a: text', 2, 'needs a map'],
    ['sources:\n  a:\n    converters: {keys: x}', 3, 'Unknown key keys in converters'],
    ['sources:\n  a:\n    state: gone', 3, 'must be one of RUNNING, PAUSED, STOPPED'],
  ])('%j', (text, line, message) => {
    expect(read(text).issues).toMatchObject([{ line, message: expect.stringContaining(message) }]);
  });

  test('without a name it is called as its file', () => {
    expect(read('sources: {}').name).toBe('p');
  });
});
