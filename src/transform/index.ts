import type { PredicatePlugin, TransformPlugin } from '../plugin';
import { cast } from './cast';
import { dropHeaders } from './drop-headers';
import { extractField } from './extract-field';
import { filter } from './filter';
import { flatten } from './flatten';
import { headerFrom } from './header-from';
import { hoistField } from './hoist-field';
import { insertField } from './insert-field';
import { insertHeader } from './insert-header';
import { maskField } from './mask-field';
import { predicates as builtInPredicates } from './predicates';
import { regexRouter } from './regex-router';
import { replaceField } from './replace-field';
import { setSchemaMetadata } from './set-schema-metadata';
import { timestampConverter } from './timestamp-converter';
import { timestampRouter } from './timestamp-router';
import { valueToKey } from './value-to-key';

export const transforms: readonly TransformPlugin[] = [
  ...cast,
  dropHeaders,
  ...extractField,
  filter,
  ...flatten,
  ...headerFrom,
  ...hoistField,
  ...insertField,
  insertHeader,
  ...maskField,
  regexRouter,
  ...replaceField,
  ...setSchemaMetadata,
  ...timestampConverter,
  timestampRouter,
  valueToKey,
];

export const predicates: readonly PredicatePlugin[] = builtInPredicates;
