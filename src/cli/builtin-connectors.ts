/**
 * Connectors that come with millrace, by the names they answer to: a module is loaded when one of its names is asked for.
 * A test compares the names with the declarations.
 */

import type { Plugin } from '../plugin';
import type { PluginModule } from '../worker';

type Declarations = { readonly default: Plugin | readonly Plugin[] };

const plugins = (module: Declarations): readonly Plugin[] => [module.default].flat();

export const CONNECTOR_MODULES: readonly PluginModule[] = [
  {
    kinds: ['source', 'sink'],
    names: [
      'file-stream-source',
      'org.apache.kafka.connect.file.FileStreamSourceConnector',
      'FileStreamSourceConnector',
      'FileStreamSource',
      'file-stream-sink',
      'org.apache.kafka.connect.file.FileStreamSinkConnector',
      'FileStreamSinkConnector',
      'FileStreamSink',
      'directory-source',
      'DirectorySource',
      'file-sink',
      'FileSink',
    ],
    load: () => plugins(require('../../connectors/file') as Declarations),
  },
  {
    kinds: ['source', 'sink'],
    names: [
      'postgres-source',
      'io.confluent.connect.jdbc.JdbcSourceConnector',
      'JdbcSourceConnector',
      'JdbcSource',
      'postgres-source-aiven',
      'io.aiven.connect.jdbc.JdbcSourceConnector',
      'postgres-sink',
      'io.confluent.connect.jdbc.JdbcSinkConnector',
      'JdbcSinkConnector',
      'JdbcSink',
      'postgres-sink-aiven',
      'io.aiven.connect.jdbc.JdbcSinkConnector',
      'postgres-sink-debezium',
      'io.debezium.connector.jdbc.JdbcSinkConnector',
    ],
    load: () => plugins(require('../../connectors/postgres') as Declarations),
  },
];
