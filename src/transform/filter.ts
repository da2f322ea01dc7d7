import { ConfigDef } from '../kernel';
import type { TransformPlugin } from '../plugin';
import { javaAliases } from './side';

export const filter: TransformPlugin = {
  kind: 'transform',
  name: 'filter',
  aliases: javaAliases('Filter'),
  version: '0.1.0',
  summary: 'Drops every record it sees; use it with a predicate.',
  config: new ConfigDef([]),
  create: () => () => null,
};
