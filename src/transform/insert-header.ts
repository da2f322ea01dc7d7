import { ConfigDef, type ConfigKey, type Header, parseValueText } from '../kernel';
import type { TransformPlugin } from '../plugin';
import { javaAliases } from './side';

const key = (name: string, doc: string): ConfigKey => ({
  name,
  type: 'STRING',
  importance: 'HIGH',
  validator: (value) => (value === null ? 'entry must be non null' : null),
  doc,
});

export const insertHeader: TransformPlugin = {
  kind: 'transform',
  name: 'insert-header',
  aliases: javaAliases('InsertHeader'),
  version: '0.1.0',
  summary: 'Adds a header with a constant to every record.',
  config: new ConfigDef([
    key('header', 'Name of the header. Headers of that name that are there already stay.'),
    {
      ...key(
        'value.literal',
        'The constant. It gets the narrowest type its text has, as headers read by the SimpleHeaderConverter do.',
      ),
      example: '42',
    },
  ]),
  create(config) {
    const { schema, value } = parseValueText(config.string('value.literal'));
    const header: Header = { key: config.string('header'), schema, value };
    return (record) => record.withHeaders([...record.headers, header]) as typeof record;
  },
};
