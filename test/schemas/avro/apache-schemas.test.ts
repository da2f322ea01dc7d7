/**
 * Schemas that every Avro parser takes, and some that none may (those of Apache Avro's C library, lang/c/tests/schema_tests,
 * Apache License 2.0), in our own words.
 */
import { canonicalAvro } from '../../../src/schemas/avro/schema-text';

const record = (name: unknown, fields: unknown, more: object = {}) => ({
  type: 'record',
  name,
  fields,
  ...more,
});
const field = (name: string, type: unknown, more: object = {}) => ({ name, type, ...more });
const list = (items: unknown) => ({ type: 'array', items });
const named = (type: 'enum' | 'fixed', name: string, what: string[] | number, more: object = {}) => ({
  type,
  name,
  ...(typeof what === 'number' ? { size: what } : { symbols: what }),
  ...more,
});

/** Types of each kind, in the namespace of the record, in one by its name, and in one of its own; each then named again. */
const byNamespace = (type: 'enum' | 'fixed', whats: readonly (string[] | number)[]) =>
  record('org.apache.avro.tests.Hello', [
    field('f1', named(type, 'Mine', whats[0]!)),
    field('f2', 'org.apache.avro.tests.Mine'),
    field('f3', 'Mine'),
    field('f4', named(type, 'other.namespace.Other', whats[1]!)),
    field('f5', 'other.namespace.Other'),
    field('f6', named(type, 'Third', whats[2]!, { namespace: 'some.other' })),
    field('f7', 'some.other.Third'),
  ]);

/** A type without a namespace inside one that has one. */
const withoutNamespace = (inner: object) =>
  record('R', [field('s', record('Y', [field('e', inner)], { namespace: 'x' })), field('t', 'Z')]);

const NULL = { namespace: '' };
const PERSON = [field('height', 'long'), field('weight', 'long'), field('name', 'string')];

const VALID: Readonly<Record<string, unknown>> = {
  'an array': list('long'),
  'a map': { type: 'map', values: 'long' },
  'a union': ['string', 'long', 'null'],
  'a fixed': named('fixed', 'md5', 16),
  'an enum': named('enum', 'three', ['A', 'B', 'C']),
  'a record': record('person', PERSON),
  'a record with a default': record('person', [...PERSON, field('hacker', 'boolean', { default: false })]),
  'a record without fields': record('R', []),
  'a record that holds itself': record('recursive', [
    field('label', 'string'),
    field('children', list('recursive')),
  ]),
  'an attribute nobody knows': { type: 'string', ignored: 'value' },
  'an attribute nobody knows, again': { ignored: ['value'], type: 'string' },
  ...Object.fromEntries(
    ['boolean', 'bytes', 'double', 'float', 'int', 'long', 'null', 'string'].map((type) => [
      `${type} as an object`,
      { type },
    ]),
  ),
  'enums in namespaces': byNamespace('enum', [
    ['A', 'B'],
    ['C', 'D'],
    ['E', 'F'],
  ]),
  'fixeds in namespaces': byNamespace('fixed', [16, 18, 20]),
  'full names of what is under way': record('x.Y', [
    field('e', record('Z', [field('f', 'x.Y'), field('g', 'x.Z')])),
  ]),
  'an enum without a namespace': withoutNamespace(named('enum', 'Z', ['A'], NULL)),
  'a fixed without a namespace': withoutNamespace(named('fixed', 'Z', 8, NULL)),
  'a record without a namespace': withoutNamespace(record('Z', [field('f', 'Z')], NULL)),
  'a namespace for all within': record('Y', [field('e', record('Z', [field('f', 'x.Z')]))], {
    namespace: 'x',
  }),
  'records of one name that hold each other': record(
    'Container',
    [
      field(
        'contained',
        record('Mutual', [
          field('label', 'string'),
          field(
            'children',
            list(
              record(
                'Mutual',
                [field('value', 'int'), field('up', list('one.Mutual')), field('same', list('Mutual'))],
                {
                  namespace: 'two',
                },
              ),
            ),
          ),
          field('another', 'two.Mutual'),
        ]),
      ),
    ],
    { namespace: 'one' },
  ),
  'a field of each kind': record(
    'Interop',
    [
      ...['int', 'long', 'string', 'boolean', 'float', 'double', 'bytes', 'null'].map((type) =>
        field(`${type}Field`, type),
      ),
      field('arrayField', list('double')),
      field('mapField', { type: 'map', values: record('Foo', [field('label', 'string')]) }),
      field('unionField', ['boolean', 'double', list('bytes')]),
      field('enumField', named('enum', 'Kind', ['A', 'B', 'C'])),
      field('fixedField', named('fixed', 'MD5', 16)),
      field('recordField', record('Node', [field('label', 'string'), field('children', list('Node'))])),
    ],
    { namespace: 'org.apache.avro' },
  ),
};

test('all of them are here', () => expect(Object.keys(VALID)).toHaveLength(28));

test.each(Object.entries(VALID))('takes %s', (_what, schema) => {
  const { canonical } = canonicalAvro(JSON.stringify(schema), [], { strict: true });
  expect(canonicalAvro(canonical, [], { strict: true }).canonical).toBe(canonical);
});

const INVALID: readonly (readonly [what: string, text: string, reason: string])[] = [
  ['symbols that are no array', '{"type":"enum","name":"S","symbols":"A B C"}', 'needs "symbols", an array'],
  ['an enum whose name is no text', '{"type":"enum","name":[0,1],"symbols":["A"]}', 'needs "name", a text'],
  ['a comma that is missing', '{"type":"enum" "symbols":["A"]}', 'is missing'],
  ['an enum without a name', '{"type":"enum","symbols":["A"]}', 'needs "name", a text'],
  ['a fixed without a name', '{"type":"fixed","size":314}', 'needs "name", a text'],
  ['a fixed without a size', '{"type":"fixed","name":"Missing"}', 'needs "size"'],
  ['a type nobody knows', '{"type":"panther"}', 'neither a type nor defined before'],
  [
    'a name that begins with a digit',
    '{"type":"enum","name":"2d2","symbols":["c3po"]}',
    '"2d2" is not a name',
  ],
  [
    'a field without a name',
    '{"type":"record","name":"A","fields":[{"type":"string"}]}',
    'a field needs "name"',
  ],
  [
    'a field without a type',
    '{"type":"record","name":"A","fields":[{"name":"a"}]}',
    'the field a needs "type"',
  ],
  [
    'an item nobody knows',
    '{"type":"record","name":"A","fields":[{"name":"a","type":{"type":"array","items":"foobar"}}]}',
    '"foobar" is neither',
  ],
  ['fields that are no array', '{"type":"record","fields":"bars","name":"A"}', 'needs "fields", an array'],
  ['a colon that is missing', '{"type":"record","fields":[],"name","A"}', 'is missing'],
  [
    'a record whose name is no text',
    '{"name":["A","B"],"type":"record","fields":[]}',
    'needs "name", a text',
  ],
];

test.each(INVALID)('refuses %s', (_what, text, reason) => {
  expect(() => canonicalAvro(text, [], { strict: true })).toThrow(reason);
});
