/** The .proto text that Connect schemas become, as Confluent's converter writes it. */
import {
  array,
  DATE,
  decimalSchema,
  INT8_SCHEMA,
  INT32_SCHEMA,
  INT64_SCHEMA,
  map,
  OPTIONAL_INT64_SCHEMA,
  OPTIONAL_STRING_SCHEMA,
  Schema,
  STRING_SCHEMA,
  Struct,
  setFields,
  struct,
  timestampSchema,
} from '../../../src/kernel';
import { connectOf, decode, encode, messageOf, ownMessage, plain, protoText } from './support';

test('all at once', () => {
  const schema = struct(
    [
      ['id', INT64_SCHEMA],
      ['small', INT8_SCHEMA],
      ['price', decimalSchema(2, { parameters: new Map([['connect.decimal.precision', '10']]) })],
      ['at', timestampSchema()],
      ['tags', array(STRING_SCHEMA)],
      ['counts', map(STRING_SCHEMA, INT32_SCHEMA, { name: 'counts' })],
      ['anon', map(STRING_SCHEMA, INT32_SCHEMA)],
      ['line', struct([['x', INT32_SCHEMA]], { name: 'com.acme.Line' })],
      ['Line2', struct([['x', INT32_SCHEMA]], { name: 'Line2' })],
      ['unnamed', struct([['y', OPTIONAL_STRING_SCHEMA]])],
    ],
    { name: 'com.acme.Order' },
  );
  expect(protoText(schema)).toBe(`syntax = "proto3";
package com.acme;

import "confluent/type/decimal.proto";
import "google/protobuf/timestamp.proto";

message Order {
  int64 id = 1;
  int32 small = 2 [(confluent.field_meta) = {
    params: [
      {
        key: "connect.type",
        value: "int8"
      }
    ]
  }];
  confluent.type.Decimal price = 3 [(confluent.field_meta) = {
    params: [
      {
        value: "10",
        key: "precision"
      },
      {
        value: "2",
        key: "scale"
      }
    ]
  }];
  google.protobuf.Timestamp at = 4;
  repeated string tags = 5;
  repeated countsEntry counts = 6;
  repeated ConnectDefault1Entry anon = 7;
  Line line = 8;
  Line2Message Line2 = 9;
  ConnectDefault2 unnamed = 10;

  message countsEntry {
    string key = 1;
    int32 value = 2;
  }
  message ConnectDefault1Entry {
    string key = 1;
    int32 value = 2;
  }
  message Line {
    int32 x = 1;
  }
  message Line2Message {
    int32 x = 1;
  }
  message ConnectDefault2 {
    string y = 1;
  }
}
`);
});

test('what may be null: by nothing, by label, by wrapper message', () => {
  const schema = struct(
    [
      ['a', OPTIONAL_STRING_SCHEMA],
      ['b', INT32_SCHEMA],
      [
        'c',
        new Schema('int64', {
          optional: true,
          parameters: new Map([['io.confluent.connect.protobuf.Type', 'fixed32']]),
        }),
      ],
    ],
    { name: 'R' },
  );
  const fields = (changed: object) =>
    protoText(schema, changed)
      .split('\n')
      .filter((line) => line.includes(' = ') && line.startsWith('  '))
      .map((line) => line.trim());
  expect(fields({})).toEqual(['string a = 1;', 'int32 b = 2;', 'fixed32 c = 3;']);
  expect(fields({ optionalForNullables: true })).toEqual([
    'optional string a = 1;',
    'int32 b = 2;',
    'optional fixed32 c = 3;',
  ]);
  expect(fields({ wrapperForNullables: true })).toEqual([
    'google.protobuf.StringValue a = 1;',
    'int32 b = 2;',
    'google.protobuf.UInt32Value c = 3;',
  ]);
  expect(protoText(schema, { wrapperForNullables: true })).toContain(
    'import "google/protobuf/wrappers.proto";',
  );
});

const union = (options: object) =>
  struct(
    [
      ['text', OPTIONAL_STRING_SCHEMA],
      ['number', OPTIONAL_INT64_SCHEMA],
    ],
    { optional: true, ...options },
  );
const UNIONS: readonly (readonly [string, Schema, object])[] = [
  ['by name', union({ name: 'io.confluent.connect.protobuf.Union.pay' }), {}],
  [
    'generalised',
    union({ name: 'pay', parameters: new Map([['org.apache.kafka.connect.data.Union', 'pay']]) }),
    { generalizedSums: true },
  ],
];

test.each(UNIONS)('a union %s is a oneof', (_how, choice, changed) => {
  const schema = struct(
    [
      ['id', INT32_SCHEMA],
      ['choice', choice],
      ['last', INT32_SCHEMA],
    ],
    { name: 'R' },
  );
  expect(protoText(schema, changed)).toContain(
    'message R {\n  int32 id = 1;\n  int32 last = 4;\n\n  oneof pay {\n    string text = 2;\n    int64 number = 3;\n  }\n}',
  );
  const message = ownMessage(schema, changed);
  const through = (value: unknown, more: object = {}) =>
    plain(
      decode(message, encode(schema, new Struct(schema, [1, value, 2]), changed), { ...changed, ...more }),
    );
  const rest = { id: 1, last: 2 };
  expect(through(new Struct(choice, ['', null]))).toEqual({ ...rest, pay_0: { text: '', number: null } });
  expect(through(new Struct(choice, [null, 0]))).toEqual({ ...rest, pay_0: { text: null, number: 0 } });
  expect(through(null)).toEqual({ ...rest, pay_0: null });
  expect(through(new Struct(choice, [null, 7]), { indexForUnions: false })).toEqual({
    ...rest,
    pay: { text: null, number: 7 },
  });
  expect(through(new Struct(choice, [null, 7]), { flattenUnions: true })).toEqual({
    ...rest,
    text: null,
    number: 7,
  });
  expect(() => encode(schema, new Struct(schema, [1, new Struct(choice, [null, null]), 2]), changed)).toThrow(
    'Field choice: no field of the union',
  );
});

test('a schema that was read is written as the file it was read from', () => {
  const text = `syntax = "proto3";
package p;

message M {
  string s = 3;
  sint64 z = 1;
  fixed32 f = 2;

  oneof pick {
    int32 a = 7;
    Inner b = 9;
  }

  message Inner {
    Color color = 1;

    enum Color {
      RED = 0;
      BLUE = 5;
    }
  }
}
`;
  expect(protoText(connectOf(text, { enhanced: true }), { enhanced: true })).toBe(text);
});

test('recursion: in itself, and over another', () => {
  const node = new Schema('struct', { name: 'Node' });
  const link = new Schema('struct', { name: 'Link', optional: true });
  const next = new Schema('struct', { name: 'Node', optional: true });
  setFields(link, [['to', next]]);
  const fields: [string, Schema][] = [
    ['v', INT32_SCHEMA],
    ['self', next],
    ['link', link],
  ];
  setFields(node, fields);
  next.fields = node.fields;
  expect(protoText(node)).toBe(`syntax = "proto3";

message Node {
  int32 v = 1;
  Node self = 2;
  Link link = 3;

  message Link {
    Node to = 1;
  }
}
`);
  const value = new Struct(node, [
    1,
    new Struct(next, [2, null, null]),
    new Struct(link, [new Struct(next, [3, null, null])]),
  ]);
  expect(plain(decode(ownMessage(node), encode(node, value)))).toEqual({
    v: 1,
    self: { v: 2, self: null, link: null },
    link: { to: { v: 3, self: null, link: null } },
  });
});

test('names that Protobuf does not allow', () => {
  const schema = struct([['first name', STRING_SCHEMA]], { name: 'my-app.2nd' });
  expect(() => protoText(schema)).toThrow('"my-app" is no name in Protobuf');
  expect(protoText(schema, { scrubNames: true })).toBe(
    'syntax = "proto3";\npackage my_app;\n\nmessage x2nd {\n  string first_name = 1;\n}\n',
  );
  expect(
    plain(
      decode(
        ownMessage(schema, { scrubNames: true }),
        encode(schema, new Struct(schema, ['x']), { scrubNames: true }),
      ),
    ),
  ).toEqual({
    first_name: 'x',
  });
});

test.each<[string, Schema, string]>([
  ['a list at the top', array(STRING_SCHEMA), 'A record of type ARRAY has no form in Protobuf'],
  ['a map at the top', map(STRING_SCHEMA, STRING_SCHEMA), 'A record of type MAP'],
  ['a decimal at the top', decimalSchema(2), 'A record of type Decimal'],
  [
    'two types of one name',
    struct([
      ['a', struct([['x', INT32_SCHEMA]], { name: 'T' })],
      ['b', struct([['y', INT32_SCHEMA]], { name: 'T' })],
    ]),
    'are named T',
  ],
])('%s', (_what, schema, problem) => {
  expect(() => protoText(schema)).toThrow(problem);
});

test('proto3 read: labels, wrapper messages and their options', () => {
  const text =
    'syntax = "proto3"; import "google/protobuf/wrappers.proto"; message M { int32 a = 1; optional int32 b = 2; google.protobuf.Int64Value c = 3; repeated int32 d = 4; }';
  const shown = (changed: object) =>
    connectOf(text, changed).fields.map(({ schema }) => `${schema.type}${schema.optional ? '?' : ''}`);
  expect(shown({})).toEqual(['int32?', 'int32?', 'struct?', 'array?']);
  expect(shown({ optionalForNullables: true })).toEqual(['int32', 'int32?', 'struct?', 'array?']);
  expect(shown({ wrapperForNullables: true })).toEqual(['int32', 'int32?', 'int64?', 'array?']);
});

test('an enum by number; a date with its type', () => {
  const text =
    'syntax = "proto3"; import "google/type/date.proto"; message M { E e = 1; google.type.Date d = 2; } enum E { A = 0; B = 3; }';
  const { fields } = connectOf(text, { intForEnums: true });
  expect(fields.map(({ schema }) => [schema.type, schema.name])).toEqual([
    ['int32', 'E'],
    ['int32', DATE],
  ]);
  const schema = connectOf(text, { intForEnums: true });
  expect(encode(schema, new Struct(schema, [3, 0]), { intForEnums: true }).toString('hex')).toBe(
    '0803120708b20f10011801',
  );
});

test('generate.struct.for.nulls', () => {
  const text =
    'syntax = "proto3"; message M { In in = 1; M self = 2; optional int32 n = 3; message In { string s = 1; } }';
  const read = (file: string) => plain(decode(messageOf(file), Buffer.alloc(0), { structForNulls: true }));
  expect(read(text)).toEqual({ in: { s: '' }, self: { in: { s: '' }, self: null, n: 0 }, n: 0 });
  const fields = Array.from({ length: 30 }, (_, i) => `M m${i} = ${2 * i + 1}; N n${i} = ${2 * i + 2};`).join(
    ' ',
  );
  expect(read(`syntax = "proto3"; message M { ${fields} } message N { ${fields} }`)).toMatchObject({
    m0: {},
    n29: {},
  });
});
