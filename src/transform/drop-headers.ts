import { ConfigDef } from '../kernel';
import type { TransformPlugin } from '../plugin';
import { nonEmptyList } from './fields';
import { javaAliases } from './side';

export const dropHeaders: TransformPlugin = {
  kind: 'transform',
  name: 'drop-headers',
  aliases: javaAliases('DropHeaders'),
  version: '0.1.0',
  summary: 'Removes headers by name.',
  config: new ConfigDef([
    {
      name: 'headers',
      type: 'LIST',
      importance: 'HIGH',
      validator: nonEmptyList,
      doc: 'Names of the headers to remove; all of a name go.',
    },
  ]),
  create(config) {
    const names = new Set(config.list('headers'));
    const stays = ({ key }: { readonly key: string }): boolean => !names.has(key);
    return (record) => {
      const { headers } = record;
      return headers.every(stays) ? record : (record.withHeaders(headers.filter(stays)) as typeof record);
    };
  },
};
