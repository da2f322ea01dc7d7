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
      'file-stream-sink',
      'org.apache.kafka.connect.file.FileStreamSinkConnector',
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
      'postgres-source-aiven',
      'io.confluent.connect.jdbc.JdbcSourceConnector',
      'io.aiven.connect.jdbc.JdbcSourceConnector',
      'postgres-sink',
      'postgres-sink-aiven',
      'postgres-sink-debezium',
      'io.confluent.connect.jdbc.JdbcSinkConnector',
      'io.aiven.connect.jdbc.JdbcSinkConnector',
      'io.debezium.connector.jdbc.JdbcSinkConnector',
    ],
    load: () => plugins(require('../../connectors/postgres') as Declarations),
  },
];
