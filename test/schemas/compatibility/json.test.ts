import { closed, integer, kinds, number, object, string } from './json-support';

/** What changes, the old schema, the new one, and why the new one does not take the old one's data. */
type Case = readonly [what: string, old: unknown, next: unknown, problems: readonly string[]];

const D4 = 'http://json-schema.org/draft-04/schema#';
const D2019 = 'https://json-schema.org/draft/2019-09/schema';
const D2020 = 'https://json-schema.org/draft/2020-12/schema';

describe('kinds of schemas', () => {
  test.each<Case>([
    ['nothing', string, string, []],
    [
      '$id, title, description, default',
      { ...string, $id: 'a', title: 'a' },
      { ...string, $id: 'b', description: 'b', default: 'x' },
      [],
    ],
    [
      'format, readOnly, examples',
      { ...string, format: 'date' },
      { ...string, format: 'email', readOnly: true, examples: ['x'] },
      [],
    ],
    ['integer to number', integer, number, []],
    ['number to integer', number, integer, ['TYPE_NARROWED #/type']],
    ['another type', string, integer, ['TYPE_CHANGED #']],
    ['type dropped', string, {}, []],
    ['type dropped for true', string, true, []],
    ['annotations alone take everything', string, { title: 'x' }, []],
    ['type added to {}', {}, string, ['TYPE_CHANGED #']],
    ['type added to true', true, string, ['TYPE_CHANGED #']],
    [
      'type added to a schema of properties',
      { properties: { a: string } },
      object({ a: string }),
      ['TYPE_NARROWED #/type'],
    ],
    ['type dropped from a schema of properties', object({ a: string }), { properties: { a: string } }, []],
    ['false to anything', false, string, []],
    ['anything to false', string, false, ['TYPE_CHANGED #']],
    ['true to false', true, false, ['TYPE_CHANGED #']],
    ['a property of false to anything', object({ a: false }), object({ a: string }), []],
    [
      "both of Connect's bytes",
      { ...string, 'connect.type': 'bytes' },
      { ...number, 'connect.type': 'bytes' },
      [],
    ],
    ["one of Connect's bytes", string, { ...number, 'connect.type': 'bytes' }, ['TYPE_CHANGED #']],
    ['null stays', { type: 'null' }, { type: 'null' }, []],
    ['boolean to null', { type: 'boolean' }, { type: 'null' }, ['TYPE_CHANGED #']],
  ])('%s', (_what, old, next, problems) => expect(kinds(old, next)).toEqual(problems));
});

/** [keyword, kind, type, looser, tighter, more] */
const BOUNDS = [
  ['maxLength', 'MAX_LENGTH', 'string', 10, 5],
  ['minLength', 'MIN_LENGTH', 'string', 5, 10],
  ['maximum', 'MAXIMUM', 'number', 10, 5],
  ['minimum', 'MINIMUM', 'number', 5, 10],
  ['exclusiveMaximum', 'EXCLUSIVE_MAXIMUM', 'number', 10.5, 10],
  ['exclusiveMinimum', 'EXCLUSIVE_MINIMUM', 'integer', -5, -4],
  ['maxProperties', 'MAX_PROPERTIES', 'object', 10, 5],
  ['minProperties', 'MIN_PROPERTIES', 'object', 5, 10],
  ['maxItems', 'MAX_ITEMS', 'array', 10, 5],
  ['minItems', 'MIN_ITEMS', 'array', 5, 10],
  ['maxContains', 'MAX_CONTAINS', 'array', 10, 5],
  ['minContains', 'MIN_CONTAINS', 'array', 5, 10],
] as const;

describe.each(BOUNDS)('%s', (keyword, kind, type, loose, tight) => {
  const of = (bound?: number) => ({
    $schema: D2020,
    type,
    contains: {},
    ...(bound !== undefined && { [keyword]: bound }),
  });
  const isUpper = kind.includes('MAX');

  test('loosened', () => expect(kinds(of(tight), of(loose))).toEqual([]));
  test('removed', () => expect(kinds(of(tight), of())).toEqual([]));
  test('tightened', () =>
    expect(kinds(of(loose), of(tight))).toEqual([
      `${kind}_${isUpper ? 'DECREASED' : 'INCREASED'} #/${keyword}`,
    ]));
  test('added', () => expect(kinds(of(), of(loose))).toEqual([`${kind}_ADDED #/${keyword}`]));
});

describe('numbers, strings and enums', () => {
  test.each<Case>([
    [
      'bounds beyond doubles, loosened',
      '{"type":"integer","maximum":9007199254740993}',
      '{"type":"integer","maximum":9007199254740994}',
      [],
    ],
    [
      'bounds beyond doubles, tightened',
      '{"type":"integer","maximum":9007199254740993}',
      '{"type":"integer","maximum":9007199254740992}',
      ['MAXIMUM_DECREASED #/maximum'],
    ],
    [
      'a bound in another spelling',
      '{"type":"number","maximum":1e2}',
      '{"type":"number","maximum":100.0}',
      [],
    ],
    [
      'huge exponents',
      '{"type":"number","maximum":1e999999999}',
      '{"type":"number","maximum":1e999999998}',
      ['MAXIMUM_DECREASED #/maximum'],
    ],
    ['negative bounds', { ...number, minimum: -1 }, { ...number, minimum: -2 }, []],
    [
      'from below zero to zero',
      { ...number, minimum: -1 },
      { ...number, minimum: 0 },
      ['MINIMUM_INCREASED #/minimum'],
    ],
    [
      'exclusive bound becomes inclusive',
      { ...number, exclusiveMaximum: 10 },
      { ...number, maximum: 10 },
      [],
    ],
    [
      'inclusive bound becomes exclusive',
      { ...number, maximum: 10 },
      { ...number, exclusiveMaximum: 10 },
      ['EXCLUSIVE_MAXIMUM_ADDED #/exclusiveMaximum'],
    ],
    [
      'a bound that the other one implies',
      { ...number, exclusiveMinimum: 10 },
      { ...number, exclusiveMinimum: 10, minimum: 3 },
      [],
    ],
    [
      'draft 4 flag dropped',
      { $schema: D4, ...number, maximum: 10, exclusiveMaximum: true },
      { $schema: D4, ...number, maximum: 10 },
      [],
    ],
    [
      'draft 4 flag added',
      { $schema: D4, ...number, minimum: 10 },
      { $schema: D4, ...number, minimum: 10, exclusiveMinimum: true },
      ['EXCLUSIVE_MINIMUM_ADDED #/minimum'],
    ],
    [
      'draft 4 flag to draft 7 bound',
      { $schema: D4, ...number, minimum: 10, exclusiveMinimum: true },
      { ...number, exclusiveMinimum: 10 },
      [],
    ],
    ['pattern removed', { ...string, pattern: 'a' }, string, []],
    ['pattern added', string, { ...string, pattern: 'a' }, ['PATTERN_ADDED #/pattern']],
    [
      'pattern changed',
      { ...string, pattern: 'a' },
      { ...string, pattern: 'a|b' },
      ['PATTERN_CHANGED #/pattern'],
    ],
    ['multipleOf removed', { ...number, multipleOf: 2 }, number, []],
    ['multipleOf added', number, { ...number, multipleOf: 2 }, ['MULTIPLE_OF_ADDED #/multipleOf']],
    ['multipleOf replaced by a divisor', { ...number, multipleOf: 6 }, { ...number, multipleOf: 3 }, []],
    [
      'multipleOf replaced by a multiple',
      { ...number, multipleOf: 3 },
      { ...number, multipleOf: 6 },
      ['MULTIPLE_OF_EXPANDED #/multipleOf'],
    ],
    [
      'multipleOf replaced by another',
      { ...number, multipleOf: 7 },
      { ...number, multipleOf: 5 },
      ['MULTIPLE_OF_CHANGED #/multipleOf'],
    ],
    ['0.5 and 0.50', '{"type":"number","multipleOf":0.5}', '{"type":"number","multipleOf":0.50}', []],
    ['0.3 and 0.1', { ...number, multipleOf: 0.3 }, { ...number, multipleOf: 0.1 }, []],
    [
      '0.1 and 0.3',
      { ...number, multipleOf: 0.1 },
      { ...number, multipleOf: 0.3 },
      ['MULTIPLE_OF_EXPANDED #/multipleOf'],
    ],
    [
      '10 and 4',
      { ...number, multipleOf: 10 },
      { ...number, multipleOf: 4 },
      ['MULTIPLE_OF_CHANGED #/multipleOf'],
    ],
    ['1e300 and 7', '{"type":"number","multipleOf":7e300}', '{"type":"number","multipleOf":7}', []],
    ['enum grows', { enum: ['a'] }, { enum: ['b', 'a'] }, []],
    ['enum shrinks', { enum: ['a', 'b'] }, { enum: ['a'] }, ['ENUM_ARRAY_NARROWED #/enum']],
    ['enum changes', { enum: ['a', 'b'] }, { enum: ['a', 'c'] }, ['ENUM_ARRAY_CHANGED #/enum']],
    ['enum values in another spelling', '{"enum":[1,{"a":1,"b":2}]}', '{"enum":[{"b":2,"a":1.0},1.0]}', []],
    [
      'enum beside a type shrinks',
      { ...string, enum: ['a', 'b'] },
      { ...string, enum: ['a'] },
      ['ENUM_ARRAY_NARROWED #/enum'],
    ],
    ['enum dropped beside a type', { ...string, enum: ['a', 'b'] }, string, []],
    ['enum added beside a type', string, { ...string, enum: ['a', 'b'] }, ['TYPE_CHANGED #']],
    ['const stays', { const: 1 }, { const: 1 }, []],
    ['const changes', { const: 1 }, { const: 2 }, ['ENUM_ARRAY_CHANGED #/const']],
    ['const to an enum with it', { const: 1 }, { enum: [1, 2] }, []],
  ])('%s', (_what, old, next, problems) => expect(kinds(old, next)).toEqual(problems));
});

describe('required', () => {
  const a = (required: string[], property: object = string) => object({ a: property }, { required });
  test.each<Case>([
    ['dropped', object({ a: string }, { required: ['a'] }), object({ a: string }), []],
    ['added', object({ a: string }), a(['a']), ['REQUIRED_ATTRIBUTE_ADDED #/required/a']],
    ['added with a default', object({ a: string }), a(['a'], { ...string, default: '' }), []],
    [
      'added with a default where the $ref leads',
      object({ a: string }),
      { ...a(['a'], { $ref: '#/definitions/s' }), definitions: { s: { ...string, default: '' } } },
      [],
    ],
    [
      'of a name that only one side declares is not judged',
      object({ a: string }, { required: ['b'] }),
      object({ a: string }, { required: ['c'] }),
      [],
    ],
  ])('%s', (_what, old, next, problems) => expect(kinds(old, next)).toEqual(problems));
});

/** Each case with what LENIENT still refuses. */
type ModelCase = readonly [
  what: string,
  old: unknown,
  next: unknown,
  strict: readonly string[],
  lenient: readonly string[],
];

describe('content models', () => {
  const pattern = (schema: unknown, more: object = {}) =>
    object({}, { patternProperties: { '^a': schema }, ...more });
  const covered = (schema: unknown, more: object = {}) =>
    object({}, { additionalProperties: schema, ...more });
  const ADDED = 'PROPERTY_ADDED_NOT_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL #/properties/a';
  const REMOVED = 'PROPERTY_REMOVED_NOT_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL #/properties/a';
  const CLOSED = 'PROPERTY_REMOVED_FROM_CLOSED_CONTENT_MODEL #/properties/a';
  const NEEDED = 'REQUIRED_PROPERTY_ADDED_TO_UNOPEN_CONTENT_MODEL #/properties/a';
  const uneval = (schema: unknown, properties: object = {}) =>
    object(properties, { $schema: D2019, unevaluatedProperties: schema });

  test.each<ModelCase>([
    ['removed, open', object({ a: string }), object({}), [], []],
    [
      'removed, open by additionalProperties true',
      object({ a: string }),
      object({}, { additionalProperties: true }),
      [],
      [],
    ],
    ['removed, closed', closed({ a: string }), closed({}), [CLOSED], []],
    ['removed, closed, was false', closed({ a: false }), closed({}), [], []],
    [
      'removed, covered by additionalProperties',
      covered(string, { properties: { a: string } }),
      covered(string),
      [],
      [],
    ],
    [
      'removed, not covered by additionalProperties',
      covered(string, { properties: { a: integer } }),
      covered(string),
      [REMOVED],
      [],
    ],
    [
      'removed, covered by a pattern',
      pattern(string, { properties: { a: string } }),
      pattern(string),
      [],
      [],
    ],
    [
      'removed, not covered by its pattern',
      pattern(string, { properties: { a: integer } }),
      pattern(string),
      [REMOVED],
      [],
    ],
    [
      'removed, of another name than the pattern',
      pattern(string, { properties: { b: string }, additionalProperties: false }),
      pattern(string, { additionalProperties: false }),
      [CLOSED.replace('/a', '/b')],
      [],
    ],
    [
      'removed, of another name than the pattern, others free',
      pattern(string, { properties: { b: integer } }),
      pattern(string),
      [CLOSED.replace('/a', '/b')],
      [],
    ],
    [
      'removed, of another name than the pattern, others {}',
      pattern(string, { properties: { b: integer } }),
      pattern(string, { additionalProperties: {} }),
      [],
      [],
    ],
    [
      'added, of another name than the pattern, others free',
      pattern(string),
      pattern(string, { properties: { b: integer } }),
      [],
      [],
    ],
    [
      'added, of another name than the pattern, others free, required',
      pattern(string),
      pattern(string, { properties: { b: integer }, required: ['b'] }),
      [NEEDED.replace('/a', '/b')],
      [NEEDED.replace('/a', '/b')],
    ],
    ['removed, closed by unevaluatedProperties', uneval(false, { a: string }), uneval(false), [CLOSED], []],
    ['removed, covered by unevaluatedProperties', uneval(string, { a: string }), uneval(string), [], []],
    [
      'removed, not covered by unevaluatedProperties',
      uneval(string, { a: integer }),
      uneval(string),
      [REMOVED],
      [],
    ],
    ['removed, unevaluatedProperties true', uneval(true, { a: string }), uneval(true), [], []],
    [
      'added to open',
      object({}),
      object({ a: string }),
      ['OPTIONAL_PROPERTY_ADDED_TO_OPEN_CONTENT_MODEL #/properties/a'],
      [],
    ],
    ['{} added to open', object({}), object({ a: {} }), [], []],
    ['true added to open', object({}), object({ a: true }), [], []],
    [
      'added to open, required',
      object({}),
      object({ a: string }, { required: ['a'] }),
      ['REQUIRED_PROPERTY_ADDED_TO_OPEN_CONTENT_MODEL #/properties/a'],
      ['REQUIRED_PROPERTY_ADDED_TO_OPEN_CONTENT_MODEL #/properties/a'],
    ],
    [
      'added to open, required, with default',
      object({}),
      object({ a: { ...string, default: '' } }, { required: ['a'] }),
      ['REQUIRED_PROPERTY_WITH_DEFAULT_ADDED_TO_OPEN_CONTENT_MODEL #/properties/a'],
      [],
    ],
    ['added to closed', closed({}), closed({ a: string }), [], []],
    ['added to closed, required', closed({}), closed({ a: string }, { required: ['a'] }), [NEEDED], [NEEDED]],
    [
      'added to closed, required, with default',
      closed({}),
      closed({ a: { ...string, default: '' } }, { required: ['a'] }),
      [],
      [],
    ],
    [
      'added, covered by additionalProperties',
      covered(string),
      covered(string, { properties: { a: string } }),
      [],
      [],
    ],
    [
      'added, not covered by additionalProperties',
      covered(string),
      covered(string, { properties: { a: integer } }),
      [ADDED],
      [],
    ],
    [
      'added, covered and required',
      covered(string),
      covered(string, { properties: { a: string }, required: ['a'] }),
      [NEEDED],
      [NEEDED],
    ],
    [
      'added, not covered and required',
      covered(string),
      covered(string, { properties: { a: integer }, required: ['a'] }),
      [ADDED, NEEDED],
      [NEEDED],
    ],
    ['added, covered by a pattern', pattern(string), pattern(string, { properties: { a: string } }), [], []],
    [
      'added, not covered by its pattern',
      pattern(string),
      pattern(string, { properties: { a: integer } }),
      [ADDED],
      [],
    ],
    ['added, covered by unevaluatedProperties', uneval(string), uneval(string, { a: string }), [], []],
    ['added, closed by unevaluatedProperties', uneval(false), uneval(false, { a: string }), [], []],
    ['additionalProperties opened', closed({}), object({}), [], []],
    ['additionalProperties false to a schema', closed({}), covered(string), [], []],
    ['additionalProperties schema to true', covered(string), object({}), [], []],
    ['additionalProperties {} is true', object({}), covered({}), [], []],
    [
      'additionalProperties true to a schema',
      object({}),
      covered(string),
      ['ADDITIONAL_PROPERTIES_NARROWED #/additionalProperties'],
      [],
    ],
    [
      'additionalProperties closed',
      object({}),
      closed({}),
      ['ADDITIONAL_PROPERTIES_REMOVED #/additionalProperties'],
      [],
    ],
    [
      'additionalProperties schema to false',
      covered(string),
      closed({}),
      ['ADDITIONAL_PROPERTIES_REMOVED #/additionalProperties'],
      [],
    ],
    [
      'additionalProperties schema changed',
      covered(string),
      covered(integer),
      ['TYPE_CHANGED #/additionalProperties'],
      ['TYPE_CHANGED #/additionalProperties'],
    ],
    ['unevaluatedProperties opened', uneval(false), uneval(true), [], []],
    ['unevaluatedProperties true to absent', uneval(true), object({}), [], []],
    ['unevaluatedProperties absent to true', object({}), uneval(true), [], []],
    ['unevaluatedProperties schema to true', uneval(string), uneval(true), [], []],
    [
      'unevaluatedProperties narrowed',
      uneval(true),
      uneval(string),
      ['UNEVALUATED_PROPERTIES_NARROWED #/unevaluatedProperties'],
      [],
    ],
    [
      'unevaluatedProperties closed',
      uneval(true),
      uneval(false),
      ['UNEVALUATED_PROPERTIES_REMOVED #/unevaluatedProperties'],
      [],
    ],
    [
      'unevaluatedProperties schema changed',
      uneval(string),
      uneval(integer),
      ['TYPE_CHANGED #/unevaluatedProperties'],
      ['TYPE_CHANGED #/unevaluatedProperties'],
    ],
    ['schemas of patternProperties are not compared', pattern(string), pattern(integer), [], []],
    [
      'both declare it',
      object({ a: { ...string, maxLength: 5 } }),
      object({ a: { ...string, maxLength: 3 } }),
      ['MAX_LENGTH_DECREASED #/properties/a/maxLength'],
      ['MAX_LENGTH_DECREASED #/properties/a/maxLength'],
    ],
    [
      'odd names',
      object({ 'a/b~c': string, __proto: string }),
      object({ 'a/b~c': integer, __proto: string }),
      ['TYPE_CHANGED #/properties/a~1b~0c'],
      ['TYPE_CHANGED #/properties/a~1b~0c'],
    ],
  ])('%s', (_what, old, next, strict, lenient) => {
    expect(kinds(old, next)).toEqual(strict);
    expect(kinds(old, next, true)).toEqual(lenient);
  });
});

describe('more of objects', () => {
  const dependent = (keyword: string, value: unknown) => ({
    $schema: keyword === 'dependencies' ? undefined : D2019,
    ...object({}),
    [keyword]: { a: value },
  });
  test.each<Case>([
    ['dependency array removed', dependent('dependencies', ['b']), object({}), []],
    [
      'dependency array added',
      object({}),
      dependent('dependencies', ['b']),
      ['DEPENDENCY_ARRAY_ADDED #/dependencies/a'],
    ],
    [
      'dependency array narrowed',
      dependent('dependencies', ['b', 'c']),
      dependent('dependencies', ['c']),
      [],
    ],
    [
      'dependency array extended',
      dependent('dependencies', ['c']),
      dependent('dependencies', ['b', 'c']),
      ['DEPENDENCY_ARRAY_EXTENDED #/dependencies/a'],
    ],
    [
      'dependency array changed',
      dependent('dependencies', ['c']),
      dependent('dependencies', ['b']),
      ['DEPENDENCY_ARRAY_CHANGED #/dependencies/a'],
    ],
    [
      'dependentRequired extended',
      dependent('dependentRequired', ['c']),
      dependent('dependentRequired', ['b', 'c']),
      ['DEPENDENCY_ARRAY_EXTENDED #/dependentRequired/a'],
    ],
    [
      'dependencies to dependentRequired',
      dependent('dependencies', ['c']),
      dependent('dependentRequired', ['c']),
      [],
    ],
    ['dependency schema removed', dependent('dependencies', { minProperties: 2 }), object({}), []],
    [
      'dependency schema added',
      object({}),
      dependent('dependencies', { minProperties: 2 }),
      ['DEPENDENCY_SCHEMA_ADDED #/dependencies/a'],
    ],
    [
      'dependency schema loosened',
      dependent('dependencies', { minProperties: 2 }),
      dependent('dependencies', { minProperties: 1 }),
      [],
    ],
    [
      'dependency schema tightened',
      dependent('dependentSchemas', { minProperties: 2 }),
      dependent('dependentSchemas', { minProperties: 3 }),
      ['MIN_PROPERTIES_INCREASED #/dependentSchemas/a/minProperties'],
    ],
    [
      'dependency array to schema',
      dependent('dependencies', ['b']),
      dependent('dependencies', { minProperties: 2 }),
      ['DEPENDENCY_SCHEMA_ADDED #/dependencies/a'],
    ],
    ['propertyNames removed', object({}, { propertyNames: { maxLength: 3 } }), object({}), []],
    [
      'propertyNames added',
      object({}),
      object({}, { propertyNames: { maxLength: 3 } }),
      ['SCHEMA_ADDED #/propertyNames'],
    ],
    [
      'propertyNames tightened',
      object({}, { propertyNames: { maxLength: 3 } }),
      object({}, { propertyNames: { maxLength: 2 } }),
      ['MAX_LENGTH_DECREASED #/propertyNames/maxLength'],
    ],
  ])('%s', (_what, old, next, problems) => expect(kinds(old, next)).toEqual(problems));
});

describe('arrays', () => {
  const array = (more: object = {}) => ({ type: 'array', ...more });
  const tuple = (items: unknown[], rest?: unknown) =>
    array({ items, ...(rest !== undefined && { additionalItems: rest }) });
  const prefix = (prefixItems: unknown[], rest?: unknown) =>
    array({ $schema: D2020, prefixItems, ...(rest !== undefined && { items: rest }) });
  const uneval = (schema: unknown) => array({ $schema: D2019, unevaluatedItems: schema });
  test.each<Case>([
    ['items compared', array({ items: string }), array({ items: integer }), ['TYPE_CHANGED #/items']],
    ['items removed', array({ items: string }), array(), []],
    ['items added', array(), array({ items: string }), ['SCHEMA_ADDED #/items']],
    ['items forbidden', array(), array({ items: false }), ['ADDITIONAL_ITEMS_REMOVED #/items']],
    ['uniqueItems removed', array({ uniqueItems: true }), array(), []],
    [
      'uniqueItems added',
      array({ uniqueItems: false }),
      array({ uniqueItems: true }),
      ['UNIQUE_ITEMS_ADDED #/uniqueItems'],
    ],
    ['tuple item changed', tuple([string]), tuple([integer]), ['TYPE_CHANGED #/items/0']],
    ['tuple item removed, open', tuple([string, string]), tuple([string]), []],
    [
      'tuple item removed, closed',
      tuple([string, string], false),
      tuple([string], false),
      ['ITEM_REMOVED_FROM_CLOSED_CONTENT_MODEL #/items/1'],
    ],
    ['tuple item removed, closed, was false', tuple([string, false], false), tuple([string], false), []],
    ['tuple item removed, covered', tuple([string, string], string), tuple([string], string), []],
    [
      'tuple item removed, not covered',
      tuple([string, integer], string),
      tuple([string], string),
      ['ITEM_REMOVED_NOT_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL #/items/1'],
    ],
    [
      'tuple item added, open',
      tuple([string]),
      tuple([string, string]),
      ['ITEM_ADDED_TO_OPEN_CONTENT_MODEL #/items/1'],
    ],
    ['tuple item {} added, open', tuple([string]), tuple([string, {}]), []],
    ['tuple item added, closed', tuple([string], false), tuple([string, string], false), []],
    ['tuple item added, covered', tuple([string], string), tuple([string, string], string), []],
    [
      'tuple item added, not covered',
      tuple([string], string),
      tuple([string, integer], string),
      ['ITEM_ADDED_NOT_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL #/items/1'],
    ],
    ['additionalItems opened', tuple([string], false), tuple([string]), []],
    ['additionalItems false to a schema', tuple([string], false), tuple([string], string), []],
    ['additionalItems schema to true', tuple([string], string), tuple([string], true), []],
    [
      'additionalItems narrowed',
      tuple([string]),
      tuple([string], string),
      ['ADDITIONAL_ITEMS_NARROWED #/additionalItems'],
    ],
    [
      'additionalItems closed',
      tuple([string]),
      tuple([string], false),
      ['ADDITIONAL_ITEMS_REMOVED #/additionalItems'],
    ],
    [
      'additionalItems schema changed',
      tuple([string], string),
      tuple([string], integer),
      ['TYPE_CHANGED #/additionalItems'],
    ],
    ['prefixItems changed', prefix([string]), prefix([integer]), ['TYPE_CHANGED #/prefixItems/0']],
    [
      'prefixItems removed, closed',
      prefix([string, string], false),
      prefix([string], false),
      ['ITEM_REMOVED_FROM_CLOSED_CONTENT_MODEL #/prefixItems/1'],
    ],
    ['a tuple of draft 7 in 2020-12', tuple([string], integer), prefix([string], integer), []],
    ['items for all become a tuple that they cover', array({ items: string }), tuple([string], string), []],
    ['unevaluatedItems opened', uneval(false), uneval(true), []],
    [
      'unevaluatedItems narrowed',
      uneval(true),
      uneval(string),
      ['UNEVALUATED_ITEMS_NARROWED #/unevaluatedItems'],
    ],
    ['unevaluatedItems closed', array(), uneval(false), ['UNEVALUATED_ITEMS_REMOVED #/unevaluatedItems']],
    ['unevaluatedItems schema to true', uneval(string), array(), []],
    ['contains added', array(), array({ contains: string }), ['SCHEMA_ADDED #/contains']],
    ['contains removed', array({ contains: string }), array(), []],
    [
      'contains changed',
      array({ contains: string }),
      array({ contains: integer }),
      ['TYPE_CHANGED #/contains'],
    ],
  ])('%s', (_what, old, next, problems) => expect(kinds(old, next)).toEqual(problems));
});

describe('combined schemas', () => {
  const boolean = { type: 'boolean' };
  const all = (...allOf: unknown[]) => ({ allOf });
  const any = (...anyOf: unknown[]) => ({ anyOf });
  const one = (...oneOf: unknown[]) => ({ oneOf });
  const short = { maxLength: 5 };
  const low = { maximum: 5 };
  const CHANGED = 'COMBINED_TYPE_CHANGED #';
  test.each<Case>([
    ['oneOf to anyOf', one(string, integer), any(string, integer), []],
    ['allOf to anyOf', all(short, low), any(short, low), []],
    ['anyOf to oneOf', any(string, integer), one(string, integer), [`${CHANGED}/oneOf`]],
    ['anyOf to allOf', any(short, low), all(short, low), [`${CHANGED}/allOf`]],
    ['oneOf to allOf', one(short, low), all(short, low), [`${CHANGED}/allOf`]],
    ['allOf to oneOf', all(short, low), one(short, low), [`${CHANGED}/oneOf`]],
    ['singletons', one(string), all(string), []],
    ['singleton to oneOf', all(string), one(string, integer), []],
    ['allOf to a singleton', all(short, low), one(short), []],
    ['allOf grows', all(short), all(short, low), ['PRODUCT_TYPE_EXTENDED #/allOf']],
    ['allOf shrinks', all(short, low), all(short), []],
    ['anyOf grows', any(string, integer), any(string, integer, boolean), []],
    ['anyOf shrinks', any(string, integer, boolean), any(string, integer), ['SUM_TYPE_NARROWED #/anyOf']],
    ['oneOf grows', one(string, integer), one(boolean, integer, string), []],
    ['oneOf shrinks', one(string, integer, boolean), one(string, integer), ['SUM_TYPE_NARROWED #/oneOf']],
    [
      'a branch changed',
      any(string, integer),
      any(string, boolean),
      ['COMBINED_TYPE_SUBSCHEMAS_CHANGED #/anyOf'],
    ],
    ['a branch widened', any(string, integer), any(number, string), []],
    ['duplicates count once', any(string, string, integer), any(string, integer), []],
    [
      'a matching exists, not the first one tried',
      any(integer, number),
      any({ ...number }, { type: 'number', title: 'x' }),
      [],
    ],
    [
      'a matching that must be turned round',
      any({ ...integer, maximum: 5 }, { ...integer, maximum: 9 }),
      any({ ...integer, maximum: 9 }, { ...integer, maximum: 7 }),
      [],
    ],
    [
      'no matching: two want the same partner',
      any({ ...integer, maximum: 5 }, { ...integer, maximum: 9 }),
      any({ ...integer, maximum: 9 }, boolean),
      ['COMBINED_TYPE_SUBSCHEMAS_CHANGED #/anyOf'],
    ],
    ['plain to anyOf that has it', string, any(integer, string), []],
    [
      'plain to oneOf that has it',
      string,
      one(integer, { ...string, minLength: 0 }.type === 'string' ? string : {}),
      [],
    ],
    ['plain to anyOf without it', string, any(integer, boolean), ['TYPE_CHANGED #']],
    ['plain to a singleton', string, all(string), []],
    ['plain to a singleton of another', string, all(integer), ['TYPE_CHANGED #/allOf/0']],
    ['plain to allOf', string, all(string, short), ['TYPE_CHANGED #']],
    ['allOf to plain, a branch fits', all(string, short), string, []],
    ['allOf to plain, none fits', all(string, short), integer, ['TYPE_CHANGED #']],
    ['anyOf to plain', any(string, integer), string, ['TYPE_CHANGED #']],
    ['singleton to plain', any(string), string, []],
    ['singleton to another', any(string), integer, ['TYPE_CHANGED #']],
    ['combined to {}', any(string, integer), {}, []],
    ['type list grows', { type: ['string', 'null'] }, { type: ['null', 'string', 'integer'] }, []],
    ['type list shrinks', { type: ['string', 'null'] }, { type: ['string'] }, ['TYPE_CHANGED #']],
    [
      'type list of three shrinks',
      { type: ['string', 'null', 'boolean'] },
      { type: ['string', 'null'] },
      ['SUM_TYPE_NARROWED #'],
    ],
    ['a type becomes nullable', string, { type: ['string', 'null'] }, []],
    ['a list of one type', string, { type: ['string'] }, []],
    ['type list to anyOf', { type: ['string', 'null'] }, any(string, { type: 'null' }), []],
    [
      'bounds within a type list',
      { type: ['string', 'null'], maxLength: 9 },
      { type: ['string', 'null'], maxLength: 5 },
      ['MAX_LENGTH_DECREASED #/maxLength'],
    ],
    [
      'keywords beside a combination',
      { ...object({ a: string }), ...any({ required: ['a'] }, { required: ['b'] }) },
      { ...object({ a: integer }), ...any({ required: ['a'] }, { required: ['b'] }) },
      ['TYPE_CHANGED #/properties/a'],
    ],
    [
      'a combination added beside keywords',
      object({ a: string }),
      { ...object({ a: string }), ...any({ required: ['a'] }, { required: ['b'] }) },
      ['TYPE_CHANGED #'],
    ],
    [
      'a combination removed beside keywords',
      { ...object({ a: string }), ...any({ required: ['a'] }, { required: ['b'] }) },
      object({ a: string }),
      [],
    ],
    ['not narrowed', { not: integer }, { not: { ...integer, maximum: 5 } }, []],
    ['not extended', { not: integer }, { not: number }, ['NOT_TYPE_EXTENDED #/not']],
    ['not added', {}, { not: integer }, ['TYPE_CHANGED #']],
    ['not removed', { not: integer }, {}, []],
    [
      'consequence loosened',
      '{"if":{"minLength":1},"then":{"maxLength":5}}',
      '{"if":{"minLength":1},"then":{"maxLength":6}}',
      [],
    ],
    [
      'consequence tightened',
      '{"if":{"minLength":1},"else":{"maxLength":5}}',
      '{"if":{"minLength":1},"else":{"maxLength":4}}',
      ['MAX_LENGTH_DECREASED #/else/maxLength'],
    ],
    [
      'condition changed',
      '{"if":{"minLength":1},"then":{"maxLength":5}}',
      '{"if":{"minLength":2},"then":{"maxLength":5}}',
      ['CONDITION_CHANGED #/if'],
    ],
    ['condition removed', '{"type":"string","if":{"minLength":1},"then":{"maxLength":5}}', string, []],
    [
      'condition added',
      string,
      '{"type":"string","if":{"minLength":1},"then":{"maxLength":5}}',
      ['TYPE_CHANGED #'],
    ],
  ])('%s', (_what, old, next, problems) => expect(kinds(old, next)).toEqual(problems));
});

describe('references', () => {
  const list = (value: object, more: object = {}) => ({
    ...object({ value, next: { $ref: '#' } }),
    ...more,
  });
  const tree = (leaf: object) => ({
    $ref: '#/definitions/tree',
    definitions: {
      tree: object({ left: { $ref: '#/definitions/tree' }, leaf: { $ref: '#/definitions/leaf' } }),
      leaf,
    },
  });
  test.each<Case>([
    ['to itself', list(string), list(string), []],
    ['to itself, changed', list(string), list(integer), ['TYPE_CHANGED #/properties/value']],
    ['by definitions', tree(string), tree(string), []],
    ['by definitions, changed', tree(string), tree(integer), ['TYPE_CHANGED #/properties/leaf']],
    [
      'moved to a definition',
      object({ a: string }),
      { ...object({ a: { $ref: '#/definitions/s' } }), definitions: { s: string } },
      [],
    ],
    [
      'by anchor',
      { $schema: D2020, ...object({ a: { $ref: '#s' } }), $defs: { x: { $anchor: 's', ...string } } },
      object({ a: string }),
      [],
    ],
    [
      'by a fragment $id',
      { ...object({ a: { $ref: '#s' } }), definitions: { x: { $id: '#s', ...string } } },
      object({ a: string }),
      [],
    ],
    [
      'by $id of a part',
      {
        $id: 'http://x/y/z',
        ...object({ a: { $ref: 'part' } }),
        definitions: { x: { $id: 'part', ...string } },
      },
      object({ a: string }),
      [],
    ],
    [
      'what is beside $ref does not count in draft 7',
      object({ a: { $ref: '#/definitions/s', maxLength: 5 }, s: string }, { definitions: { s: string } }),
      object({ a: string, s: string }),
      [],
    ],
    [
      'what is beside $ref counts from 2019-09 on',
      { $schema: D2019, ...object({ a: { $ref: '#/$defs/s' } }), $defs: { s: string } },
      { $schema: D2019, ...object({ a: { $ref: '#/$defs/s', maxLength: 5 } }), $defs: { s: string } },
      ['TYPE_CHANGED #/properties/a'],
    ],
    [
      '$recursiveRef',
      { $schema: D2019, ...object({ a: { $recursiveRef: '#' } }) },
      { $schema: D2019, ...object({ a: { $recursiveRef: '#' } }) },
      [],
    ],
    [
      'to the meta schema',
      object({ a: { $ref: 'http://json-schema.org/draft-07/schema#' } }),
      object({ a: { $ref: 'http://json-schema.org/draft-07/schema#' } }),
      [],
    ],
    ['a loop that says nothing ends', { allOf: [{ $ref: '#' }] }, string, []],
  ])('%s', (_what, old, next, problems) => expect(kinds(old, next)).toEqual(problems));

  test('why a pair is broken that an anyOf did without is not lost', () => {
    // a fails by z, which the other branch makes good; but q needs node, which needs a.
    const schema = (z: object) => ({
      ...closed({
        x: { anyOf: [{ $ref: '#/definitions/a' }, { type: 'object' }] },
        q: { $ref: '#/definitions/node' },
      }),
      definitions: {
        a: closed({ node: { $ref: '#/definitions/node' }, z }),
        node: closed({ back: { $ref: '#/definitions/a' } }),
      },
    });
    expect(kinds(schema(string), schema(integer))).toContain(
      'TYPE_CHANGED #/properties/q/properties/back/properties/z',
    );
  });

  test('a definition is told of once', () => {
    const schema = (s: object) => ({
      ...object({
        list: { type: 'array', items: { $ref: '#/definitions/s' } },
        a: { $ref: '#/definitions/s' },
      }),
      definitions: { s },
    });
    expect(kinds(schema(string), schema(integer))).toEqual(['TYPE_CHANGED #/properties/a']);
  });

  test('a cycle that was taken for compatible does not decide for a branch', () => {
    // B is tried with A under way, which fails by z only later.
    const schema = (z: object) => ({
      $ref: '#/definitions/A',
      definitions: {
        A: closed({ b: { anyOf: [{ $ref: '#/definitions/B' }, { type: 'null' }] }, z }),
        B: closed({ a: { $ref: '#/definitions/A' } }),
      },
    });
    const broken = kinds(schema(string), schema(integer));
    expect(broken).toContain('TYPE_CHANGED #/properties/z');
    expect(broken).toContain('COMBINED_TYPE_SUBSCHEMAS_CHANGED #/properties/b/anyOf');
  });
});
