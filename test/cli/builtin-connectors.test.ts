import { readdirSync } from 'node:fs';
import path from 'node:path';
import { CONNECTOR_MODULES } from '../../src/cli/builtin-connectors';
import { BUILT_IN_MODULES, createCatalog, namesOf } from '../../src/worker';
import { repositoryRoot } from '../support/process';

describe('built-in plug-ins', () => {
  test('the names in the table are those of the declarations', async () => {
    for (const { names, kinds, load } of CONNECTOR_MODULES) {
      const plugins = await load();
      expect([...names!].sort()).toEqual(plugins.flatMap(namesOf).sort());
      for (const { kind } of plugins) expect(kinds).toContain(kind);
    }
  });

  test('every folder of connectors is in the table', () => {
    const folders = readdirSync(path.join(repositoryRoot, 'connectors'), { withFileTypes: true });
    expect(CONNECTOR_MODULES).toHaveLength(folders.filter((entry) => entry.isDirectory()).length);
  });

  const catalog = createCatalog([...CONNECTOR_MODULES, ...BUILT_IN_MODULES]);

  test('no name stands for two plug-ins of a kind', async () => {
    for (const plugin of await catalog.all()) {
      for (const name of namesOf(plugin)) expect(await catalog.find(plugin.kind, name)).toBe(plugin);
    }
  });

  test.each([
    ['connector', 'org.apache.kafka.connect.file.FileStreamSourceConnector', 'file-stream-source'],
    ['connector', 'FileStreamSinkConnector', 'file-stream-sink'],
    ['connector', 'FileStreamSink', 'file-stream-sink'],
    ['connector', 'io.confluent.connect.jdbc.JdbcSinkConnector', 'postgres-sink'],
    ['connector', 'io.aiven.connect.jdbc.JdbcSinkConnector', 'postgres-sink-aiven'],
    ['connector', 'io.debezium.connector.jdbc.JdbcSinkConnector', 'postgres-sink-debezium'],
    ['connector', 'JdbcSource', 'postgres-source'],
    ['converter', 'org.apache.kafka.connect.json.JsonConverter', 'json'],
    ['converter', 'io.confluent.connect.avro.AvroConverter', 'avro'],
    ['converter', 'String', 'string'],
    ['header-converter', 'org.apache.kafka.connect.storage.SimpleHeaderConverter', 'simple'],
    ['transform', 'org.apache.kafka.connect.transforms.Cast$Value', 'cast-value'],
    ['predicate', 'org.apache.kafka.connect.transforms.predicates.RecordIsTombstone', 'record-is-tombstone'],
  ] as const)('%s %s', async (kind, className, name) => {
    expect((await catalog.find(kind, className)).name).toBe(name);
  });
});
