import type { ConverterPlugin, HeaderConverterPlugin } from '../plugin';
import { jsonConverter, jsonHeaderConverter } from './json-converter';
import { primitiveConverters, primitiveHeaderConverters } from './primitive-converters';
import { simpleHeaderConverter } from './simple-header-converter';
import { stringConverter, stringHeaderConverter } from './string-converter';

export const converters: readonly ConverterPlugin[] = [
  jsonConverter,
  stringConverter,
  ...primitiveConverters,
];

export const headerConverters: readonly HeaderConverterPlugin[] = [
  simpleHeaderConverter,
  jsonHeaderConverter,
  stringHeaderConverter,
  ...primitiveHeaderConverters,
];
