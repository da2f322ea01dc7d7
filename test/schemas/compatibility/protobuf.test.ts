import { checkProto } from '../../../src/schemas/compatibility/protobuf';
import { linkProto } from '../../../src/schemas/protobuf/link';
import { parseProto } from '../../../src/schemas/protobuf/parse';

const link = (text: string) => linkProto(parseProto(`syntax = "proto3"; ${text}`), []);
const kinds = (reader: string, writer: string): string[] =>
  checkProto(link(reader), link(writer)).map(({ kind, location }) => `${kind} ${location}`);

const message = (body: string): string => `message A { ${body} }`;

/** What changes, the old schema, the new one, and why the new one cannot read the old one's data. */
const cases: readonly (readonly [string, string, string, readonly string[]])[] = [
  ['nothing', message('int32 a = 1;'), message('int32 a = 1;'), []],
  ['package', 'package p;', 'package q;', ['PACKAGE_CHANGED #']],
  ['message added', message(''), `${message('')} message B {}`, []],
  ['message removed', `${message('')} message B {}`, message(''), ['MESSAGE_REMOVED #/B']],
  ['nested message removed', message('message B {}'), message(''), ['MESSAGE_REMOVED #/A.B']],
  ['enum removed', 'enum E { Z = 0; }', '', []],
  ['enum constant removed', 'enum E { Z = 0; Y = 1; }', 'enum E { Z = 0; }', []],
  ['field added', message(''), message('int32 a = 1;'), []],
  ['field removed', message('int32 a = 1;'), message(''), []],
  ['field renamed', message('int32 a = 1;'), message('int32 b = 1;'), []],
  ['int32 to int64', message('int32 a = 1;'), message('int64 a = 1;'), []],
  ['int32 to bool', message('int32 a = 1;'), message('bool a = 1;'), []],
  ['int32 to enum', message('int32 a = 1;'), `${message('E a = 1;')} enum E { Z = 0; }`, []],
  ['int32 to sint32', message('int32 a = 1;'), message('sint32 a = 1;'), ['FIELD_SCALAR_KIND_CHANGED #/A/1']],
  ['sint32 to sint64', message('sint32 a = 1;'), message('sint64 a = 1;'), []],
  ['string to bytes', message('string a = 1;'), message('bytes a = 1;'), []],
  ['string to int32', message('string a = 1;'), message('int32 a = 1;'), ['FIELD_SCALAR_KIND_CHANGED #/A/1']],
  ['fixed32 to sfixed32', message('fixed32 a = 1;'), message('sfixed32 a = 1;'), []],
  [
    'fixed32 to fixed64',
    message('fixed32 a = 1;'),
    message('fixed64 a = 1;'),
    ['FIELD_SCALAR_KIND_CHANGED #/A/1'],
  ],
  ['float to double', message('float a = 1;'), message('double a = 1;'), ['FIELD_SCALAR_KIND_CHANGED #/A/1']],
  [
    'scalar to message',
    message('int32 a = 1; message B {}'),
    message('B a = 1; message B {}'),
    ['FIELD_KIND_CHANGED #/A/1'],
  ],
  [
    'message to map',
    message('B a = 1; message B {}'),
    message('map<string, B> a = 1; message B {}'),
    ['FIELD_KIND_CHANGED #/A/1'],
  ],
  [
    'another message',
    message('B a = 1; message B {} message C {}'),
    message('C a = 1; message B {} message C {}'),
    ['FIELD_NAMED_TYPE_CHANGED #/A/1'],
  ],
  [
    'map value',
    message('map<string, int32> a = 1;'),
    message('map<string, string> a = 1;'),
    ['FIELD_SCALAR_KIND_CHANGED #/A/1'],
  ],
  ['map value widened', message('map<string, int32> a = 1;'), message('map<string, int64> a = 1;'), []],
  ['unwritten label to repeated', message('int32 a = 1;'), message('repeated int32 a = 1;'), []],
  [
    'written label to repeated',
    message('optional int32 a = 1;'),
    message('repeated int32 a = 1;'),
    ['FIELD_NUMERIC_LABEL_CHANGED #/A/1'],
  ],
  ['string label', message('optional string a = 1;'), message('repeated string a = 1;'), []],
  ['oneof added over nothing', message(''), message('oneof o { int32 a = 1; }'), []],
  [
    'one field into a new oneof',
    message('int32 a = 1;'),
    message('oneof o { int32 a = 1; int32 b = 2; }'),
    [],
  ],
  [
    'two fields into a new oneof',
    message('int32 a = 1; int32 b = 2;'),
    message('oneof o { int32 a = 1; int32 b = 2; }'),
    ['MULTIPLE_FIELDS_MOVED_TO_ONEOF #/A/o'],
  ],
  [
    'a field into an old oneof',
    message('int32 b = 2; oneof o { int32 a = 1; }'),
    message('oneof o { int32 a = 1; int32 b = 2; }'),
    ['FIELD_MOVED_TO_EXISTING_ONEOF #/A/o'],
  ],
  [
    'a field into an old oneof whose members left',
    message('int32 b = 2; oneof o { int32 a = 1; }'),
    message('int32 a = 1; oneof o { int32 b = 2; }'),
    [],
  ],
  [
    'two oneofs joined',
    message('oneof o { int32 a = 1; } oneof p { int32 b = 2; }'),
    message('oneof o { int32 a = 1; int32 b = 2; }'),
    ['FIELD_MOVED_TO_EXISTING_ONEOF #/A/o'],
  ],
  [
    'a oneof dissolved, one member dropped',
    message('oneof o { int32 a = 1; int32 b = 2; }'),
    message('int32 a = 1;'),
    ['ONEOF_FIELD_REMOVED #/A/o'],
  ],
  [
    'a member of a oneof changes its type on its way out',
    message('oneof o { int32 a = 1; int32 b = 2; }'),
    message('string a = 1; oneof o { int32 b = 2; }'),
    ['FIELD_SCALAR_KIND_CHANGED #/A/1'],
  ],
  [
    'member added to a oneof',
    message('oneof o { int32 a = 1; }'),
    message('oneof o { int32 a = 1; int32 b = 2; }'),
    [],
  ],
  [
    'member removed from a oneof',
    message('oneof o { int32 a = 1; int32 b = 2; }'),
    message('oneof o { int32 a = 1; }'),
    ['ONEOF_FIELD_REMOVED #/A/o'],
  ],
  [
    'member moved out of a oneof',
    message('oneof o { int32 a = 1; int32 b = 2; }'),
    message('int32 b = 2; oneof o { int32 a = 1; }'),
    [],
  ],
  ['oneof removed with its members', message('oneof o { int32 a = 1; }'), message(''), []],
  [
    'oneof renamed',
    message('oneof o { int32 a = 1; int32 b = 2; }'),
    message('oneof p { int32 a = 1; int32 b = 2; }'),
    [],
  ],
];

test.each(cases)('%s', (_what, old, next, expected) => {
  expect(kinds(next, old)).toEqual(expected);
});

/** Types that share a form on the wire; all others break. */
const GROUPS = [
  ['int32', 'int64', 'uint32', 'uint64', 'bool', 'E'],
  ['sint32', 'sint64'],
  ['string', 'bytes'],
  ['fixed32', 'sfixed32'],
  ['fixed64', 'sfixed64'],
  ['float'],
  ['double'],
];

test.each(GROUPS.flat())('%s is read as the types of its group alone', (written) => {
  const of = (type: string) => `${message(`${type} a = 1;`)} enum E { Z = 0; }`;
  const readers = GROUPS.flat().filter((type) => kinds(of(type), of(written)).length === 0);
  expect(readers).toEqual(GROUPS.find((group) => group.includes(written)));
});

/** As `cases`, in proto2. */
const labels: readonly (readonly [string, string, string, readonly string[]])[] = [
  ['required added', '', 'required int32 a = 1;', ['REQUIRED_FIELD_ADDED #/A/1']],
  ['required removed', 'required int32 a = 1;', '', ['REQUIRED_FIELD_REMOVED #/A/1']],
  [
    'optional number required',
    'optional int32 a = 1;',
    'required int32 a = 1;',
    ['FIELD_NUMERIC_LABEL_CHANGED #/A/1'],
  ],
  [
    'optional double repeated',
    'optional double a = 1;',
    'repeated double a = 1;',
    ['FIELD_NUMERIC_LABEL_CHANGED #/A/1'],
  ],
  [
    'optional enum repeated',
    'optional E a = 1; enum E { Z = 0; }',
    'repeated E a = 1; enum E { Z = 0; }',
    ['FIELD_NUMERIC_LABEL_CHANGED #/A/1'],
  ],
  ['optional text required', 'optional string a = 1;', 'required string a = 1;', []],
  ['bytes repeated', 'optional bytes a = 1;', 'repeated bytes a = 1;', []],
  ['message repeated', 'optional B a = 1; message B {}', 'repeated B a = 1; message B {}', []],
  [
    'a map written as its entries',
    'map<string, int32> m = 1;',
    'repeated MEntry m = 1; message MEntry { option map_entry = true; optional string key = 1; optional int32 value = 2; }',
    [],
  ],
  [
    'a map key changed',
    'map<int32, int32> m = 1;',
    'map<string, int32> m = 1;',
    ['FIELD_SCALAR_KIND_CHANGED #/A/1'],
  ],
  [
    'a map of messages',
    'map<string, B> m = 1; message B {} message C {}',
    'map<string, C> m = 1; message B {} message C {}',
    ['FIELD_NAMED_TYPE_CHANGED #/A/1'],
  ],
  [
    'a group changed inside',
    'optional group G = 1 { optional int32 a = 2; }',
    'optional group G = 1 { optional string a = 2; }',
    ['FIELD_SCALAR_KIND_CHANGED #/A.G/2'],
  ],
];

test.each(labels)('proto2: %s', (_what, old, next, expected) => {
  const [writer, reader] = [old, next].map((body) => linkProto(parseProto(message(body)), []));
  expect(checkProto(reader!, writer!).map(({ kind, location }) => `${kind} ${location}`)).toEqual(expected);
});

test('recursive messages end', () => {
  const text = message('A a = 1; B b = 2; message B { A a = 1; repeated B b = 2; }');
  expect(kinds(text, text)).toEqual([]);
});

test('types from references are compared when they are used', () => {
  const of = (type: string) =>
    linkProto(parseProto('import "b.proto"; message A { B b = 1; }'), [
      { path: 'b.proto', file: parseProto(`message B { optional ${type} x = 1; }`) },
    ]);
  expect(checkProto(of('string'), of('int32')).map(({ kind, location }) => `${kind} ${location}`)).toEqual([
    'FIELD_SCALAR_KIND_CHANGED #/B/1',
  ]);
});

test('a type that moved to a reference of another package is the same type', () => {
  const inlined = linkProto(
    parseProto('package p; message A { B b = 1; } message B { optional int32 x = 1; }'),
    [],
  );
  const moved = (body: string) =>
    linkProto(parseProto('package p; import "q.proto"; message A { q.B b = 1; } message B {}'), [
      { path: 'q.proto', file: parseProto(`package q; import "r.proto"; message B { ${body} }`) },
      { path: 'r.proto', file: parseProto('package r; message R {}') },
    ]);
  const found = (body: string) =>
    checkProto(moved(body), inlined).map(({ kind, location }) => `${kind} ${location}`);
  expect(found('optional int32 x = 1; optional r.R r = 2;')).toEqual([]);
  expect(found('optional string x = 1;')).toEqual(['FIELD_SCALAR_KIND_CHANGED #/q.B/1']);
});

test('a nested message of a referenced one is missed', () => {
  const of = (nested: string) =>
    linkProto(parseProto('import "b.proto"; message A { B b = 1; }'), [
      { path: 'b.proto', file: parseProto(`message B { ${nested} }`) },
    ]);
  expect(checkProto(of(''), of('message C {}')).map(({ kind, location }) => `${kind} ${location}`)).toEqual([
    'MESSAGE_REMOVED #/B.C',
  ]);
});

test('gives up what is too large, and says so', () => {
  const fields = Array.from({ length: 500 }, (_, i) => `int32 f${i} = ${i + 1};`).join(' ');
  const linked = link(message(fields));
  expect(checkProto(linked, linked, 100).map(({ kind }) => kind)).toEqual(['CHECK_TOO_COMPLEX']);
});
