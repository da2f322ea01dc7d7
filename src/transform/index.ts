import type { PredicatePlugin, TransformPlugin } from '../plugin';
import { cast } from './cast';
import { extractField } from './extract-field';
import { filter } from './filter';
import { insertField } from './insert-field';
import { predicates as builtInPredicates } from './predicates';
import { regexRouter } from './regex-router';
import { replaceField } from './replace-field';
import { timestampConverter } from './timestamp-converter';
import { valueToKey } from './value-to-key';

export const transforms: readonly TransformPlugin[] = [
  ...cast,
  ...extractField,
  filter,
  ...insertField,
  regexRouter,
  ...replaceField,
  ...timestampConverter,
  valueToKey,
];

export const predicates: readonly PredicatePlugin[] = builtInPredicates;
