/**
 * Kafka's SimpleHeaderConverter: values are written as text and read back with the narrowest type the text has
 * (connect.md §5.3). Both directions are the kernel's; InsertHeader types its literal the same way.
 */
import { ConfigDef, NULL_SCHEMA_AND_VALUE, parseValueText, valueText } from '../kernel';
import type { HeaderConverter, HeaderConverterPlugin } from '../plugin';

const converter: HeaderConverter = {
  fromConnectHeader(_topic, _key, schema, value) {
    return value === null || value === undefined ? null : Buffer.from(valueText(schema, value), 'utf8');
  },
  toConnectHeader(_topic, _key, bytes) {
    return bytes === null ? NULL_SCHEMA_AND_VALUE : parseValueText(bytes.utf8Slice(0, bytes.length));
  },
};

export const simpleHeaderConverter: HeaderConverterPlugin = {
  kind: 'header-converter',
  name: 'simple',
  aliases: ['org.apache.kafka.connect.storage.SimpleHeaderConverter', 'SimpleHeaderConverter', 'Simple'],
  version: '0.1.0',
  summary: 'Headers as text, read back with the narrowest type the text has.',
  config: new ConfigDef([]),
  create: () => converter,
};
