/** Small plug-ins for tests of the control plane. */
import { ConfigDef, nonEmpty } from '../../src/kernel';
import type {
  Converter,
  ConverterPlugin,
  HeaderConverterPlugin,
  Plugin,
  PredicatePlugin,
  SinkConnector,
  SourceConnector,
  TransformPlugin,
} from '../../src/plugin';
import { createCatalog } from '../../src/worker/catalog';

const base = { version: '1.0.0', summary: 'for tests', requires: '^1.0' };

export const linesSource: SourceConnector = {
  ...base,
  kind: 'source',
  name: 'lines-source',
  aliases: ['com.example.LinesSourceConnector'],
  config: new ConfigDef([
    { name: 'topic', type: 'STRING', importance: 'HIGH', doc: 'Topic.', validator: nonEmpty },
    { name: 'batch.size', type: 'INT', default: 10, importance: 'LOW', doc: 'Lines per poll.' },
    {
      name: 'mode',
      type: 'STRING',
      default: 'tail',
      importance: 'LOW',
      doc: 'Mode.',
      recommended: ['tail', 'head'],
    },
    { name: 'token', type: 'PASSWORD', default: null, importance: 'LOW', doc: 'Secret.' },
  ]),
  open: async () => {
    throw new Error('not opened in tests');
  },
};

export const tableSink: SinkConnector = {
  ...base,
  kind: 'sink',
  name: 'table-sink',
  aliases: ['com.example.TableSinkConnector'],
  config: new ConfigDef([
    { name: 'table', type: 'STRING', default: '${topic}', importance: 'HIGH', doc: 'Table.' },
  ]),
  open: async () => {
    throw new Error('not opened in tests');
  },
};

const text: Converter = {
  fromConnect: (_topic, _headers, _schema, value) => (value === null ? null : Buffer.from(String(value))),
  toConnect: (_topic, _headers, bytes) => ({ schema: null, value: bytes === null ? null : bytes.toString() }),
};

export const textConverter: ConverterPlugin = {
  ...base,
  kind: 'converter',
  name: 'text',
  aliases: ['com.example.TextConverter'],
  config: new ConfigDef([
    { name: 'encoding', type: 'STRING', default: 'UTF8', importance: 'LOW', doc: 'Encoding.' },
  ]),
  create: () => text,
};

export const textHeaderConverter: HeaderConverterPlugin = {
  ...base,
  kind: 'header-converter',
  name: 'text',
  aliases: ['org.apache.kafka.connect.storage.SimpleHeaderConverter'],
  config: new ConfigDef([]),
  create: () => ({
    fromConnectHeader: (_topic, _key, _schema, value) => Buffer.from(String(value)),
    toConnectHeader: (_topic, _key, bytes) => ({ schema: null, value: bytes }),
  }),
};

/** Appends a suffix to values. */
export const suffix: TransformPlugin = {
  ...base,
  kind: 'transform',
  name: 'suffix',
  aliases: ['com.example.Suffix$Value'],
  config: new ConfigDef([{ name: 'text', type: 'STRING', importance: 'HIGH', doc: 'Suffix.' }]),
  create: (config) => (record) =>
    record.withValue(record.valueSchema, `${record.value}${config.string('text')}`) as never,
};

export const onTopic: PredicatePlugin = {
  ...base,
  kind: 'predicate',
  name: 'on-topic',
  aliases: ['com.example.OnTopic'],
  config: new ConfigDef([{ name: 'pattern', type: 'STRING', importance: 'HIGH', doc: 'Topic.' }]),
  create: (config) => (record) => record.topic === config.string('pattern'),
};

export const plugins: readonly Plugin[] = [
  linesSource,
  tableSink,
  textConverter,
  textHeaderConverter,
  suffix,
  onTopic,
];

export const catalogOf = (...more: readonly Plugin[]) =>
  createCatalog([{ names: null, load: () => [...plugins, ...more] }]);
