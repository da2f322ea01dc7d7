/** The plug-ins of src/convert and src/transform, loaded when the first of their kind is asked for. */
import type { PluginModule } from './catalog';

export const BUILT_IN_MODULES: readonly PluginModule[] = [
  {
    kinds: ['transform', 'predicate'],
    names: null,
    load: () => {
      const { transforms, predicates } = require('../transform') as typeof import('../transform');
      return [...transforms, ...predicates];
    },
  },
  {
    kinds: ['converter', 'header-converter'],
    names: null,
    load: () => {
      const { converters, headerConverters } = require('../convert') as typeof import('../convert');
      return [...converters, ...headerConverters];
    },
  },
  {
    kinds: ['config-provider'],
    names: null,
    load: () => {
      const { builtInProviders } = require('./providers') as typeof import('./providers');
      return builtInProviders(process.env);
    },
  },
  {
    // With the registry client behind it, which workers without Avro need not load.
    kinds: ['converter'],
    names: ['avro', 'io.confluent.connect.avro.AvroConverter'],
    load: () => {
      const { avroConverter } =
        require('../convert/avro-converter') as typeof import('../convert/avro-converter');
      return [avroConverter];
    },
  },
  {
    kinds: ['converter'],
    names: ['json-schema', 'io.confluent.connect.json.JsonSchemaConverter'],
    load: () => {
      const { jsonSchemaConverter } =
        require('../convert/json-schema-converter') as typeof import('../convert/json-schema-converter');
      return [jsonSchemaConverter];
    },
  },
  {
    kinds: ['converter'],
    names: ['protobuf', 'io.confluent.connect.protobuf.ProtobufConverter'],
    load: () => {
      const { protobufConverter } =
        require('../convert/protobuf-converter') as typeof import('../convert/protobuf-converter');
      return [protobufConverter];
    },
  },
];
