import plugins from '../../../connectors/file';

/** Keys of the worker that stand in every connector's configuration. */
const COMMON = ['name', 'connector.class', 'tasks.max', 'topics'];

test('the connectors answer to their own names and to those of Kafka Connect', () => {
  expect(plugins.map(({ kind, name }) => `${kind} ${name}`)).toEqual([
    'source file-stream-source',
    'sink file-stream-sink',
    'source directory-source',
    'sink file-sink',
  ]);
  const names = plugins.flatMap(({ name, aliases }) => [name, ...aliases]);
  expect(new Set(names).size).toBe(names.length);
  expect(names).toEqual(
    expect.arrayContaining([
      'FileStreamSource',
      'FileStreamSink',
      'org.apache.kafka.connect.file.FileStreamSourceConnector',
      'org.apache.kafka.connect.file.FileStreamSinkConnector',
    ]),
  );
});

test.each(
  plugins.flatMap((plugin) =>
    plugin.examples!.map((example) => [example.title, plugin, example.config] as const),
  ),
)('the example is valid: %s', (_title, plugin, config) => {
  const own = Object.fromEntries(Object.entries(config).filter(([key]) => !COMMON.includes(key)));
  expect(plugin.config.unknown(own)).toEqual([]);
  expect(plugin.config.check(own)).toEqual([]);
  expect([plugin.name, ...plugin.aliases]).toContain(config['connector.class']);
});

test.each([
  [{}, ['Missing required configuration "topic" which has no default value.']],
  [
    { topic: '', 'batch.size': 'many' },
    [
      expect.stringContaining('String must be non-empty'),
      expect.stringContaining('Not a number of type INT'),
    ],
  ],
])('FileStreamSource with %j says what is wrong', (config, messages) => {
  const issues = plugins[0]!.config.check(config);
  expect(issues.map(({ message }) => message)).toEqual(expect.arrayContaining(messages));
});

test('a key that is misspelt is found', () => {
  expect(plugins[2]!.config.unknown({ 'csv.seperator': ';' })[0]!.message).toContain(
    'Did you mean csv.separator?',
  );
});
